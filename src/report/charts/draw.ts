/** What the charts share: lengths, and parts of a picture that clip what is in them. */
import { html, type Html } from "../html.js";

/** A share of the width, which browsers work out: so one picture fits every screen. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3)).toString()}%`;
}

/** A length in pixels. */
export function pixels(length: number): string {
  return Number(length.toFixed(1)).toString();
}

/** Where a part of a picture is: of its width in shares, of its height in pixels. */
export interface Place {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly height: number;
}

/** A rectangle with what is in it, which is cut off at its edges. */
export function box({ x, width, y, height }: Place, inner: Html): Html {
  return html`<svg x="${percent(x)}" y="${pixels(y)}" width="${percent(width)}" height="${pixels(height)}"><rect width="100%" height="100%"/>${inner}</svg>`;
}

/** A chart with its name. @param height in pixels */
export function chart(kind: string, label: string, height: number, inner: readonly Html[]): Html {
  return html`<svg class="chart ${kind}" role="group" aria-label="${label}" width="100%" height="${pixels(height)}">
${inner}</svg>`;
}
