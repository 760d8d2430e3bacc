/** What keys begin with: words are told from identifiers, and what is added up is what a plain count has. */
import test from "ava";
import fc from "../../support/properties.js";
import { prefixLengths, PrefixTree } from "#src/operations/entries/prefixes.js";
import { encodeEntries } from "#src/format/entries.js";
import { loggedSeed } from "../../support/seed.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** Where each word ends is marked by a `^` behind it. */
const KEYS: readonly string[] = [
  "node:^\x00\x01\x02",
  "node_edges:^000100aa-8a3c-4d29-9218-0832a41537a4:incoming",
  "user/^alice/^posts/^drafts/^more/x",
  "idx_^42",
  "created-^at-2020",
  "app.^settings",
  "/usr/^lib/^x",
  "tenant#^order|^7",
  "a\0^b",
  "table\xff^k",
  // No word ends here.
  "plain", "", ":", "::", "42:x", "2024-01-01:x", "deadbeef01:x", "deadbee1:x", "00f0:x", "\xc3\xa9:x", " \x01:", `${"w".repeat(48)}:x`, "12a4:x",
  `${"w".repeat(47)}:^x`, "face:^x", "deadbe1:^x", "v2:^x", "t1:^x",
  // What is no text begins no word.
  "\0a:x", "\xffa:x", "\ta:x", "node:^\x00F|x", "node:^\xff1Umo\tx", ":a:^x",
];

test("words end with a separator, and what tells one key from another is no word", (t) => {
  for (const marked of KEYS) {
    const key = marked.replaceAll("^", "");
    const lengths = [...marked.matchAll(/\^/g)].map(({ index }, before) => index - before);
    t.deepEqual(prefixLengths(bytes(key)), lengths, JSON.stringify(key));
  }
});

const word = fc.constantFrom("node:", "edge:", "user/", "a|", "");
const key = fc.tuple(word, word, fc.uint8Array({ maxLength: 6 })).map(([one, other, rest]) => Buffer.concat([bytes(one + other), rest]));
const sortedKeys = fc.uniqueArray(key, { maxLength: 120, selector: (one) => one.toString("hex") }).map((keys) => keys.sort((a, b) => Buffer.compare(a, b)));

/** Entries with these keys, encoded; each has eight bytes but for its key. */
const encoded = (keys: readonly Uint8Array[]): Uint8Array => encodeEntries(keys.map((one) => ({ key: one, value: bytes("value") })));
const sizeOf = (keys: readonly Uint8Array[]): number => encoded(keys).length;

