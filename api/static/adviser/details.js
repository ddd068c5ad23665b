/** What the resident let the adviser know: answers, suggested services, contact. */

import { h, hiddenText, linkify, phoneUrl, safeUrl } from "../dom.js";
import { call } from "./api.js";
import { patch } from "./patch.js";
import { texts } from "./texts.js";

const section = (heading, ...parts) => h("section", {}, h("h3", {}, heading), ...parts);

function contactPart({ phone, email }) {
  const call = phoneUrl(phone);
  const mail = email && safeUrl(`mailto:${email}`);
  return h("p", {}, phone && (call ? h("a", { href: call }, phone) : phone), phone && email && h("br"),
    email && (mail ? h("a", { href: mail }, email) : email));
}

function summaryPart(summary) {
  if (!summary?.some(({ items }) => items?.length)) return [h("p", { class: "quiet" }, texts.noSummary)];
  return summary.filter(({ items }) => items?.length).map(({ area, items }) => h("div", { class: "area" },
    h("h4", {}, area),
    h("dl", {}, ...items.flatMap(({ question, answer }) => [h("dt", {}, question), h("dd", {}, String(answer))]))));
}

function recommendation({ service, reasons }) {
  const web = safeUrl(service.url);
  const phone = phoneUrl(service.phone);
  return h("li", { class: "service" },
    h("h4", {}, service.name),
    service.summary && h("p", {}, service.summary),
    reasons?.length > 0 && h("p", { class: "label" }, texts.reasons),
    reasons?.length > 0 && h("ul", { class: "reasons" }, ...reasons.map(({ text, source }) =>
      h("li", {}, text, source && h("span", { class: "quiet" }, ` (${texts.source(source)})`)))),
    (web || phone) && h("p", { class: "row" },
      web?.startsWith("https:") && h("a", { href: web, target: "_blank", rel: "noopener noreferrer" }, texts.serviceLink,
        hiddenText(` ${service.name} ${texts.newTab}`)),
      phone && h("a", { href: phone }, service.phone)));
}

const noteTime = new Intl.DateTimeFormat("fi", { dateStyle: "short", timeStyle: "short" });

/** The notes that only advisers see, and a form for one more. */
class Notes {
  #id = null;
  #list = h("ul", { class: "notes" });
  #field = h("textarea", { id: "note", rows: "2", maxlength: "2000" });
  #problem = h("p", { class: "problem", role: "alert" });

  constructor() {
    this.box = section(texts.notes, this.#list, h("form", { on: { submit: (event) => this.#save(event) } },
      h("label", { for: "note" }, texts.noteField), this.#field, this.#problem,
      h("p", { class: "row" }, h("button", { type: "submit", class: "act" }, texts.noteSave))));
  }

  show(item) {
    if (this.#id !== item.id) this.#field.value = this.#problem.textContent = "";
    this.#id = item.id;
    patch(this.#list, (item.notes ?? []).map(({ at, adviser, text }) => h("li", {},
      h("p", { class: "quiet" }, [adviser, at && noteTime.format(new Date(at))].filter(Boolean).join(" ")),
      h("p", {}, ...linkify(text)))));
  }

  async #save(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    this.#problem.textContent = "";
    if (!text) return this.#field.focus();
    const id = this.#id;
    try {
      await call("POST", `handoffs/${id}/notes`, { text });
      if (id === this.#id) this.#field.value = "";
      const item = await call("GET", `handoffs/${id}`);
      if (id === this.#id) this.show(item);
    } catch (error) {
      this.#problem.textContent = error.title ?? texts.failed;
    }
  }
}

/** The right-hand column. It is drawn anew only when something differs; a note that is being written stays. */
export class Details {
  #mark = "";
  #facts = h("div");
  #notes = new Notes();

  constructor(box) {
    this.box = box;
  }

  show(item) {
    if (!item) {
      this.#mark = "";
      return this.box.replaceChildren();
    }
    this.#notes.show(item);
    const { id, consent, contact, wished_time: wished, reason, summary, recommendations, rejections } = item;
    const mark = JSON.stringify([id, consent, contact, wished, reason, summary, recommendations, rejections]);
    if (mark === this.#mark) return;
    this.#mark = mark;
    this.#facts.replaceChildren(...[
      section(texts.consent, h("p", {}, texts.scopes[consent?.scope] ?? texts.noConsent)),
      (contact?.phone || contact?.email) && section(texts.contact, contactPart(contact)),
      wished && section(texts.wished, h("p", {}, wished)),
      reason && section(texts.reason, h("p", {}, reason)),
      section(texts.summary, ...summaryPart(summary)),
      section(texts.recommendations, recommendations?.length
        ? h("ol", { class: "services" }, ...recommendations.map(recommendation))
        : h("p", { class: "quiet" }, texts.noRecommendations)),
      rejections?.length && section(texts.rejections, h("ul", { class: "reasons" }, ...rejections.map(({ name, reason: why }) =>
        h("li", {}, name, why ? `: ${why}` : h("span", { class: "quiet" }, ` (${texts.noReason})`))))),
    ].filter(Boolean));
    this.box.replaceChildren(this.#facts, this.#notes.box);
  }
}
