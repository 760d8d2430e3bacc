/** Shapes of JSON values as text: the paths of their fields, and what stands there. */
import type { JsonPlace, JsonShape } from "../../operations/stats/results.js";
import { formatCount } from "../../counts.js";
import { escapeJson, escapeText } from "./escape.js";

/** A field by its path. */
export interface Field {
  readonly path: string;
  readonly place: JsonPlace;
  /** How many objects could have it; items of lists can be any number. */
  readonly of: number | null;
}

/** A shape, and all that has it. */
export interface ShapeGroup<Row> {
  readonly shape: JsonShape;
  readonly rows: Row[];
}

/** Each shape once, in the order in which they come. @param shapeOf what has a shape */
export function groupShapes<Row>(rows: readonly Row[], shapeOf: (row: Row) => JsonShape | null): ShapeGroup<Row>[] {
  const groups = new Map<string, ShapeGroup<Row>>();
  for (const row of rows) {
    const shape = shapeOf(row);
    if (shape === null) continue;
    const group = groups.get(shape.signature);
    if (group === undefined) groups.set(shape.signature, { shape, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()];
}

/** How often something stands at a place. */
export function seenIn({ types }: JsonPlace): number {
  return Object.values(types).reduce((total, count) => total + count, 0);
}

/** The fields below a place, each behind what it is in. */
export function fieldsOf(root: JsonPlace): Field[] {
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

/** The types at a place, the most frequent first. */
export function typeText({ types }: JsonPlace): string {
  return Object.entries(types).sort(([, a], [, b]) => b - a).map(([type]) => type).join(", ");
}

/** Bounds of numbers, and of the bytes of strings. */
export function rangeText({ range, lengths }: JsonPlace): string {
  const parts = [
    ...(range === null ? [] : [range[0] === range[1] ? String(range[0]) : `${String(range[0])} to ${String(range[1])}`]),
    ...(lengths === null ? [] : [lengths[0] === lengths[1] ? `${formatCount(lengths[0])} B` : `${formatCount(lengths[0])} to ${formatCount(lengths[1])} B`]),
  ];
  return parts.join(", ");
}

/** Examples of what stands at a place. @param width characters at most */
export function examplesText({ examples }: JsonPlace, width: number): string {
  const text = escapeJson(examples.join(", "));
  return text.length > width ? `${Array.from(text).slice(0, width - 1).join("")}…` : text;
}