/** The first word of each key, counted without the tree. */
function plainCount(keys: readonly Uint8Array[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of keys) {
    const text = Buffer.from(one).toString("latin1");
    const first = text.slice(0, prefixLengths(one)[0] ?? 0);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

/** The same of what a tree tells: prefixes of several words count for their first. */
function toldCount({ shares }: ReturnType<PrefixTree["top"]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { prefix, entries } of shares) {
    const text = Buffer.from(prefix).toString("latin1");
    const first = text.slice(0, prefixLengths(prefix)[0] ?? 0);
    counts.set(first, (counts.get(first) ?? 0) + entries);
  }
  return counts;
}

test("entries that are added are counted exactly, each once", (t) => {
  fc.assert(fc.property(sortedKeys, (keys) => {
    const tree = new PrefixTree();
    tree.addEntries(encoded(keys));
    const top = tree.top(1000);
    t.deepEqual([...toldCount(top)].sort(), [...plainCount(keys)].sort());
    t.true(top.shares.every(({ estimated, example, prefix }) => !estimated && Buffer.compare(example.subarray(0, prefix.length), prefix) === 0));
    t.is(top.shares.reduce((sum, { bytes: size }) => sum + size, 0), sizeOf(keys));
    t.true(tree.top(2).shares.length <= 2);
  }), { seed: loggedSeed(t) });
});

test("blocks count for what their first and last keys have in common; only what is mixed is an estimate", (t) => {
  fc.assert(fc.property(sortedKeys, fc.integer({ min: 1, max: 20 }), (keys, size) => {
    const tree = new PrefixTree();
    for (let at = 0; at < keys.length; at += size) {
      const block = keys.slice(at, at + size);
      const [firstKey, lastKey] = [block[0], block.at(-1)];
      if (firstKey === undefined || lastKey === undefined) throw new Error("an empty block");
      if (PrefixTree.isMixed({ firstKey, lastKey })) tree.addEntries(encoded(block));
      else tree.addBlock({ firstKey, lastKey, entries: block.length, rawLength: sizeOf(block) });
    }
    // Mixed blocks were looked into: keys with no word between two that have none may have one.
    const wordless = keys.some((one) => prefixLengths(one).length === 0);
    const [told, plain] = [toldCount(tree.top(1000)), plainCount(keys)];
    t.is([...told.values()].reduce((sum, count) => sum + count, 0), keys.length);
    if (!wordless) t.deepEqual([...told].sort(), [...plain].sort());
  }), { seed: loggedSeed(t) });
  const tree = new PrefixTree();
  const block = (firstKey: string, lastKey: string, entries: number): void => { tree.addBlock({ firstKey: bytes(firstKey), lastKey: bytes(lastKey), entries, rawLength: entries * 10 }); };
  block("edge:1", "edge:9", 50);
  block("edge:a", "node:1", 11);
  block("node:2", "node:9", 40);
  const { shares } = tree.top(5);
  t.deepEqual(shares.map(({ prefix, entries, bytes: size, estimated }) => [Buffer.from(prefix).toString(), entries, size, estimated]), [["edge:", 56, 555, true], ["node:", 45, 455, true]]);
});

test("what nearly all have in common is taken apart, and names that are each another's are not", (t) => {
  const tree = new PrefixTree();
  tree.addEntries(encoded(Array.from({ length: 90 }, (_, n) => bytes(`app:${["user", "post", "like"][n % 3] ?? ""}:${String(n)}`))));
  tree.addEntries(encoded(Array.from({ length: 5 }, (_, n) => bytes(`meta:${String(n)}`))));
  t.deepEqual(tree.top(10).shares.map(({ prefix, entries }) => [Buffer.from(prefix).toString(), entries]).sort(), [["app:like:", 30], ["app:post:", 30], ["app:user:", 30], ["meta:", 5]]);
  const names = new PrefixTree();
  names.addEntries(encoded(Array.from({ length: 26 ** 2 }, (_, n) => bytes(`user:${String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26))}ob:x`))));
  t.deepEqual(names.top(10).shares.map(({ prefix, entries }) => [Buffer.from(prefix).toString(), entries]), [["user:", 676]]);
});

test("of more prefixes than are kept, the others count for what they are within, and memory is bounded", (t) => {
  const tree = new PrefixTree();
  tree.addEntries(encoded(Array.from({ length: 30_000 }, (_, n) => bytes(`${Array.from(n.toString(26).padStart(4, "0")).map((digit) => String.fromCharCode(97 + parseInt(digit, 26))).join("")}:x`))));
  const { shares, more } = tree.top(10);
  t.is(shares.length + more, 1001);
  t.deepEqual([shares[0]?.prefix.length, shares[0]?.entries], [0, 29_000]);
});

test("what is within a prefix is told when there is room for all of it, and else the prefix", (t) => {
  const tree = new PrefixTree();
  tree.addEntries(encoded(["node:a:1", "node:b:1", "node:c:1"].map(bytes)));
  t.deepEqual(tree.top(3).shares.map(({ prefix }) => Buffer.from(prefix).toString()).sort(), ["node:a:", "node:b:", "node:c:"]);
  t.deepEqual(tree.top(2).shares.map(({ prefix }) => Buffer.from(prefix).toString()), ["node:"]);
});
