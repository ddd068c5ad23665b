/** One talk: its messages, what waits to be sent, who holds it. No DOM here. */

import { randomId } from "../dom.js";
import { Client } from "./client.js";

const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000];
/** While one of these holds, a human's message can come at any moment. */
const HUMAN = new Set(["queued", "accepted"]);

const sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });

/** A small JSON object in sessionStorage; in memory alone where storage is refused. */
class Store {
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
      // Refused or full: the talk is lost by a reload, nothing else.
    }
  }
}

/** Lets a new tab find the talk that another tab of the same site has open. */
class Tabs {
  #channel = null;
  #answer = null;

  /** `current()` is this tab's talk, if it may be shared; `onErased(id)`: another tab erased that one. */
  constructor(name, current, onErased) {
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      if (data.type === "who" && current()) this.#channel.postMessage({ type: "talk", ...current() });
      if (data.type === "talk") this.#answer?.({ id: data.id, token: data.token });
      if (data.type === "erased") onErased(data.id);
    };
  }

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
    this.#channel = null;
  }
}

/**
 * Events: `change` (something to show) and `arrived` (detail: new messages of others).
 * `phase` is idle, connecting, ready, error, gone or erased. A message has the contract's fields, a stable `key`,
 * `delivery` (sent, sending, waiting, slowed, failed) and, if written here, `clientId`. Its `seq` is null until it is known, and
 * a fraction while only its neighbours are known.
 */
export class Talk extends EventTarget {
  phase = "idle";
  status = "bot";
  progress = null;
  handoff = null;
  messages = [];
  typing = null; // or "bot" or "adviser"
  trouble = null; // or "offline" (this device), "unreachable" (the service) or "slowed" (too much was sent at once)

  #client;
  #tabs;
  #id = null;
  #token = null;
  #starting = null;
  #attempt = 0; // which beginning is meant; what an earlier one still brings is not
  #pumping = false;
  #wake = new AbortController();
  #listener = null;
  #polling = false;
  #told = 0; // how often the stream said where the talk stands
  #typingTimer = 0;
  #refreshing = null;
  #wroteAt = 0;

  constructor(server) {
    super();
    this.#client = new Client(server);
    this.store = new Store(server);
    this.#tabs = new Tabs(
      this.store.key,
      () => (this.#id && !this.shared ? { id: this.#id, token: this.#token } : null),
      (id) => id === this.#id && this.#forget("erased"),
    );
  }

  /** Whether this tab has a talk to come back to. */
  get resumable() {
    return Boolean(this.#id ?? this.store.get().id);
  }

  /** Somebody else uses this computer too: nothing may be left on it. */
  get shared() {
    return Boolean(this.store.get().shared);
  }

  /** The last message with buttons, if it can still be answered with them. */
  get choices() {
    return this.messages.reduce((found, message) => {
      if (message.sender === "adviser" || (message.sender === "resident" && message.delivery !== "failed")) return null;
      return message.buttons?.length ? message : found;
    }, null);
  }

  start() {
    if (this.phase === "ready") return Promise.resolve();
    this.#starting ??= this.#begin(this.#attempt);
    return this.#starting;
  }

  async #begin(attempt) {
    this.#set({ phase: "connecting" });
    try {
      const known = this.store.get();
      const found = known.id ? known : known.shared ? null : await this.#tabs.ask();
      if (attempt !== this.#attempt) return;
      if (found) {
        [this.#id, this.#token] = [found.id, found.token];
        this.store.set({ id: found.id, token: found.token });
        await this.refresh();
        if (attempt !== this.#attempt) return;
        this.#restoreOutbox(known.outbox ?? []);
      } else {
        const talk = await this.#client.call("POST", "", { body: {} });
        // Left meanwhile: nobody knows of this talk, so it goes too.
        if (attempt !== this.#attempt) return this.#drop(`/${talk.id}`, talk.token);
        [this.#id, this.#token] = [talk.id, talk.token];
        this.store.set({ id: talk.id, token: talk.token });
        this.#take(talk, true);
      }
      this.#set({ phase: "ready", trouble: null });
      this.listen();
      this.#pump();
      // After a long silence the api offers to go on; it says nothing otherwise.
      if (found) this.#call("POST", "/resume", { body: {} }).then((answer) => this.#take(answer, true)).catch(() => {});
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error.gone) this.#forget("gone");
      else this.#set({ phase: "error", trouble: navigator.onLine ? null : "offline" });
    } finally {
      if (attempt === this.#attempt) this.#starting = null;
    }
  }

  #restoreOutbox(outbox) {
    for (const { clientId, text, payload, title } of outbox) {
      if (this.messages.some((message) => message.client_id === clientId)) continue;
      this.#appendOwn({ clientId, text, payload, title }).restored = true;
    }
  }

  refresh() {
    this.#refreshing ??= this.#client
      .call("GET", `/${this.#id}`, { token: this.#token })
      .then((talk) => {
        if (talk.id === this.#id) this.#take(talk, this.phase === "ready");
      })
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  #take(answer, announce) {
    for (const field of ["status", "progress", "handoff"]) {
      if (field in answer) this[field] = answer[field];
    }
    this.#absorb(answer.messages ?? [], announce);
  }

  #absorb(incoming, announce = true) {
    const fresh = [];
    for (const message of incoming) {
      const known = this.messages.find((old) => old.seq === message.seq) ?? this.#ownFor(message);
      if (known) {
        // Ours may not be acknowledged yet: `delivery` stays, and it is sent again until it is.
        Object.assign(known, message);
        continue;
      }
      this.messages.push({ ...message, key: `s${message.seq}`, delivery: "sent" });
      if (message.sender !== "resident") fresh.push(message);
    }
    this.messages.sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity) || 0);
    // Also when they are known already: their answer may have been faster than what was streamed before it.
    if (incoming.some(({ sender }) => sender !== "resident")) this.#clearTyping();
    this.#changed();
    if (announce && fresh.length) this.dispatchEvent(new CustomEvent("arrived", { detail: fresh }));
  }

  /** The message written here that comes back as `message`. */
  #ownFor(message) {
    if (message.sender !== "resident") return null;
    const own = this.messages.filter((old) => old.clientId && !Number.isInteger(old.seq) && old.delivery !== "failed" && !old.restored);
    if (message.client_id) return own.find((old) => old.clientId === message.client_id) ?? null;
    // The api hides personal numbers in texts, so the oldest one without a place is the next guess.
    return own.find((old) => old.text === message.text) ?? own[0] ?? null;
  }

  get #lastSeq() {
    return this.messages.reduce((last, { seq }) => (Number.isInteger(seq) && seq > last ? seq : last), 0);
  }

  /** Send `{text}`, or a button's `{payload, title}`: shown at once, sent when it can be. */
  send({ text, payload, title }) {
    const message = this.#appendOwn({ clientId: randomId(), text, payload, title });
    this.#pump();
    return message;
  }

  #appendOwn({ clientId, text, payload, title }) {
    const message = {
      key: clientId, clientId, payload, seq: null, sender: "resident", text: text ?? title,
      at: new Date().toISOString(), delivery: this.#standing,
    };
    this.messages.push(message);
    this.#saveOutbox();
    this.#changed();
    return message;
  }

  /** `delivery` of a message that is to be sent. */
  get #standing() {
    return { null: "sending", slowed: "slowed" }[this.trouble] ?? "waiting";
  }

