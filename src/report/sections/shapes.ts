/** Shapes of JSON values: their fields. */
import { formatCount } from "../../counts.js";
import { formatNumberOf, formatPercent } from "../../cli/text/quantities.js";
import { examplesText, fieldsOf, groupShapes, rangeText, seenIn, type ShapeGroup, typeText } from "../../cli/text/shape-text.js";
import { html, type Html } from "../html.js";
import { figure, name, table, text } from "../table.js";
import { cut, line } from "../text.js";
import { type Branch, branchName } from "../tree.js";
import { FIRST_ROWS, type Limits, type Page, type Section } from "./section.js";

const PATH = 120;
const EXAMPLES = 80;

/** The section; nothing without JSON, or when it was not looked for. */
export function shapes({ leaves, root, limits }: Page): Section | null {
  const groups = groupShapes(leaves, ({ prefix }) => prefix?.shape ?? null);
  if (groups.length === 0) return null;
  const shown = groups.slice(0, limits.shapes);
  const rest = groups.length - shown.length;
  const body = html`<p>What JSON values have in common. Prefixes whose values have the same fields and types are told together.</p>
${shown.map((group, at) => shapeOf(group, root, limits, at < 2))}${rest === 0 ? null : html`<p class="note">and ${formatNumberOf(rest, "more shape", "more shapes")}</p>`}`;
  return { id: "shapes", title: "Shapes of JSON values", body };
}

function shapeOf({ shape: { root, beyond }, rows: [first, ...others] }: ShapeGroup<Branch>, all: Branch, limits: Limits, open: boolean): Html {
  const fields = fieldsOf(root);
  const told = fields.slice(0, limits.fields);
  const prefix = first === undefined ? "" : branchName(first, all);
  const notes = [
    ...(told.length < fields.length ? [`and ${formatNumberOf(fields.length - told.length, "more field", "more fields")}`] : []),
    ...(beyond === 0 ? [] : [`fields beyond the first 200 are not told; there were ${formatCount(beyond)}`]),
  ];
  const fieldRows = told.map(({ path, place, of }) => ({
    cells: [html`<code>${cut(path, PATH)}</code>`, typeText(place), of === null ? formatCount(seenIn(place)) : formatPercent(seenIn(place), of), line(rangeText(place)), html`<code>${examplesText(place, EXAMPLES)}</code>`],
  }));
  const same = others.length === 0 ? null : html`<p class="note">The same as of ${line(others.map((other) => branchName(other, all)).join(", "))}</p>`;
  return html`<details${open ? html` open=""` : null}><summary><code>${prefix}</code>: ${formatNumberOf(seenIn(root), "JSON value", "JSON values")}</summary>${same}${table({
    caption: line(`Fields of ${prefix}`), columns: [name("field"), text("type"), figure("there"), text("range"), text("examples")], rows: fieldRows, first: FIRST_ROWS * 2, more: notes.length === 0 ? null : notes.join("; "),
  })}</details>
`;
}
