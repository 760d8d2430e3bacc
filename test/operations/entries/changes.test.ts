import test from "ava";
import fc from "../../support/properties.js";
import { compareKeys, encodeEntries, type Entry, iterateEntries, type KeyOrder } from "#src/format/index.js";
import { changesBetween, withChanges } from "#src/operations/entries/changes.js";

const bytes = fc.uint8Array({ maxLength: 6 });
const state = fc.array(fc.tuple(bytes, bytes), { maxLength: 40 });
const order = fc.constantFrom<KeyOrder>("bytewise", "reverse-bytewise");

/** Entries in order, without doubled keys. */
function sorted(pairs: readonly (readonly [Uint8Array, Uint8Array])[], keyOrder: KeyOrder): Entry[] {
  const byKey = new Map(pairs.map(([key, value]) => [Buffer.from(key).toString("hex"), { key, value }]));
  return [...byKey.values()].sort((a, b) => compareKeys(keyOrder, a.key, b.key));
}

/** Encoded entries in blocks of the sizes given in turn; each block is overwritten when the next is asked for. */
async function* blocks(entries: readonly Entry[], sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < entries.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const block = encodeEntries(entries.slice(at, at + size));
    yield block;
    block.fill(0xff);
    at += size;
  }
}

const plain = (entries: Iterable<Entry>): unknown[] =>
  Array.from(entries, ({ key, value }) => [Buffer.from(key).toString("hex"), value === null ? null : Buffer.from(value).toString("hex")]);

test("changes, applied to the first state, give the second, and nothing that is the same is among them", async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(order, state, state, state, sizes, fc.integer({ min: 1, max: 60 }), async (keyOrder, onlyA, both, onlyB, cuts, blockSize) => {
      const [a, b] = [sorted([...onlyA, ...both], keyOrder), sorted([...both, ...onlyB], keyOrder)];
      const changes: Entry[] = [];
      for await (const block of changesBetween({ order: keyOrder, first: blocks(a, cuts), second: blocks(b, [3]), blockSize })) {
        const entries = [...iterateEntries(block.data)];
        const sum = (length: (entry: Entry) => number): number => entries.reduce((total, entry) => total + length(entry), 0);
        t.is(block.entries, entries.length);
        t.is(block.keyBytes, sum(({ key }) => key.length));
        t.is(block.valueBytes, sum(({ value }) => value?.length ?? 0));
        t.deepEqual([Buffer.from(block.firstKey), Buffer.from(block.lastKey)], [Buffer.from(entries[0]?.key ?? []), Buffer.from(entries.at(-1)?.key ?? [])]);
        t.true(entries.length === 1 || block.data.length <= blockSize);
        changes.push(...entries);
      }
      const before = new Map(plain(a) as [string, string][]);
      const after = new Map(plain(b) as [string, string][]);
      const expected = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
      t.deepEqual((plain(changes) as [string, string | null][]).map(([key]) => key).sort(), expected.sort());

      const result: Entry[] = [];
      for await (const block of withChanges({ order: keyOrder, first: blocks(a, [2]), second: blocks(changes, cuts), blockSize })) {
        result.push(...iterateEntries(block.data));
      }
      t.deepEqual(plain(result), plain(b));
    }),
    { numRuns: 300 },
  );
});

test("stopping early ends both runs", async (t) => {
  const ended: string[] = [];
  async function* endless(name: string, value: string): AsyncGenerator<Uint8Array> {
    try {
      for (let index = 0; ; index += 1) yield encodeEntries([{ key: Buffer.from(String(index).padStart(9, "0")), value: Buffer.from(value) }]);
    } finally {
      ended.push(name);
    }
  }
  for await (const block of changesBetween({ order: "bytewise", first: endless("a", "1"), second: endless("b", "2"), blockSize: 10 })) {
    t.true(block.entries > 0);
    break;
  }
  t.deepEqual(ended, ["a", "b"]);
});
