/** One talk: its messages in order, what waits to be sent, and who holds it. No DOM here. */

import { Client } from "./client.js";
import { Store, Tabs } from "./store.js";

const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000];
/** While one of these holds, a human's message can come at any moment. */
const HUMAN = new Set(["queued", "accepted"]);

const sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Random id of a message. `crypto.randomUUID` is missing where a page is not served securely. */
const newId = () =>
  crypto.randomUUID?.() ??
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

/**
 * Events: `change` (anything to show differs) and `arrived` (detail: messages that came while the talk was open).
 *
 * `phase` is idle, connecting, ready, error, gone or erased. A message has the contract's fields and also `key`
 * (stable), `delivery` (sent, sending, waiting, failed) and `clientId` for the ones written here. `seq` is null until it
 * is known, and a fraction while it is only known between which messages it belongs.
 */
export class Talk extends EventTarget {
  phase = "idle";
  status = "bot";
  awaiting = null;
  progress = null;
  handoff = null;
  messages = [];
  /** null, "bot" or "adviser" */
  typing = null;
  /** null, "offline" (this device) or "unreachable" (the service) */
  trouble = null;

  #client;
  #store;
  #tabs;
  #id = null;
  #token = null;
  #starting = null;
  #pumping = false;
  #wake = new AbortController();
  #listener = null;
  #polling = false;
  #typingTimer = 0;
  #refreshing = null;
  #restoring = false;

  /** @param {string} server */
  constructor(server) {
    super();
    this.#client = new Client(server);
    this.#store = new Store(server);
    this.#tabs = new Tabs(
      this.#store.key,
      () => (this.#id && !this.shared ? { id: this.#id, token: this.#token } : null),
      (id) => id === this.#id && this.#forget("erased"),
    );
  }

  /** Whether this tab has a talk to come back to. */
  get resumable() {
    return Boolean(this.#id ?? this.#store.get().id);
  }

  get shared() {
    return Boolean(this.#store.get().shared);
  }

  set shared(on) {
    this.#store.set({ shared: on });
    this.#changed();
  }

  /** What the element remembers over a page load: whether the panel was open, and the size of text. */
  get remembered() {
    return this.#store.get();
  }

  remember(changes) {
    this.#store.set(changes);
  }

  /** The last message with buttons, if it can still be answered with them. */
  get choices() {
    for (const message of this.messages.toReversed?.() ?? [...this.messages].reverse()) {
      if (message.sender === "resident" && message.delivery !== "failed") return null;
      if (message.sender === "bot" && message.buttons?.length) return message;
    }
    return null;
  }

  /** Open the talk: the one of this tab, of another tab, or a new one. */
  start() {
    if (this.phase === "ready") return Promise.resolve();
    this.#starting ??= this.#begin().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #begin() {
    this.#set({ phase: "connecting" });
    try {
      const known = this.#store.get();
      const found = known.id ? known : known.shared ? null : await this.#tabs.ask();
      if (found) {
        [this.#id, this.#token] = [found.id, found.token];
        this.#store.set({ id: found.id, token: found.token });
        await this.refresh();
        if (this.phase !== "connecting") return;
        this.#restoreOutbox(known.outbox ?? []);
      } else {
        const talk = await this.#client.call("POST", "", { body: {} });
        [this.#id, this.#token] = [talk.id, talk.token];
        this.#store.set({ id: talk.id, token: talk.token, outbox: [] });
        this.#take(talk, true);
      }
      this.#set({ phase: "ready", trouble: null });
      this.listen();
      this.#pump();
    } catch (error) {
      if (error.gone) this.#forget("gone");
      else this.#set({ phase: "error", trouble: navigator.onLine ? null : "offline" });
    }
  }

  #restoreOutbox(outbox) {
    for (const { clientId, text, payload, title } of outbox) {
      if (this.messages.some((message) => message.client_id === clientId)) continue;
      // The talk that was restored may hold the message already: same words as the last of the resident's own.
      const last = this.messages.findLast?.((message) => message.sender === "resident");
      if (last && last.text === (text ?? title) && !last.client_id) last.clientId = clientId;
      else this.#appendOwn({ clientId, text, payload, title });
    }
  }

  /** The talk as the api has it now. */
  refresh() {
    this.#refreshing ??= this.#client
      .call("GET", `/${this.#id}`, { token: this.#token })
      .then((talk) => {
        this.#restoring = this.phase === "connecting";
        this.#take(talk, !this.#restoring);
        this.#restoring = false;
      })
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  #take(answer, announce) {
    for (const field of ["status", "awaiting", "progress", "handoff"]) {
      if (field in answer) this[field] = answer[field];
    }
    this.#absorb(answer.messages ?? [], announce);
  }

  #absorb(incoming, announce = true) {
    const fresh = [];
    for (const message of incoming) {
      const known = this.messages.find((old) => old.seq === message.seq) ?? this.#ownFor(message);
      if (known) {
        Object.assign(known, message, { delivery: "sent" });
        continue;
      }
      this.messages.push({ ...message, key: `s${message.seq}`, delivery: "sent" });
      if (message.sender !== "resident") fresh.push(message);
    }
    this.#order();
    if (fresh.length) this.#clearTyping();
    this.#changed();
    if (announce && fresh.length) this.dispatchEvent(new CustomEvent("arrived", { detail: fresh }));
  }

  /** The message written here that `message` is, come back from the api. */
  #ownFor(message) {
    if (message.sender !== "resident") return null;
    const own = this.messages.filter((old) => old.clientId && !Number.isInteger(old.seq) && old.delivery !== "failed");
    if (message.client_id) return own.find((old) => old.clientId === message.client_id) ?? null;
    // The api may have hidden a number from the text, so the oldest one without a place is the next guess.
    return own.find((old) => old.text === message.text) ?? own.find((old) => old.delivery !== "waiting") ?? null;
  }

  #order() {
    this.messages.sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity) || 0);
  }

