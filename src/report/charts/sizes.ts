/** How large the values of each prefix are: from the smallest to the largest, on a logarithmic scale. */
import { scaleLog } from "d3-scale";
import { formatSize } from "../../cli/text/quantities.js";
import type { PrefixStats, SizeStats } from "../../operations/stats/results.js";
import { html, type Html } from "../html.js";
import { chart, percent, pixels } from "./draw.js";

/** A line of the chart. */
export interface SizeRow {
  readonly label: string;
  readonly prefix: PrefixStats;
}

/** Heights in pixels: of a line with its label, and of the axis. */
const LINE = 44;
const AXIS = 24;
/** Labels of the axis, at most. */
const TICKS = 6;
/** What the scale takes of the width, so that its ends can be seen. */
const [START, END] = [0.01, 0.97];

/** Draws the chart. */
export function drawSizes(rows: readonly SizeRow[]): Html {
  const largest = Math.max(10, ...rows.map(({ prefix }) => prefix.valueSizes.max));
  const scale = scaleLog().domain([1, largest]).range([START, END]).clamp(true);
  const powers = scale.ticks().filter((tick) => Number.isInteger(Math.log10(tick)));
  const step = Math.ceil(powers.length / TICKS);
  const height = rows.length * LINE;
  const ticks = powers.filter((_, at) => at % step === 0).map((tick) => html`<g class="tick"><line x1="${percent(scale(tick))}" x2="${percent(scale(tick))}" y1="0" y2="${pixels(height)}"/><text x="${percent(scale(tick))}" y="${pixels(height + 17)}" text-anchor="${tick === 1 ? "start" : "middle"}">${formatSize(tick)}</text></g>
`);
  const label = "Sizes of values: for each prefix a line from the smallest to the largest, a box from half of them to nine of ten, and a mark at 99 of 100. The table below has the same figures.";
  return chart("sizes", label, height + AXIS, [...ticks, ...rows.map((row, at) => drawRow(row, at * LINE, (size) => scale(size)))]);
}

function drawRow({ label, prefix: { valueSizes } }: SizeRow, top: number, scale: (size: number) => number): Html {
  const { min, p50, p90, p99, max } = valueSizes;
  const middle = pixels(top + 30);
  const [half, nine] = [scale(p50), scale(p90)];
  return html`<g><title>${label}: ${sizesText(valueSizes)}</title><text class="label" x="1%" y="${pixels(top + 15)}">${label}</text>
<line class="whisker" x1="${percent(scale(min))}" x2="${percent(scale(max))}" y1="${middle}" y2="${middle}"/>${nine === half ? null : html`<rect class="box" x="${percent(half)}" y="${pixels(top + 24)}" width="${percent(Math.max(0.004, nine - half))}" height="12"/>`}
<line class="mark" x1="${percent(scale(p99))}" x2="${percent(scale(p99))}" y1="${pixels(top + 23)}" y2="${pixels(top + 37)}"/><circle class="end" cx="${percent(scale(max))}" cy="${middle}" r="3.5"/></g>
`;
}

function sizesText({ min, p50, p90, p99, max }: SizeStats): string {
  return `smallest ${formatSize(min)}, half ${formatSize(p50)}, 90 % ${formatSize(p90)}, 99 % ${formatSize(p99)}, largest ${formatSize(max)}`;
}