  resend(message) {
    message.delivery = this.#standing;
    message.problem = null;
    this.#saveOutbox();
    this.#changed();
    this.#pump();
  }

  #saveOutbox() {
    const outbox = this.messages
      .filter(({ clientId, delivery }) => clientId && delivery !== "sent" && delivery !== "failed")
      .map(({ clientId, text, payload }) => (payload ? { clientId, payload, title: text } : { clientId, text }));
    this.store.set({ outbox });
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    let failures = 0;
    try {
      for (;;) {
        const message = this.messages.find(({ clientId, delivery }) => clientId && delivery !== "sent" && delivery !== "failed");
        if (!message || this.phase !== "ready") return;
        message.delivery = this.#standing;
        if (!HUMAN.has(this.status) && !this.trouble) this.#setTyping("bot", 30000);
        this.#changed();
        try {
          const { clientId, text, payload } = message;
          const body = payload ? { client_id: clientId, payload } : { client_id: clientId, text };
          const id = this.#id;
          const told = this.#told;
          const answer = await this.#call("POST", "/messages", { body });
          if (id !== this.#id) return;
          failures = 0;
          // The stream may have said meanwhile where the talk stands; an answer that took longer is older than that.
          this.#delivered(message, told === this.#told ? answer : { messages: answer.messages });
        } catch (error) {
          this.#clearTyping();
          if (error.gone) return this.#forget("gone");
          if (!error.temporary || (failures >= 30 && navigator.onLine)) {
            Object.assign(message, { delivery: "failed", problem: error.title });
            this.#saveOutbox();
            this.#changed();
            continue;
          }
          this.trouble = !navigator.onLine ? "offline" : error.status === 429 ? "slowed" : "unreachable";
          message.delivery = this.#standing;
          this.#changed();
          await this.#pause(failures, error.retryAfter);
          failures += 1;
        }
      }
    } finally {
      this.#pumping = false;
    }
  }

