// @ts-check
/** Charts of horizontal bars in one or more panels, each with its own scale from 0 on. */
import { element, line, picture, text, ticks } from "./svg.mjs";

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {"limit" | "peer" | "kgdump"} kind
 * @property {number} value
 * @property {readonly [number, number]} [range] least and most
 * @property {string} shown the value as text
 * @property {string} [note] more to say behind it
 */

/** @typedef {{ title: string, unit: string, bars: readonly Bar[] }} Panel */

/** @typedef {{ title: string, subtitle: string, panels: readonly Panel[], footer?: readonly string[] }} BarChart */

const WIDTH = 880;
const PAD = 24;
const LABELS = 280;
const VALUES = 188;
const PLOT = WIDTH - LABELS - VALUES;
const ROW = 26;
const BAR = 17;
const HEAD = 104;
const PANEL_HEAD = 32;
const PANEL_FOOT = 40;

const KINDS = /** @type {const} */ ([["kgdump", "kgdump"], ["peer", "others"], ["limit", "limits: part of the work only"]]);

/** @param {BarChart} chart @returns {string} SVG */
export function barChart({ title, subtitle, panels, footer = [] }) {
  let y = HEAD;
  const drawn = panels.map((panel) => {
    const markup = drawPanel(panel, y);
    y += PANEL_HEAD + panel.bars.length * ROW + PANEL_FOOT;
    return markup;
  });
  const used = KINDS.filter(([kind]) => panels.some(({ bars }) => bars.some((bar) => bar.kind === kind)));
  const foot = footer.map((line, i) => text(PAD, y + 4 + i * 17, line, { class: "muted small" }));
  const description = panels.map((panel) => `${panel.title}: ${panel.bars.map(({ label, shown }) => `${label} ${shown}`).join("; ")}.`).join(" ");
  return picture(
    { width: WIDTH, height: y + footer.length * 20, title, description },
    text(PAD, 36, title, { class: "title" }),
    text(PAD, 58, subtitle, { class: "muted" }),
    ...legend(used),
    ...drawn,
    ...foot,
  );
}

/** @param {readonly (readonly [string, string])[]} kinds */
function legend(kinds) {
  let x = PAD;
  return kinds.flatMap(([kind, name]) => {
    const at = x;
    x += 40 + name.length * 6.5;
    return [element("rect", { class: kind, x: at, y: 73, width: 12, height: 12, rx: 2 }), text(at + 18, 84, name, { class: "small" })];
  });
}

/**
 * @param {Panel} panel
 * @param {number} top
 */
function drawPanel({ title, unit, bars }, top) {
  const marks = ticks(Math.max(...bars.map(({ value, range }) => range?.[1] ?? value)));
  const scale = PLOT / (marks.at(-1) ?? 1);
  const first = top + PANEL_HEAD;
  const bottom = first + bars.length * ROW;
  const grid = marks.flatMap((mark) => {
    const x = LABELS + mark * scale;
    return [
      element("line", { class: mark === 0 ? "axis" : "grid", x1: x, y1: first - 2, x2: x, y2: bottom + 2 }),
      text(x, bottom + 17, `${String(mark)}${mark === marks.at(-1) ? ` ${unit}` : ""}`, { class: "muted small", "text-anchor": "middle" }),
    ];
  });
  const rows = bars.map((bar, i) => drawBar(bar, first + i * ROW, scale));
  return element("g", {}, text(PAD, top + 18, title, { class: "panel" }), ...grid, ...rows);
}

/**
 * @param {Bar} bar
 * @param {number} top
 * @param {number} scale
 */
function drawBar({ label, kind, value, range, shown, note }, top, scale) {
  const middle = top + ROW / 2;
  const weight = kind === "kgdump" ? "strong" : "plain";
  const end = LABELS + Math.max(value, range?.[1] ?? 0) * scale;
  const parts = [
    text(LABELS - 10, middle + 4.5, label, { class: weight, "text-anchor": "end" }),
    element("rect", { class: kind, x: LABELS, y: middle - BAR / 2, width: Math.max(1, value * scale), height: BAR, rx: 2 }),
  ];
  if (range !== undefined && (range[1] - range[0]) * scale > 2) {
    const [from, to] = [LABELS + range[0] * scale, LABELS + range[1] * scale];
    parts.push(element("path", { class: "range", d: `M${from.toFixed(1)} ${String(middle - 4)}v8m0-4H${to.toFixed(1)}m0-4v8` }));
  }
  const more = note === undefined ? [] : [{ content: note, attributes: { class: "muted small", dx: 8 } }];
  parts.push(line(end + 8, middle + 4.5, [{ content: shown, attributes: { class: "strong" } }, ...more]));
  return parts.join("");
}
