/** Telling an adviser who looks elsewhere that something came: the title, a spoken line and, if wanted, a sound. */

import { h } from "../dom.js";
import { texts } from "./texts.js";

const SOUND_KEY = "tienviitta-adviser-sound";
const TITLE_KEY = "tienviitta-adviser-title";
const SPOKEN_FOR_MS = 20000;

/** One for the page: it listens to the window, and the title has to be that of the page without a count. */
export class Alerts {
  #count = 0;
  #title = document.title;
  /** Each line by itself, so that of several at once none is lost. */
  region = h("div", { class: "sr", role: "status", "aria-atomic": "false" });

  constructor() {
    const seen = () => {
      if (document.hidden || !document.hasFocus()) return;
      this.#count = 0;
      document.title = this.#title;
    };
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("focus", seen);
  }

  get sound() {
    return localStorage.getItem(SOUND_KEY) === "on";
  }

  set sound(on) {
    localStorage.setItem(SOUND_KEY, on ? "on" : "off");
    if (on) this.#beep();
  }

  /** Whether the title of the tab tells how much is new. On until it is put off. */
  get title() {
    return localStorage.getItem(TITLE_KEY) !== "off";
  }

  set title(on) {
    localStorage.setItem(TITLE_KEY, on ? "on" : "off");
  }

  tell(text) {
    const line = h("p", {}, text);
    this.region.append(line);
    setTimeout(() => line.remove(), SPOKEN_FOR_MS);
    if (this.title && (document.hidden || !document.hasFocus())) {
      this.#count += 1;
      document.title = texts.titleAlert(this.#count, this.#title);
    }
    if (this.sound) this.#beep();
  }

  #beep() {
    try {
      const audio = new AudioContext();
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = 660;
      volume.gain.setValueAtTime(0.12, audio.currentTime);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
      tone.connect(volume).connect(audio.destination);
      tone.start();
      tone.stop(audio.currentTime + 0.36);
      tone.onended = () => audio.close();
    } catch {
      // No sound device: the title and the spoken line remain.
    }
  }
}
