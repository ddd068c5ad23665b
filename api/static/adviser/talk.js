/** The talk in the middle: its messages, the reply box, claiming, releasing and closing. */

import { h, hiddenText, icon, linkify, randomId } from "../dom.js";
import { call, choices } from "./api.js";
import { askColleague, askOutcome, serviceLine, serviceSearch } from "./dialogs.js";
import { patch } from "./patch.js";
import { nameOf, urgentMark } from "./queue.js";
import { texts } from "./texts.js";
import { draftOf, keepDraft, keepOutbox, outbox } from "./unsent.js";

const LIMIT = 2000;
const TYPING_EVERY_MS = 3000;
const clock = new Intl.DateTimeFormat("fi", { hour: "numeric", minute: "2-digit" });

function senderOf(message, item) {
  if (message.sender !== "adviser") return texts.senders[message.sender] ?? texts.senders.system;
  return item.accepted_by_me ? texts.senders.adviser : texts.adviserSender;
}

function bubble(message, item, onResend) {
  const time = message.at && new Date(message.at);
  return h("li", { class: `say ${message.sender}` },
    h("p", { class: "say-who" }, senderOf(message, item), hiddenText(":"), " ",
      time && h("time", { datetime: message.at }, clock.format(time))),
    message.text && h("div", { class: "say-text" }, ...linkify(message.text, texts.newTab)),
    message.services?.length > 0 && h("ul", { class: "say-services" }, ...message.services.map(({ name }) => h("li", {}, name))),
    message.delivery && h("p", { class: "say-state" }, message.delivery === "failed" ? message.problem ?? texts.notSent : texts.sending),
    message.delivery === "failed" && h("button", { class: "plain", on: { click: () => onResend(message) } }, texts.resend));
}

/** The middle column. `onChanged` asks for fresh data; `onBack` returns to the list on a narrow screen. */
export class TalkPane {
  /** Requests whose state this page has just changed itself: no news to whoever sits here. */
  ownDoing = new Set();
  #item = null;
  #pending = [];
  #mark = "";
  #typedAt = 0;
  #typingTimer = 0;

  constructor(box, { onChanged, onBack }) {
    this.box = box;
    this.onChanged = onChanged;
    this.onBack = onBack;
    for (const message of outbox()) this.#send({ ...message, sender: "adviser" });
  }

