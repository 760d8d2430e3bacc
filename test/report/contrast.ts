/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The contrast of text in a page, as WCAG 2 reckons it. */
import type { Page } from "playwright-core";

/** Text needs as much of it. */
const LEAST = 4.5;

/** All text whose contrast is too low, and what it is. A text in a chart stands on the rectangle before it, any other on the nearest colour above. */
export async function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const partsOf = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const isClear = (color: string): boolean => color === "none" || color === "transparent" || partsOf(color)[3] === 0;
    const luminance = (color: string): number => {
      const [red = 0, green = 0, blue = 0] = partsOf(color).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element): string => {
      const rect = element.tagName === "text" ? [...(element.parentElement?.children ?? [])].slice(0, [...(element.parentElement?.children ?? [])].indexOf(element)).findLast(({ tagName }) => tagName === "rect") : undefined;
      if (rect !== undefined && !isClear(getComputedStyle(rect).fill)) return getComputedStyle(rect).fill;
      for (let at: Element | null = element; at !== null; at = at.parentElement) if (!isClear(getComputedStyle(at).backgroundColor)) return getComputedStyle(at).backgroundColor;
      return "rgb(255, 255, 255)";
    };
    const low: string[] = [];
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ textContent }) => textContent ?? "").join("").trim();
      if (own === "" || element.tagName === "title" || element.getClientRects().length === 0) continue;
      const style = getComputedStyle(element);
      const [a, b] = [luminance(element.tagName === "text" ? style.fill : style.color), luminance(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < least) low.push(`${contrast.toFixed(2)}: ${element.tagName} "${own.slice(0, 40)}"`);
    }
    return low;
  }, LEAST);
}