  get #lastSeq() {
    return this.messages.reduce((last, { seq }) => (Number.isInteger(seq) && seq > last ? seq : last), 0);
  }

  /** Send words, or a button: `{text}` or `{payload, title}`. Shown at once; sent when it can be. */
  send({ text, payload, title }) {
    const message = this.#appendOwn({ clientId: newId(), text, payload, title });
    this.#pump();
    return message;
  }

  #appendOwn({ clientId, text, payload, title }) {
    const message = {
      key: clientId, clientId, payload, seq: null, sender: "resident", text: text ?? title,
      at: new Date().toISOString(), delivery: this.trouble ? "waiting" : "sending",
    };
    this.messages.push(message);
    this.#saveOutbox();
    this.#changed();
    return message;
  }

  /** Try a message that failed once more, as the same message. */
  resend(message) {
    message.delivery = "sending";
    message.problem = null;
    this.#saveOutbox();
    this.#changed();
    this.#pump();
  }

  #saveOutbox() {
    const outbox = this.messages
      .filter(({ clientId, delivery }) => clientId && delivery !== "sent" && delivery !== "failed")
      .map(({ clientId, text, payload }) => (payload ? { clientId, payload, title: text } : { clientId, text }));
    this.#store.set({ outbox });
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    let failures = 0;
    try {
      for (;;) {
        const message = this.messages.find(({ delivery }) => delivery === "sending" || delivery === "waiting");
        if (!message || this.phase !== "ready") return;
        message.delivery = this.trouble ? "waiting" : "sending";
        if (!HUMAN.has(this.status) && !this.trouble) this.#setTyping("bot", 30000);
        this.#changed();
        try {
          const { clientId, text, payload } = message;
          const body = payload ? { client_id: clientId, payload } : { client_id: clientId, text };
          const answer = await this.#client.call("POST", `/${this.#id}/messages`, { token: this.#token, body });
          failures = 0;
          this.#delivered(message, answer);
        } catch (error) {
          this.#clearTyping();
          if (error.gone) return this.#forget("gone");
          if (!error.temporary || failures >= 30) {
            Object.assign(message, { delivery: "failed", problem: error.title });
            this.#saveOutbox();
            this.#changed();
            continue;
          }
          message.delivery = "waiting";
          this.#set({ trouble: navigator.onLine ? "unreachable" : "offline" });
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
    if (!Number.isInteger(message.seq)) {
      const replies = (answer.messages ?? []).map(({ seq }) => seq);
      message.seq = replies.length ? Math.min(...replies) - 0.5 : this.#lastSeq + 0.5;
    }
    this.#saveOutbox();
    this.#take(answer, true);
    if (HUMAN.has(this.status)) this.refresh().catch(() => {});
  }

  async #pause(failures, retryAfter = 0) {
    const wait = Math.max(retryAfter * 1000, BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]);
    await sleep(wait * (0.9 + Math.random() * 0.2), this.#wake.signal);
  }

  /** Cut every waiting short: the network came back, or the resident asked to try now. */
  wake() {
    this.#wake.abort();
    this.#wake = new AbortController();
    if (this.phase === "error") this.start();
  }

  /** Follow what happens in the talk, until `stopListening`. */
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
      try {
        const token = this.#token;
        if (this.#polling) {
          const answer = await this.#client.call(
            "GET", `/${this.#id}/events?wait=25&after=${this.#lastSeq}`, { token, signal, time: 40000 });
          if (signal.aborted) return;
          this.#set({ trouble: null });
          this.#take(answer, true);
          if (answer.typing) this.#heard("typing", answer.typing);
        } else {
          let any = false;
          for await (const { event, data } of this.#client.events(this.#id, { token, signal, lastId: this.#lastSeq })) {
            any = true;
            failures = 0;
            if (this.trouble) this.#set({ trouble: null });
            this.#heard(event, data);
          }
          silent = any ? 0 : silent + 1;
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error.gone) return this.#forget("gone");
        if (!this.#polling && error.status !== 429) silent += 1;
        failures += 1;
        if (failures > 1) this.#set({ trouble: navigator.onLine ? "unreachable" : "offline" });
      }
      if (signal.aborted) return;
      // A proxy that holds event streams back: ask and wait instead.
      if (silent >= 2 && navigator.onLine) this.#polling = true;
      if (failures || !this.#polling) await this.#pause(Math.max(0, failures - 1));
      if (failures && !signal.aborted) await this.refresh().then(() => this.#set({ trouble: null })).catch(() => {});
    }
  }

  #heard(event, data) {
    if (event === "message") {
      this.#absorb([data]);
    } else if (event === "typing") {
      if (data?.sender !== "resident") this.#setTyping(HUMAN.has(this.status) ? "adviser" : "bot", 6000);
    } else if (event === "status") {
      if (data?.status) this.status = data.status;
      if (data?.handoff !== undefined) this.handoff = data.handoff;
      this.#changed();
      this.refresh().catch(() => {});
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

  /** Stop waiting for an adviser, or withdraw the request for a call. */
  async cancelHandoff() {
    this.#take((await this.#call("POST", "/handoff/cancel", { body: {} })) ?? {}, true);
    await this.refresh();
  }

  /** @param {{helped: boolean, text?: string}} feedback */
  feedback(feedback) {
    return this.#call("POST", "/feedback", { body: feedback });
  }

  /** The talk to keep, as text or as an HTML page. */
  transcript(format) {
    return this.#call("GET", `/transcript?format=${format}`, { as: "text" });
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

  /** Shared computer: nothing is left here at once, and the api is told until it has heard. */
  async leave() {
    const path = `/${this.#id ?? this.#store.get().id}`;
    const token = this.#token ?? this.#store.get().token;
    this.#forget("idle");
    if (!token) return;
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

  /** Leave a talk that is gone or erased behind and open a new one. */
  startNew() {
    this.#forget("idle");
    return this.start();
  }

  #forget(phase) {
    this.stopListening();
    this.#clearTyping();
    this.#id = this.#token = null;
    this.#store.set({ id: null, token: null, outbox: [] });
    this.#set({ phase, status: "bot", awaiting: null, progress: null, handoff: null, messages: [], trouble: null });
  }

  /** Let go of timers, streams and the channel between tabs. */
  dispose() {
    this.stopListening();
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
