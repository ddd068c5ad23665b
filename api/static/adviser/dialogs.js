/** What is asked before something is done: how a talk ended, to whom it goes. And the search of services. */

import { h } from "../dom.js";
import { call, choices, searchServices } from "./api.js";
import { texts } from "./texts.js";

const SEARCH_AFTER_MS = 250;

/** A field that finds services of the catalogue; `onPick(service)` when one is chosen. */
export function serviceSearch({ id, label, onPick }) {
  const field = h("input", { id, type: "search", autocomplete: "off" });
  const said = h("p", { class: "quiet", role: "status" });
  const results = h("ul", { class: "found", "aria-label": texts.foundServices });
  let timer = 0;
  let latest = 0;
  const look = async () => {
    clearTimeout(timer);
    const words = field.value.trim();
    const mine = ++latest;
    results.replaceChildren();
    said.textContent = "";
    if (!words) return;
    try {
      const { items } = await searchServices(words);
      if (mine !== latest) return;
      results.replaceChildren(...items.map((service) => h("li", {},
        h("button", { class: "plain", on: { click: () => onPick(service) } }, service.name))));
      said.textContent = texts.foundCount(items.length);
    } catch (error) {
      said.textContent = error.title ?? texts.failed;
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, SEARCH_AFTER_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    look();
  });
  const box = h("div", { class: "service-search" }, h("label", { for: id }, label), field, said, results);
  return { box, field };
}

/** How a resident can reach a service, as a line of a message. */
export function serviceLine(service) {
  const web = service.urls?.[0]?.url;
  const phone = service.contacts?.find((contact) => contact.phone)?.phone;
  return [service.name, web ?? (phone && texts.servicePhone(phone))].filter(Boolean).join(": ");
}

/** A dialog with a form. `submit()` returns null when it went well, otherwise what to show. */
function ask({ id, heading, intro, parts, confirm, submit, onClosed }) {
  const problem = h("p", { class: "problem", role: "alert" });
  let sending = false;
  const send = async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    problem.textContent = "";
    const wrong = await submit();
    sending = false;
    if (wrong === null) dialog.close();
    else problem.textContent = wrong;
  };
  const dialog = h("dialog", { "aria-labelledby": id, class: "ask" },
    h("form", { on: { submit: send } },
      h("h2", { id }, heading), h("p", { class: "quiet" }, intro), ...parts, problem,
      h("p", { class: "row" }, confirm && h("button", { type: "submit", class: "act main" }, confirm),
        h("button", { class: "act", on: { click: () => dialog.close() } }, texts.cancel))));
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClosed();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask how a talk ended. `onOutcome(body)` returns null when it was taken, otherwise what to show. */
export async function askOutcome({ recommendations, onOutcome, onClosed }) {
  const { outcomes } = await choices();
  const select = h("select", { id: "outcome" }, ...outcomes.map(({ id, label }) => h("option", { value: id }, label)));
  const text = h("textarea", { id: "outcome-text", rows: "3", maxlength: "2000" });
  const agreed = h("ul", { class: "agreed" });
  const offered = new Set();
  const offer = ({ id, name }, checked) => {
    if (offered.has(id)) return;
    offered.add(id);
    const box = h("input", { type: "checkbox", value: id, id: `agreed-${id}` });
    box.checked = checked;
    agreed.append(h("li", {}, box, h("label", { for: box.id }, name)));
    if (checked) box.focus();
  };
  for (const { service } of recommendations ?? []) offer(service, false);
  const search = serviceSearch({ id: "outcome-service", label: texts.outcomeOtherService, onPick: (found) => offer(found, true) });
  ask({
    id: "close-heading", heading: texts.closeHeading, intro: texts.closeIntro, confirm: texts.confirmClose, onClosed,
    parts: [
      h("label", { for: "outcome" }, texts.outcome), select,
      h("label", { for: "outcome-text" }, texts.outcomeText), text,
      h("fieldset", {}, h("legend", {}, texts.outcomeServices), agreed, search.box),
    ],
    submit: () => {
      const services = [...agreed.querySelectorAll("input:checked")].map(({ value }) => value);
      return onOutcome({ outcome: select.value, text: text.value.trim() || null, ...(services.length && { services }) });
    },
  });
  select.focus();
}

/** Ask to which colleague a talk goes. `onChosen(id)` returns null when it was taken, otherwise what to show. */
export async function askColleague({ onChosen, onClosed }) {
  const { items } = await call("GET", "colleagues");
  const select = h("select", { id: "colleague" }, ...items.map(({ id, display_name: name }) => h("option", { value: id }, name)));
  const dialog = ask({
    id: "transfer-heading", heading: texts.transferHeading, onClosed,
    intro: items.length ? texts.transferIntro : texts.transferNobody,
    parts: items.length ? [h("label", { for: "colleague" }, texts.colleague), select] : [],
    confirm: items.length ? texts.confirmTransfer : null,
    submit: () => onChosen(Number(select.value)),
  });
  (items.length ? select : dialog.querySelector("button")).focus();
}