  /** Show a request, or `instead`. Drawn again only as far as something differs, so that focus and drafts stay. */
  show(item, instead = texts.choose) {
    const same = item && this.#item?.id === item.id;
    const modeOf = (one) => one && JSON.stringify([one.status, one.accepted_by_me, one.accepted_by, one.kind, one.urgent, one.name, one.missed_calls]);
    const redraw = !same || modeOf(this.#item) !== modeOf(item);
    this.#item = item;
    if (!item) {
      this.box.replaceChildren(h("p", { class: "choose", role: "status" }, instead));
      this.field = null;
      return;
    }
    if (redraw) this.#build(same);
    this.#drawMessages(!same);
    if (item.resident_typing) this.showTyping(item.id);
    else this.#setTyping(false);
  }

  /** The line takes room from the log: whoever reads its end goes on reading its end. */
  #setTyping(is) {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    const atEnd = scrollHeight - scrollTop - clientHeight < 90;
    this.typing.hidden = !is;
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  #build(same) {
    const item = this.#item;
    const hadFocus = same && this.box.contains(document.activeElement);
    this.heading = h("h2", { tabindex: "-1" }, nameOf(item));
    this.problem = h("p", { class: "problem", role: "alert" });
    this.list = h("ol", { class: "says" });
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": texts.talkLabel, tabindex: "0" }, this.list);
    this.typing = h("p", { class: "typing", hidden: true }, texts.typing);
    this.field = null;
    this.#mark = "";
    const action = (label, run, style = "") =>
      h("button", { class: `act ${style}`, on: { click: run } }, label);
    const queued = item.status === "queued";
    const mine = item.status === "accepted" && item.accepted_by_me;
    this.box.replaceChildren(
      h("header", { class: "talk-head" },
        h("button", { class: "plain back", on: { click: this.onBack } }, `‹ ${texts.back}`),
        h("div", {}, this.heading, h("p", { class: "talk-state" }, urgentMark(item.urgent), " ",
          item.status === "accepted" && !item.accepted_by_me ? texts.heldBy(item.accepted_by) : texts.status[item.status] ?? item.status)),
        h("div", { class: "row" },
          queued && action(texts.accept, () => this.#act("accept"), "main"),
          mine && action(texts.transfer, () => this.#askColleague()),
          mine && action(texts.release, () => this.#act("release")),
          mine && action(texts.close, () => this.#askOutcome(), "main"))),
      this.problem,
      ...(item.urgent ? [h("p", { class: "urgent-help" }, texts.urgentHelp[item.urgent] ?? "")] : []),
      ...(item.consent?.scope === "summary" && item.kind !== "callback" ? [h("p", { class: "note" }, texts.noTranscript)] : []),
      this.log,
      this.typing,
      ...(item.outcome ? [this.#outcomeNote(item)] : []),
      item.status === "callback_requested" ? this.#callbackForm() : mine ? this.#replyForm() : queued
        ? h("p", { class: "note" }, texts.notMine) : "",
    );
    if (hadFocus) (this.field ?? this.heading).focus();
  }

  #outcomeNote({ outcome, outcome_text: text, outcome_services: services }) {
    const label = h("strong", {}, texts.callResults[outcome] ?? "");
    choices().then(({ outcomes }) => {
      label.textContent ||= outcomes.find(({ id }) => id === outcome)?.label ?? outcome;
    }).catch(() => {});
    return h("div", { class: "note" }, h("p", {}, label, text ? `: ${text}` : ""),
      services?.length > 0 && h("ul", { class: "say-services" }, ...services.map(({ name }) => h("li", {}, name))));
  }

  focus() {
    this.heading?.focus();
  }

  #drawMessages(first) {
    const confirmed = new Set((this.#item.messages ?? []).map(({ client_id: id }) => id).filter(Boolean));
    this.#pending = this.#pending.filter((message) => !confirmed.has(message.clientId));
    keepOutbox(this.#pending);
    const all = [...(this.#item.messages ?? []), ...this.#pending.filter(({ handoff }) => handoff === this.#item.id)];
    const mark = JSON.stringify(all);
    if (mark === this.#mark) return;
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    const atEnd = first || this.#mark === "" || scrollHeight - scrollTop - clientHeight < 90;
    this.#mark = mark;
    this.log.hidden = !all.length;
    patch(this.list, all.map((message) => bubble(message, this.#item, (failed) => this.#send(failed))));
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  /** The resident is writing in this request. */
  showTyping(id) {
    if (id !== this.#item?.id) return;
    this.#setTyping(true);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#setTyping(false), 6000);
  }

  #replyForm() {
    const counter = h("p", { class: "counter", role: "status", id: "reply-counter" });
    this.field = h("textarea", { id: "reply", rows: "3", "aria-describedby": "reply-hint reply-counter", on: {
      keydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          submit();
        }
      },
      input: () => {
        keepDraft(this.#item.id, this.field.value);
        const over = [...this.field.value.trim()].length - LIMIT;
        counter.textContent = over > 0 ? texts.tooLong(over) : "";
        if (Date.now() - this.#typedAt > TYPING_EVERY_MS) {
          this.#typedAt = Date.now();
          call("POST", `handoffs/${this.#item.id}/typing`, {}).catch(() => {});
        }
      },
    } });
    this.field.value = draftOf(this.#item.id);
    const submit = () => {
      const text = this.field.value.trim();
      if (!text || [...text].length > LIMIT) return this.field.focus();
      this.field.value = "";
      keepDraft(this.#item.id, "");
      this.field.focus();
      this.#send({ clientId: randomId(), handoff: this.#item.id, sender: "adviser", text, at: new Date().toISOString() });
    };
    const insert = (text, from) => {
      this.field.value = [this.field.value.trim(), text].filter(Boolean).join("\n");
      from.open = false;
      this.field.focus();
      this.field.dispatchEvent(new Event("input"));
    };
    const replies = h("ul", {});
    const ready = h("details", { class: "ready" }, h("summary", {}, texts.ready), replies);
    choices().then(({ ready_replies: offered }) => replies.replaceChildren(...offered.map(({ text }) =>
      h("li", {}, h("button", { class: "plain", on: { click: () => insert(text, ready) } }, text))))).catch(() => {});
    const services = h("details", { class: "ready" }, h("summary", {}, texts.insertService));
    services.append(serviceSearch({ id: "insert-service", label: texts.searchService,
      onPick: (service) => insert(serviceLine(service), services) }).box);
    return h("form", { class: "reply", on: { submit: (event) => { event.preventDefault(); submit(); } } },
      ready, services,
      h("label", { for: "reply" }, texts.reply),
      h("div", { class: "reply-row" }, this.field, h("button", { type: "submit", class: "act main" }, icon("send"), texts.send)),
      h("p", { id: "reply-hint", class: "quiet" }, texts.replyHint), counter);
  }

  async #send(message) {
    if (!this.#pending.includes(message)) this.#pending.push(message);
    Object.assign(message, { delivery: "sending", problem: null });
    keepOutbox(this.#pending);
    if (this.#item) this.#drawMessages(true);
    try {
      await call("POST", `handoffs/${message.handoff}/messages`, { client_id: message.clientId, text: message.text });
      this.#pending = this.#pending.filter((other) => other !== message);
      keepOutbox(this.#pending);
      await this.onChanged();
    } catch (error) {
      if (!this.#pending.includes(message)) return;
      Object.assign(message, { delivery: "failed", problem: error.title });
      if (this.#item) this.#drawMessages(true);
    }
  }

  async #act(action, body = {}) {
    this.problem.textContent = "";
    this.ownDoing.add(this.#item.id);
    try {
      await call("POST", `handoffs/${this.#item.id}/${action}`, body);
      await this.onChanged();
      if (action === "accept") this.field?.focus();
      else this.heading.focus();
      return true;
    } catch (error) {
      await this.onChanged().catch(() => {});
      this.problem.textContent = error.title ?? texts.failed;
      return false;
    }
  }

  #callbackForm() {
    const item = this.#item;
    const note = h("textarea", { id: "callback-note", rows: "2" });
    const result = (value) => this.#act("callback", { result: value, note: note.value.trim() || null });
    return h("form", { class: "reply", on: { submit: (event) => event.preventDefault() } },
      h("h3", {}, texts.callbackHeading),
      item.missed_calls > 0 && h("p", { class: "quiet" }, texts.missed(item.missed_calls)),
      h("label", { for: "callback-note" }, texts.callbackNote), note,
      h("p", { class: "row" },
        h("button", { class: "act main", on: { click: () => result("done") } }, texts.callbackDone),
        h("button", { class: "act", on: { click: () => result("missed") } }, texts.callbackMissed)));
  }

  /** Open a dialog; one that cannot be opened says why. */
  async #open(dialog) {
    this.problem.textContent = "";
    try {
      await dialog;
    } catch (error) {
      this.problem.textContent = error.title ?? texts.failed;
    }
  }

  #askOutcome() {
    return this.#open(askOutcome({
      recommendations: this.#item.recommendations,
      onOutcome: async (body) => ((await this.#act("close", body)) ? null : this.problem.textContent),
      onClosed: () => this.heading?.focus(),
    }));
  }

  #askColleague() {
    return this.#open(askColleague({
      onChosen: async (to) => ((await this.#act("transfer", { to })) ? null : this.problem.textContent),
      onClosed: () => this.heading?.focus(),
    }));
  }
}
