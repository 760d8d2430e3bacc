/** Tables of a report. */
import { formatNumberOf } from "../cli/text/quantities.js";
import { html, type Html, type Part } from "./html.js";

/** A column. */
export interface Column {
  readonly heading: string;
  /** Its cells are figures, or the name of the row; default: text. */
  readonly as?: "figure" | "name";
}

/** A row: a cell for each column. */
export interface Row {
  readonly cells: readonly Part[];
  /** What links lead to it by. */
  readonly id?: string;
}

/** A table. */
export interface TableParts {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Rows that are seen at once; the others are folded. */
  readonly first: number;
  /** What there is beyond these rows; null when nothing. */
  readonly more: string | null;
}

/** A column of text. */
export const text = (heading: string): Column => ({ heading });

/** A column of figures. */
export const figure = (heading: string): Column => ({ heading, as: "figure" });

/** A column of what the rows are called by. */
export const name = (heading: string): Column => ({ heading, as: "name" });

/** The table, in a frame that scrolls where it is too wide. */
export function table({ caption, columns, rows, first, more }: TableParts): Html {
  const folded = rows.slice(first);
  return html`${part(caption, columns, rows.slice(0, first))}${folded.length === 0
    ? null
    : html`<details><summary>${formatNumberOf(folded.length, "more row", "more rows")}</summary>${part(`${caption}, continued`, columns, folded)}</details>`}${more === null ? null : html`<p class="note">${more}</p>`}`;
}

function part(caption: string, columns: readonly Column[], rows: readonly Row[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption><span>${caption}</span></caption><thead><tr>${columns.map(heading)}</tr></thead><tbody>
${rows.map((row) => html`<tr${row.id === undefined ? null : html` id="${row.id}"`}>${columns.map((column, at) => cell(column, row.cells[at] ?? null))}</tr>
`)}</tbody></table></div>`;
}

function heading({ heading: words, as }: Column): Html {
  return as === "figure" ? html`<th scope="col" class="n">${words}</th>` : html`<th scope="col">${words}</th>`;
}

function cell({ as }: Column, inner: Part): Html {
  if (as === "name") return html`<th scope="row">${inner}</th>`;
  return as === "figure" ? html`<td class="n">${inner}</td>` : html`<td>${inner}</td>`;
}

/** Facts, a line each; those that are null are left out. */
export function facts(rows: readonly (readonly [string, Part] | null)[]): Html {
  return html`<dl>${rows.filter((row) => row !== null).map(([term, told]) => html`<dt>${term}</dt><dd>${told}</dd>`)}</dl>`;
}

/** A command to type. */
export function command(words: string): Html {
  return html`<pre class="command" tabindex="0"><code>${words}</code></pre>`;
}
