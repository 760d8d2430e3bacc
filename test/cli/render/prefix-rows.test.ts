import test from "ava";
import { prefixRows } from "#src/cli/render/prefix-rows.js";
import { formatPattern } from "#src/cli/text/pattern.js";
import type { PrefixStats } from "#src/operations/stats/results.js";

const sizes = { min: 0, p50: 0, p90: 0, p99: 0, max: 0 };

/** A prefix with so many entries of one byte each, or with all that are below. */
function prefix(text: string, entries: number, below: readonly PrefixStats[] = []): PrefixStats {
  const all = below.length === 0 ? entries : below.reduce((sum, one) => sum + one.entries, 0);
  return {
    parts: text === "" ? [] : [{ kind: "literal", bytes: Buffer.from(text), width: text.length }],
    entries: all, keyBytes: all, valueBytes: 0, storedBytes: null, keySizes: sizes, valueSizes: sizes, kinds: {}, distinct: { values: 0, exact: true }, largest: null, shape: null, below,
  };
}

const many = (count: number, entries: number): PrefixStats[] => Array.from({ length: count }, (_, at) => prefix(String(at), entries));
const shown = (root: PrefixStats, most: number, depth?: number): string[] => prefixRows(root, most, depth).map(({ parts, goesOn, prefix: { entries } }) => `${formatPattern(parts, goesOn)} ${String(entries)}`);

const tree = prefix("", 0, [prefix("a:", 0, [prefix("x:", 0, many(3, 100)), prefix("y", 10)]), prefix("b:", 0, many(30, 9)), prefix("c:", 0, many(4, 1))]);

test("the largest prefixes are told apart as long as there is room, and all rows together are everything", (t) => {
  t.deepEqual(shown(tree, 20), ["b:* 270", "a:x:0 100", "a:x:1 100", "a:x:2 100", "a:y 10", "c:* 4"]);
  t.deepEqual(shown(tree, 5), ["a:x:* 300", "b:* 270", "a:y 10", "c:* 4"]);
  t.is(shown(tree, 100).length, 35);
});

test("the levels that are asked for are told, however many prefixes there are", (t) => {
  t.deepEqual(shown(tree, 1, 0), ["* 584"]);
  t.deepEqual(shown(tree, 1, 1), ["a:* 310", "b:* 270", "c:* 4"]);
  t.is(shown(tree, 1, 2).length, 2 + 30 + 4);
  t.is(shown(tree, 1, 9).length, 4 + 30 + 4);
});

test("a keyspace with one prefix has one row", (t) => {
  t.deepEqual(shown(prefix("k", 7), 20), ["k 7"]);
  t.deepEqual(shown(prefix("k", 7), 20, 3), ["k 7"]);
});
