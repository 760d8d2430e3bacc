/** Shapes of JSON values, for a person. */
import { formatCount } from "../../counts.js";
import type { JsonPlace, JsonShape } from "../../operations/stats/results.js";
import { escapeJson, escapeText } from "../text/escape.js";
import { formatPattern } from "../text/pattern.js";
import { formatNumberOf, formatPercent } from "../text/quantities.js";
import type { PrefixRow } from "./prefix-rows.js";
import { left, type Look, right, renderTable } from "./table.js";

/** Fields of one shape that are shown unless all details are asked for. */
const FIELDS = 20;

/** Examples take as much at most. */
const EXAMPLES_WIDTH = 60;

/** A field by its path. */
interface Field {
  readonly path: string;
  readonly place: JsonPlace;
  /** How many objects could have it; items of lists can be any number. */
  readonly of: number | null;
}

/** The shapes of prefixes, each told once. */
export function renderShapes(rows: readonly PrefixRow[], look: Look): string {
  const groups = new Map<string, { readonly shape: JsonShape; readonly rows: PrefixRow[] }>();
  for (const row of rows) {
    const { shape } = row.prefix;
    if (shape === null) continue;
    const group = groups.get(shape.signature);
    if (group === undefined) groups.set(shape.signature, { shape, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()].map(({ shape, rows: same }) => shapeText(shape, same, look)).join("");
}

function shapeText({ root, beyond }: JsonShape, [first, ...others]: readonly PrefixRow[], { paint, columns, verbose }: Look): string {
  const fields = fieldsOf(root);
  const shown = verbose ? fields : fields.slice(0, FIELDS);
  const name = first === undefined ? "" : formatPattern(first.parts, first.goesOn);
  const same = others.length === 0 ? "" : `; the same as of ${others.map(({ parts, goesOn }) => formatPattern(parts, goesOn)).join(", ")}`;
  const headings = [left("field"), left("type"), right("there"), left("range"), { ...left("examples"), spare: true as const }];
  const rows = shown.map(({ path, place, of }) => [path, typeText(place), of === null ? formatCount(seenIn(place)) : formatPercent(seenIn(place), of), rangeText(place), examplesText(place)]);
  const left_ = fields.length - shown.length;
  return [
    `  ${paint.bold(name)}: shape of ${formatNumberOf(seenIn(root), "JSON value", "JSON values")}${same}\n`,
    rows.length === 0 ? "" : renderTable(headings, rows, paint, verbose ? null : columns),
    left_ === 0 ? "" : `  and ${formatNumberOf(left_, "more field", "more fields")}: -v shows all\n`,
    beyond === 0 ? "" : `  fields beyond the first 200 are not told; there were ${formatCount(beyond)}\n`,
  ].join("");
}

/** How often something stands at a place. */
function seenIn({ types }: JsonPlace): number {
  return Object.values(types).reduce((total, count) => total + count, 0);
}

function fieldsOf(root: JsonPlace): Field[] {
  const found: Field[] = [];
  const walk = (place: JsonPlace, path: string): void => {
    const objects = place.types.object ?? 0;
    for (const { name, value } of place.fields) {
      const inner = `${path === "" ? "" : `${path}.`}${nameText(name)}`;
      found.push({ path: inner, place: value, of: objects });
      walk(value, inner);
    }
    if (place.items === null) return;
    found.push({ path: `${path}[]`, place: place.items, of: null });
    walk(place.items, `${path}[]`);
  };
  walk(root, "");
  return found;
}

/** A name as it is where nobody could take it for a path, else as JSON. */
function nameText(name: string): string {
  return /^[\w-]+$/.test(name) ? name : escapeText(escapeJson(JSON.stringify(name)));
}

function typeText({ types }: JsonPlace): string {
  return Object.entries(types).sort(([, a], [, b]) => b - a).map(([type]) => type).join(", ");
}

function rangeText({ range, lengths }: JsonPlace): string {
  const parts = [
    ...(range === null ? [] : [range[0] === range[1] ? String(range[0]) : `${String(range[0])} to ${String(range[1])}`]),
    ...(lengths === null ? [] : [lengths[0] === lengths[1] ? `${formatCount(lengths[0])} B` : `${formatCount(lengths[0])} to ${formatCount(lengths[1])} B`]),
  ];
  return parts.join(", ");
}

function examplesText({ examples }: JsonPlace): string {
  const text = escapeJson(examples.join(", "));
  return text.length > EXAMPLES_WIDTH ? `${Array.from(text).slice(0, EXAMPLES_WIDTH - 1).join("")}…` : text;
}
