/** Telling an adviser who looks elsewhere that something came: the title, a spoken line and, if wanted, a sound. */

import { texts } from "./texts.js";

const SOUND_KEY = "tienviitta-adviser-sound";

export class Alerts {
  #count = 0;
  #title = document.title;

  /** @param {HTMLElement} region a polite live region */
  constructor(region) {
    this.region = region;
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

  tell(text) {
    this.region.textContent = text;
    if (document.hidden || !document.hasFocus()) {
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
