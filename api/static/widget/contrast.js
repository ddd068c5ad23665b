/** Keeps a municipality's own colours legible. */

const channels = (color) => (/rgba?\(([^)]+)\)/.exec(color)?.[1] ?? "").split(/[\s,/]+/).slice(0, 3).map(Number);

/** Relative luminance of WCAG, from a computed `rgb(…)` colour. */
export function luminance(color) {
  const [r, g, b] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of two computed colours, 1…21. */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is easier to read on `background`. */
export const readableOn = (background) =>
  contrast(background, "rgb(0, 0, 0)") > contrast(background, "rgb(255, 255, 255)") ? "#000000" : "#ffffff";