  #delivered(message, answer) {
    this.#clearTyping();
    this.trouble = null;
    message.delivery = "sent";
    if (message.restored) {
      // The restored talk may hold it already: show the api's copy.
      this.messages = this.messages.filter((other) => other !== message);
      this.refresh().catch(() => {});
    } else if (!Number.isInteger(message.seq)) {
      const replies = (answer.messages ?? []).map(({ seq }) => seq);
      message.seq = replies.length ? Math.min(...replies) - 0.5 : this.#lastSeq + 0.5;
    }
    this.#saveOutbox();
    this.#take(answer, true);
  }

  async #pause(failures, retryAfter = 0) {
    const wait = Math.max(retryAfter * 1000, BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]);
    await sleep(wait * (0.9 + Math.random() * 0.2), this.#wake.signal);
  }

  /** The network came back: cut every waiting short, and leave a stream that may be dead. */
  wake() {
    this.#wake.abort();
    this.#wake = new AbortController();
    if (this.#listener) {
      this.stopListening();
      this.listen();
    }
    this.#set({ trouble: null });
    if (this.phase === "error") this.start();
  }

  listen() {
    if (this.#listener || this.phase !== "ready") return;
    this.#listener = new AbortController();
    this.#follow(this.#listener.signal);
  }

  stopListening() {
    this.#listener?.abort();
    this.#listener = null;
  }

  async #follow(signal) {
    let failures = 0;
    let silent = 0;
    while (!signal.aborted) {
      let idle = true;
      let retryAfter = 0;
      try {
        if (this.#polling) {
          const answer = await this.#call("GET", `/events?wait=25&after=${this.#lastSeq}`, { signal, time: 40000 });
          if (signal.aborted) return;
          idle = !answer.messages?.length;
          this.#reached();
          this.#take(answer, true);
          if (answer.typing?.length) this.#setTyping(answer.typing.at(-1), 6000);
        } else {
          silent += 1;
          const events = this.#client.events(this.#id, { token: this.#token, signal, lastId: this.#lastSeq });
          for await (const { event, data } of events) {
            failures = silent = 0;
            this.#reached();
            this.#heard(event, data);
          }
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error.gone) return this.#forget("gone");
        failures += 1;
        retryAfter = error.retryAfter;
        if (failures > 1 && error.status !== 429) this.#set({ trouble: navigator.onLine ? "unreachable" : "offline" });
      }
      // A proxy that holds event streams back: ask and wait instead.
      if (silent > 1 && navigator.onLine) this.#polling = true;
      if (idle) await this.#pause(Math.max(0, failures - 1), retryAfter);
      if (failures && !signal.aborted) await this.refresh().then(() => this.#reached()).catch(() => {});
    }
  }

  /** The service answers. What it asked to wait for still waits. */
  #reached() {
    if (this.trouble && this.trouble !== "slowed") this.#set({ trouble: null });
  }

  #heard(event, data) {
    if (event === "message") {
      this.#absorb([data]);
    } else if (event === "typing") {
      if (data.sender !== "resident") this.#setTyping(data.sender, 6000);
    } else if (event === "status") {
      this.#told += 1;
      this.#take(data, true);
    }
  }

  #setTyping(who, milliseconds) {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#set({ typing: null }), milliseconds);
    this.#set({ typing: who });
  }

  #clearTyping() {
    clearTimeout(this.#typingTimer);
    this.typing = null;
  }

  async cancelHandoff() {
    this.#take(await this.#call("POST", "/handoff/cancel", { body: {} }), true);
  }

  /** Tell a human that the resident is writing; not at every key. */
  write() {
    if (!HUMAN.has(this.status) || Date.now() - this.#wroteAt < 3000) return;
    this.#wroteAt = Date.now();
    this.#call("POST", "/typing", { body: {} }).catch(() => {});
  }

  feedback(feedback) {
    return this.#call("POST", "/feedback", { body: feedback });
  }

  transcript(format, as = "text") {
    return this.#call("GET", `/transcript?format=${format}`, { as });
  }

  #call(method, path, options) {
    return this.#client.call(method, `/${this.#id}${path}`, { token: this.#token, ...options });
  }

  /** Erase the talk everywhere; throws when that did not succeed. */
  async erase() {
    const id = this.#id;
    try {
      await this.#call("DELETE", "");
    } catch (error) {
      if (!error.gone) throw error;
    }
    this.#tabs.erased(id);
    this.#forget("erased");
  }

  /** Shared computer: leave nothing here, and tell the api until it has heard. */
  async leave() {
    const path = `/${this.#id ?? this.store.get().id}`;
    const token = this.#token ?? this.store.get().token;
    this.#forget("idle");
    if (token) await this.#drop(path, token);
  }

  /** Erase a talk that is no more ours, if need be after some tries. */
  async #drop(path, token) {
    for (let failures = 0; failures < 20; failures += 1) {
      try {
        await this.#client.call("DELETE", path, { token, keepalive: true });
        return;
      } catch (error) {
        if (!error.temporary) return;
        await this.#pause(failures, error.retryAfter);
      }
    }
  }

  startNew() {
    this.#forget("idle");
    return this.start();
  }

  #forget(phase) {
    this.#attempt += 1;
    this.#starting = null;
    this.stopListening();
    this.#clearTyping();
    this.#id = this.#token = null;
    this.store.set({ id: null, token: null, outbox: [] });
    this.#set({ phase, status: "bot", progress: null, handoff: null, messages: [], trouble: null });
  }

  /** End what runs by itself; the talk stays where it is kept. */
  dispose() {
    this.#attempt += 1;
    this.phase = "idle";
    this.stopListening();
    this.#clearTyping();
    this.#wake.abort();
    this.#tabs.close();
  }

  #set(changes) {
    Object.assign(this, changes);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
