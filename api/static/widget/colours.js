/** Whether the colours that a site has set can be read. */

const AA = 4.5;
/** What is not text, like the ring around what has focus (WCAG 1.4.11). */
const SEEN = 3;

/** What is seen on what. Where a site has set it and it cannot be read it is replaced: by black or white, or by the third. */
const PAIRS = [
  ["--tv-on-primary", "--tv-primary"],
  ["--tv-primary-strong", "--tv-on-primary", "var(--tv-primary)"],
  ["--tv-on-accent", "--tv-accent"],
  ["--tv-text", "--tv-surface"],
  ["--tv-text", "--tv-ground"],
  ["--tv-muted", "--tv-surface"],
  ["--tv-muted", "--tv-ground"],
  ["--tv-link", "--tv-surface"],
  ["--tv-link", "--tv-ground"],
];

/** Relative luminance of WCAG, from a computed `rgb(…)` or `color(srgb …)`. */
function luminance(color) {
  const [r, g, b] = color.match(/-?[\d.]+(e-?\d+)?/g).map((value) => {
    const part = color.startsWith("rgb") ? value / 255 : Number(value);
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of two computed colours, 1…21. */
function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * Replace the variables on `element` that cannot be read there, and tell the site's makers in the console. What the
 * styles make of the main colour depends on two classes: `dark-text` (the text on it is the darker of the two) and
 * `own-focus` (it is seen well enough to mark focus).
 */
export function repairColours(element) {
  for (const [name] of PAIRS) element.style.removeProperty(name);
  const probe = element.appendChild(document.createElement("i"));
  probe.style.forcedColorAdjust = "none";
  // However a colour is written (hsl, oklch, …), the mix is told as sRGB.
  const mixed = CSS.supports("color", "color-mix(in srgb, red, red)");
  const value = (name) => {
    probe.style.color = mixed ? `color-mix(in srgb, var(${name}), var(${name}))` : `var(${name})`;
    return getComputedStyle(probe).color;
  };
  for (const [name, on, instead] of PAIRS) {
    if (!getComputedStyle(element).getPropertyValue(name)) continue;
    const ground = value(on);
    const ratio = contrast(value(name), ground);
    if (ratio >= AA) continue;
    const used = instead ?? (contrast(ground, "rgb(0,0,0)") > AA ? "#000" : "#fff");
    element.style.setProperty(name, used);
    console.warn(`tienviitta-chat: ${name} on ${on} has a contrast of ${ratio.toFixed(2)}:1, below ${AA}:1; ${used} is used.`);
  }
  const primary = value("--tv-primary");
  element.classList.toggle("dark-text", luminance(value("--tv-on-primary")) < luminance(primary));
  element.classList.toggle("own-focus", ["--tv-surface", "--tv-ground"].every((on) => contrast(primary, value(on)) >= SEEN));
  probe.remove();
}
