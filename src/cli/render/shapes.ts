/** Shapes of JSON values, for a person. */
import { formatCount } from "../../counts.js";
import type { JsonShape } from "../../operations/stats/results.js";
import { formatPattern } from "../text/pattern.js";
import { formatNumberOf, formatPercent } from "../text/quantities.js";
import { examplesText, fieldsOf, groupShapes, rangeText, seenIn, typeText } from "../text/shape-text.js";
import type { PrefixRow } from "./prefix-rows.js";
import { left, type Look, right, renderTable } from "./table.js";

/** Fields of one shape that are shown unless all details are asked for. */
const FIELDS = 20;

/** Examples take as much at most. */
const EXAMPLES_WIDTH = 60;

/** The shapes of prefixes, each told once. */
export function renderShapes(rows: readonly PrefixRow[], look: Look): string {
  return groupShapes(rows, ({ prefix }) => prefix.shape).map(({ shape, rows: same }) => shapeText(shape, same, look)).join("");
}

function shapeText({ root, beyond }: JsonShape, [first, ...others]: readonly PrefixRow[], { paint, columns, verbose }: Look): string {
  const fields = fieldsOf(root);
  const shown = verbose ? fields : fields.slice(0, FIELDS);
  const name = first === undefined ? "" : formatPattern(first.parts, first.goesOn);
  const same = others.length === 0 ? "" : `; the same as of ${others.map(({ parts, goesOn }) => formatPattern(parts, goesOn)).join(", ")}`;
  const headings = [left("field"), left("type"), right("there"), left("range"), { ...left("examples"), spare: true as const }];
  const rows = shown.map(({ path, place, of }) => [path, typeText(place), of === null ? formatCount(seenIn(place)) : formatPercent(seenIn(place), of), rangeText(place), examplesText(place, EXAMPLES_WIDTH)]);
  const left_ = fields.length - shown.length;
  return [
    `  ${paint.bold(name)}: shape of ${formatNumberOf(seenIn(root), "JSON value", "JSON values")}${same}\n`,
    rows.length === 0 ? "" : renderTable(headings, rows, paint, verbose ? null : columns),
    left_ === 0 ? "" : `  and ${formatNumberOf(left_, "more field", "more fields")}: -v shows all\n`,
    beyond === 0 ? "" : `  fields beyond the first 200 are not told; there were ${formatCount(beyond)}\n`,
  ].join("");
}
