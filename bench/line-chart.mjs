// @ts-check
/** Charts of lines over steps that each multiply the one before, in panels side by side. */
import { element, picture, text, ticks } from "./svg.mjs";

/** @typedef {{ label: string, values: readonly number[], shown: string }} Series `shown`: its values in short */

/** @typedef {{ title: string, series: readonly Series[] }} Panel at most four series */

/** @typedef {{ title: string, subtitle: string, steps: readonly string[], panels: readonly Panel[] }} LineChart */

const WIDTH = 880;
const PAD = 24;
const TOP = 112;
const PLOT_HEIGHT = 210;
const AXIS = 40;
const LABELS = 138;
const GAP = 20;

/** Least distance of two series' labels. */
const LABEL_ROOM = 34;

/** @param {LineChart} chart @returns {string} SVG */
export function lineChart({ title, subtitle, steps, panels }) {
  const width = (WIDTH - 2 * PAD - GAP * (panels.length - 1)) / panels.length;
  const drawn = panels.map((panel, i) => drawPanel(panel, steps, PAD + i * (width + GAP), width));
  const description = panels.map((panel) => `${panel.title}: ${panel.series.map(({ label, shown }) => `${label} ${shown}`).join("; ")}.`).join(" ");
  return picture(
    { width: WIDTH, height: TOP + PLOT_HEIGHT + 46, title, description },
    text(PAD, 36, title, { class: "title" }),
    text(PAD, 58, subtitle, { class: "muted" }),
    ...drawn,
  );
}

/**
 * @param {Panel} panel
 * @param {readonly string[]} steps
 * @param {number} left
 * @param {number} width
 */
function drawPanel({ title, series }, steps, left, width) {
  const marks = ticks(Math.max(...series.flatMap(({ values }) => values)), 4);
  const [from, to] = [left + AXIS, left + width - LABELS];
  const x = (/** @type {number} */ i) => from + 14 + (i * (to - from - 28)) / Math.max(1, steps.length - 1);
  const y = (/** @type {number} */ value) => TOP + PLOT_HEIGHT * (1 - value / (marks.at(-1) ?? 1));
  const grid = marks.flatMap((mark) => [
    element("line", { class: mark === 0 ? "axis" : "grid", x1: from, y1: y(mark), x2: to, y2: y(mark) }),
    text(from - 8, y(mark) + 4, String(mark), { class: "muted small", "text-anchor": "end" }),
  ]);
  const names = steps.map((step, i) => text(x(i), TOP + PLOT_HEIGHT + 20, step, { class: "muted small", "text-anchor": "middle" }));
  const heights = spreadOut(series.map(({ values }) => y(values.at(-1) ?? 0)));
  const lines = series.map(({ label, values, shown }, i) => {
    const points = values.map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    const height = heights[i] ?? 0;
    return element(
      "g",
      { class: `s${String(i)}` },
      element("path", { class: "line", d: `M${points.join("L")}` }),
      ...values.map((value, at) => element("circle", { class: "mark", cx: x(at), cy: y(value), r: 4.5 })),
      text(to + 8, height, label, { class: "named strong" }),
      text(to + 8, height + 15, shown, { class: "small muted" }),
    );
  });
  return element("g", {}, text(left, TOP - 18, title, { class: "panel" }), ...grid, ...names, ...lines);
}

/**
 * Heights for labels near those wanted, none on another.
 * @param {readonly number[]} wanted
 * @returns {number[]}
 */
function spreadOut(wanted) {
  const order = wanted.map((height, i) => ({ height, i })).sort((a, b) => a.height - b.height);
  const lowest = TOP + PLOT_HEIGHT - 12;
  for (const [at, place] of order.entries()) place.height = Math.max(place.height, (order[at - 1]?.height ?? -Infinity) + LABEL_ROOM);
  for (let at = order.length - 1; at >= 0; at--) {
    const place = order[at];
    if (place !== undefined) place.height = Math.min(place.height, lowest - (order.length - 1 - at) * LABEL_ROOM);
  }
  const heights = [...wanted];
  for (const { height, i } of order) heights[i] = height;
  return heights;
}
