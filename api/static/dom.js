/** Building DOM nodes without ever parsing text as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. A string child becomes a text node; null and false are left out.
 * Of the attributes, `on` holds listeners; true gives an empty one; null and false leave it out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on" && value) {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ICONS = {
  signpost: "M11 2h2v3h6l3 3-3 3h-6v2h5v6h-5v3h-2v-3H5l-3-3 3-3h6v-2H6V5h5z",
  close: "M5.6 4.2 12 10.6l6.4-6.4 1.4 1.4-6.4 6.4 6.4 6.4-1.4 1.4-6.4-6.4-6.4 6.4-1.4-1.4 6.4-6.4-6.4-6.4z",
  menu: "M3 5h18v2H3zm0 6h18v2H3zm0 6h18v2H3z",
  send: "M3 3.5 22 12 3 20.5V14l11-2-11-2z",
  phone: "M6.6 2.5 10 7 8 9.6a13 13 0 0 0 6.4 6.4L17 14l4.5 3.4c-.4 2.4-2.2 4.1-4.5 4.1C9.5 21.5 2.5 14.5 2.5 7c0-2.3 1.7-4.1 4.1-4.5z",
  out: "M13 4h7v7h-2V7.4l-8.3 8.3-1.4-1.4L16.600 6H13zM5 6h5v2H6v10h10v-4h2v6H4V6z",
  down: "M11 4h2v12l4.6-4.6L19 12.8l-7 7-7-7 1.400-1.400L11 16z",
};

/** A decorative icon; the control that holds it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24", width: "24", height: "24", "aria-hidden": "true", focusable: "false", class: "icon",
  })) svg.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}

/** Text for screen readers only. */
export const hiddenText = (text) => h("span", { class: "sr" }, text);

/** The address if it is one that we link to (https, tel, mailto), otherwise null. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return ["https:", "tel:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** `tel:` address of a phone number as people write it, or null when it holds no number. */
export function phoneUrl(number) {
  const digits = String(number ?? "").replace(/[^\d+]/g, "");
  return /^\+?\d{3,15}$/.test(digits) ? `tel:${digits}` : null;
}

const LINKS =
  /https:\/\/[^\s<>"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:\+358[ -]?|0)\d{1,3}(?:[ -]?\d{2,4}){2,4}|116 ?\d{3}|112(?!\s*(?:€|eur|päiv|\d))/g;

/** Nodes of a text in which https addresses, e-mail addresses and phone numbers are links. */
export function linkify(text, newTab = "") {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINKS)) {
    const before = text[match.index - 1] ?? "";
    const isNumber = /^[+\d][\d -]*$/.test(match[0]);
    if (isNumber && (/[\d+.,:/-]/.test(before) || /\d/.test(text[match.index + match[0].length] ?? ""))) continue;
    const shown = isNumber ? match[0].trim() : match[0].replace(/[.,;:!?)\]]+$/, "");
    const web = shown.startsWith("https:");
    const href = web ? safeUrl(shown) : isNumber ? phoneUrl(shown) : safeUrl(`mailto:${shown}`);
    if (!href) continue;
    nodes.push(text.slice(end, match.index));
    nodes.push(
      h("a", { href, target: web && "_blank", rel: web && "noopener noreferrer" }, shown,
        web && newTab && hiddenText(` ${newTab}`)),
    );
    end = match.index + shown.length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

/** A random UUID; `crypto.randomUUID` is missing on pages that are not served over https. */
export const randomId = () => crypto.randomUUID?.() ?? URL.createObjectURL(new Blob()).slice(-36);
