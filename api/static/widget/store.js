/** What one tab remembers of its talk, and how tabs of the same site share it. */

/** A small JSON object in sessionStorage; in memory alone where storage is refused. */
export class Store {
  #memory = {};

  constructor(server) {
    this.key = `tienviitta-chat:${server}`;
  }

  get() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key)) ?? this.#memory;
    } catch {
      return this.#memory;
    }
  }

  set(changes) {
    this.#memory = { ...this.get(), ...changes };
    try {
      sessionStorage.setItem(this.key, JSON.stringify(this.#memory));
    } catch {
      // A full or refused storage costs the restoring after a reload, nothing else.
    }
  }
}

/** Lets a new tab find the talk that another tab of the same site has open. */
export class Tabs {
  #channel = null;
  #answer = null;

  /**
   * @param {string} name
   * @param {() => ({id: string, token: string} | null)} current the talk of this tab, if it may be shared
   * @param {(id: string) => void} onErased another tab erased that talk
   */
  constructor(name, current, onErased) {
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      if (data.type === "who" && current()) this.#channel.postMessage({ type: "talk", ...current() });
      if (data.type === "talk") this.#answer?.({ id: data.id, token: data.token });
      if (data.type === "erased") onErased(data.id);
    };
  }

  /** The talk of another tab, or null when none answers soon. */
  ask() {
    if (!this.#channel) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#answer = resolve;
      setTimeout(() => resolve(null), 120);
      this.#channel.postMessage({ type: "who" });
    });
  }

  erased(id) {
    this.#channel?.postMessage({ type: "erased", id });
  }

  close() {
    this.#channel?.close();
  }
}
