import test from "ava";
import { renderShapes } from "#src/cli/render/shapes.js";
import { makePaint } from "#src/cli/terminal/style.js";
import type { JsonPlace, PrefixStats } from "#src/operations/stats/results.js";

const place = (types: JsonPlace["types"], more: Partial<JsonPlace> = {}): JsonPlace => ({ types, range: null, lengths: null, examples: [], fields: [], items: null, ...more });
const look = { paint: makePaint(false), verbose: false, columns: 100 };

function row(name: string, root: JsonPlace, signature: string): Parameters<typeof renderShapes>[0][number] {
  const parts = [{ kind: "literal", bytes: Buffer.from(name), width: name.length }] as const;
  return { parts, goesOn: false, prefix: { shape: { beyond: 0, signature, root } } as unknown as PrefixStats };
}

test("fields stand below their paths, and hostile names and values are safe", (t) => {
  const root = place({ object: 4 }, {
    fields: [
      { name: "id", value: place({ string: 4 }, { lengths: [3, 3], examples: ['"a\u001b"'] }) },
      { name: "a.b\u001b", value: place({ array: 2, null: 1 }, { items: place({ integer: 3, number: 1 }, { range: [-1, 2.5] }) }) },
    ],
  });
  const lines = renderShapes([row("a", root, "s"), row("b", root, "s"), row("c", place({ array: 1 }), "t")], look).split("\n");
  t.is(lines[0], "  a: shape of 4 JSON values; the same as of b");
  t.regex(lines[2] ?? "", /^ {2}id +string +100\.0 % +3 B +"a\\u001b"$/);
  t.regex(lines[3] ?? "", /^ {2}"a\.b\\\\u001b" +array, null +75\.0 %$/);
  t.regex(lines[4] ?? "", /^ {2}"a\.b\\\\u001b"\[\] +integer, number +4 +-1 to 2\.5$/);
  t.is(lines[5], "  c: shape of 1 JSON value");
  t.false(lines.join("").includes("\u001b"));
});

test("of many fields not all are shown, unless all details are asked for", (t) => {
  const root = place({ object: 1 }, { fields: Array.from({ length: 30 }, (_, at) => ({ name: `f${String(at)}`, value: place({ integer: 1 }) })) });
  t.regex(renderShapes([row("a", root, "s")], look), /and 10 more fields: -v shows all\n$/);
  t.regex(renderShapes([row("a", root, "s")], { ...look, verbose: true }), /\n {2}f29 +integer +100\.0 %\n$/);
});
