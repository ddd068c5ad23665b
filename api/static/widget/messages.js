/** Messages, service cards and answer buttons as DOM. */

import { h, hiddenText, icon, linkify, phoneUrl, safeUrl } from "../dom.js";
import { texts } from "../texts.js";

/** Who speaks, in words. `adviser` is the adviser's first name, if it is known. */
export function senderName(message, adviser) {
  const name = texts.senders[message.sender] ?? texts.senders.system;
  return typeof name === "function" ? name(message.name ?? adviser) : name;
}

const reasonText = (reason) => (typeof reason === "string" ? reason : reason?.text);

/** A service as a card: what it is, why it is suggested, and how to get on. */
export function serviceCard(service) {
  const web = safeUrl(service.url);
  const phone = phoneUrl(service.phone);
  const reasons = (service.reasons ?? []).map(reasonText).filter(Boolean);
  const group = texts.groups[service.group];
  return h("li", { class: "card" },
    group && h("p", { class: "group" }, group),
    h("h3", {}, service.name),
    service.summary && h("p", {}, ...linkify(service.summary)),
    reasons.length > 0 && h("p", { class: "why" }, texts.serviceReasons),
    reasons.length > 0 && h("ul", { class: "reasons" }, ...reasons.map((reason) => h("li", {}, reason))),
    (phone || web?.startsWith("https:")) && h("p", { class: "actions" },
      web?.startsWith("https:") && h("a", { class: "button", href: web, target: "_blank", rel: "noopener noreferrer" },
        texts.serviceLink, hiddenText(` ${service.name} ${texts.newTab}`), icon("out")),
      phone && h("a", { class: "button", href: phone }, icon("phone"), texts.serviceCall(service.phone))),
  );
}

/** Many buttons with long titles: under each other, since side by side they are a ragged crowd. */
const manyLong = (buttons) => buttons.length > 4 && buttons.map(({ title }) => title).join("").length > 10 * buttons.length;

/** What a screen reader is told when the message arrives. */
export function spoken(message, adviser) {
  return [
    `${senderName(message, adviser)}: ${message.text ?? ""}`,
    message.services?.length && texts.announceServices(message.services.map(({ name }) => name)),
    message.buttons?.length && texts.announceOptions(message.buttons.map(({ title }) => title)),
  ].filter(Boolean).join("\n");
}

/** A message is drawn again when this changes. */
export const look = (message, active) =>
  JSON.stringify([message.text, message.delivery, message.problem, active, message.buttons?.length]);

/** A message as a list item. `active`: its buttons can be pressed. */
export function messageItem(message, { active, adviser, onChoose, onResend }) {
  const side = ["resident", "adviser", "system"].includes(message.sender) ? message.sender : "bot";
  const buttons = message.buttons ?? [];
  const note = message.delivery && message.delivery !== "sent" ? texts.delivery[message.delivery] : null;
  return h("li", { class: `message ${side} ${message.delivery ?? ""}`, tabindex: "-1", "data-key": message.key },
    h("p", { class: "sender" }, senderName(message, adviser), hiddenText(":")),
    message.text && h("div", { class: "bubble" }, ...linkify(message.text, texts.newTab)),
    message.services?.length > 0 && h("ul", { class: "cards" }, ...message.services.map(serviceCard)),
    buttons.length > 0 && (active
      ? h("ul", { class: `choices ${manyLong(buttons) ? "column" : ""}`, "aria-label": texts.options },
          ...buttons.map((button) => h("li", {},
            h("button", { class: "choice", on: { click: () => onChoose(button) } }, button.title))))
      : h("p", { class: "past" }, `${texts.pastOptions}: ${buttons.map(({ title }) => title).join(", ")}`)),
    note && h("p", { class: "delivery" }, message.problem ?? note),
    message.delivery === "failed" && h("button",
      { class: "text-button", on: { click: () => onResend(message) } }, texts.resend),
  );
}
