/** What the resident let the adviser know: answers, suggested services, contact. */

import { h, hiddenText, linkify, phoneUrl, safeUrl } from "../dom.js";
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
        hiddenText(`: ${service.name} ${texts.newTab}`)),
      phone && h("a", { href: phone }, service.phone)));
}

/** Draw the right-hand column for a request. */
export function drawDetails(box, item) {
  const recommendations = item.recommendations ?? [];
  const notes = typeof item.notes === "string" ? [item.notes] : (item.notes ?? []).map(({ text }) => text);
  const { contact } = item;
  box.replaceChildren(
    section(texts.consent, h("p", {}, texts.scopes[item.consent?.scope] ?? texts.noConsent)),
    ...[
      (contact?.phone || contact?.email) && section(texts.contact, contactPart(contact)),
      item.wished_time && section(texts.wished, h("p", {}, item.wished_time)),
      item.reason && section(texts.reason, h("p", {}, item.reason)),
    ].filter(Boolean),
    section(texts.summary, ...summaryPart(item.summary)),
    section(texts.recommendations, recommendations.length
      ? h("ol", { class: "services" }, ...recommendations.map(recommendation))
      : h("p", { class: "quiet" }, texts.noRecommendations)),
    ...(notes.some(Boolean) ? [section(texts.notes, ...notes.filter(Boolean).map((note) => h("p", {}, ...linkify(note))))] : []),
  );
}
