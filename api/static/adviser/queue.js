/** The list of requests. */

import { h } from "../dom.js";
import { patch } from "./patch.js";
import { texts } from "./texts.js";

export const nameOf = (item) => item.name || texts.nameless;

/** Urgent first, then whoever has waited longest. */
export const inOrder = (items) =>
  [...items].sort((a, b) =>
    Boolean(b.urgent) - Boolean(a.urgent) || Number(b.accepted_by_me) - Number(a.accepted_by_me) ||
    Number(b.returned ?? 0) - Number(a.returned ?? 0) ||
    a.requested_at.localeCompare(b.requested_at));

/** How long somebody has waited, in words. `seconds` as the api counted them. */
export function waitedText(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return texts.waited(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? texts.waitedLong(hours) : texts.waitedDays(Math.floor(hours / 24));
}

/** A mark that says the urgency in words. */
export const urgentMark = (urgent) =>
  urgent ? h("span", { class: "urgent" }, h("span", { "aria-hidden": "true" }, "! "), texts.urgent[urgent] ?? urgent) : null;

function standing(item) {
  if (item.status === "accepted" && item.accepted_by_me) return texts.mine;
  if (item.status === "accepted" && item.accepted_by) return texts.heldBy(item.accepted_by);
  return texts.status[item.status] ?? item.status;
}

/**
 * Draw the list again where it differs, keeping keyboard focus on the same request.
 * @param {HTMLElement} list
 * @param {{items: object[], view: string, selected: string|null, elapsed: number, onSelect: (id: string) => void}} options
 *   `elapsed`: seconds since the api counted the waiting times.
 */
export function drawQueue(list, { items, view, selected, elapsed, onSelect }) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const rows = inOrder(items).map((item) =>
    h("li", {},
      h("button", { class: `request ${item.urgent ? "is-urgent" : ""}`, "data-id": item.id,
        "aria-current": item.id === selected && "true", on: { click: () => onSelect(item.id) } },
      urgentMark(item.urgent),
      h("span", { class: "request-name" }, nameOf(item)),
      h("span", { class: "request-state" }, standing(item)),
      item.status === "queued" && h("span", { class: "request-wait" }, waitedText(item.waiting_s + elapsed)),
      item.status === "queued" && item.returned && h("span", { class: "request-wait" }, texts.returned),
      item.missed_calls > 0 && h("span", { class: "request-wait" }, texts.missed(item.missed_calls)),
      item.wished_time && h("span", { class: "request-wait" }, item.wished_time),
      item.unread > 0 && h("span", { class: "unread" }, texts.unread(item.unread)))));
  patch(list, rows.length ? rows : [h("li", { class: "empty" }, texts.empty[view])]);
  if (focused && document.activeElement?.dataset.id !== focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

/** Arrow keys move in the list. */
export function arrowKeys(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
