/** Bars of a histogram: how many have so much. */
import { formatCount } from "../../counts.js";
import { html, type Html } from "../html.js";
import { box, chart, pixels } from "./draw.js";

/** Heights in pixels of a line, and of a bar; shares of the width for what stands before it, and for its figure. */
const LINE = 24;
const BAR = 18;
const START = 0.22;
const END = 0.8;

/** A bar. */
export interface Bar {
  readonly name: string;
  readonly count: number;
}

/** Draws bars, as long as their share of the largest. @param label what they are, for who does not see them */
export function drawBars(bars: readonly Bar[], label: string): Html {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return chart("bars", label, bars.length * LINE, bars.map(({ name, count }, at) => {
    const y = at * LINE;
    const width = (count / most) * (END - START);
    const figure = html`<text x="4" y="14">${formatCount(count)}</text>`;
    const bar = count === 0 ? null : box({ x: START, width: Math.max(0.002, width), y: y + 2, height: BAR }, html``);
    return html`<g><title>${name}: ${formatCount(count)}</title><text x="0" y="${pixels(y + 16)}">${name}</text>${bar}<svg x="${percentOf(START + width)}" y="${pixels(y + 2)}" width="20%" height="${pixels(BAR)}">${figure}</svg></g>
`;
  }));
}

function percentOf(share: number): string {
  return `${Number((share * 100).toFixed(3)).toString()}%`;
}
