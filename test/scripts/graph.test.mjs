// @ts-check
import test from "ava";
import { createHash } from "node:crypto";
import { sampleRecords } from "../../bench/graph-records.mjs";

/**
 * @param {number} records
 * @param {number} [seed]
 */
function digest(records, seed) {
  const hash = createHash("sha256");
  for (const { key, value } of sampleRecords(records, seed)) hash.update(key).update(value);
  return hash.digest("hex");
}

test("the sample graph is the same for the same seed only", (t) => {
  t.is(digest(2000, 7), digest(2000, 7));
  t.not(digest(2000, 7), digest(2000, 8));
});

for (const size of [1, 50, 5000]) {
  test(`edges, nodes and both lists of each node agree, about ${String(size)} records`, (t) => {
    const keys = new Set();
    /** @type {Map<string, { source: string, target: string }>} */
    const edges = new Map();
    /** @type {Record<string, Map<string, string[]>>} */
    const lists = { outgoing: new Map(), incoming: new Map() };
    for (const { key, value } of sampleRecords(size)) {
      const text = key.toString("latin1");
      t.false(keys.has(text));
      keys.add(text);
      if (text.startsWith("edge:")) {
        const edge = JSON.parse(value.toString());
        edges.set(edge.id, edge);
      }
      const list = /^node_edges:(.{36}):(outgoing|incoming)$/.exec(text);
      if (list !== null) lists[list[2] ?? ""]?.set(list[1] ?? "", JSON.parse(value.toString()));
    }
    /** @type {[string, "source" | "target"][]} */
    const ends = [
      ["outgoing", "source"],
      ["incoming", "target"],
    ];
    for (const [direction, end] of ends) {
      const listed = [...(lists[direction] ?? [])].flatMap(([node, ids]) => ids.map((id) => [id, node]));
      t.is(listed.length, edges.size);
      for (const [id = "", node = ""] of listed) t.is(edges.get(id)?.[end], node);
    }
    t.true(keys.size > size / 2 && keys.size < size * 2 + 20);
  });
}
