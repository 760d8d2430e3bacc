import test from "ava";
import fc from "../support/properties.js";
import { checkEntries, compareKeys, DEFAULT_LIMITS, encodeEntries, type Entry, type ExpectedEntries, findEntry, iterateEntries, type Limits, rangeMayHoldPrefix } from "#src/format/index.js";
import { bytes, entry } from "./support/dumps.js";

const check = (raw: Uint8Array, more: Partial<ExpectedEntries>, limits: Limits = DEFAULT_LIMITS) =>
  checkEntries(raw, { order: "bytewise", entries: 2, firstKey: bytes("a"), lastKey: bytes("b"), deletions: false, ...more }, limits);
const two = encodeEntries([entry("a", "1"), entry("b", "22")]);

test("sound entries give the sums of their lengths", (t) => {
  t.deepEqual(check(two, {}), { keyBytes: 2, valueBytes: 3 });
  const reversed = encodeEntries([entry("b", ""), entry("a", "")]);
  t.deepEqual(check(reversed, { order: "reverse-bytewise", firstKey: bytes("b"), lastKey: bytes("a") }), { keyBytes: 2, valueBytes: 0 });
});

test("count, first and last key must be as said", (t) => {
  t.throws(() => check(two, { entries: 1 }), { code: "DUMP_ENTRIES_MALFORMED", message: /2 entries, not 1/ });
  t.throws(() => check(two, { entries: 3 }), { code: "DUMP_ENTRIES_MALFORMED" });
  t.throws(() => check(two, { firstKey: bytes("c") }), { code: "DUMP_ENTRIES_MALFORMED", message: /first key/ });
  t.throws(() => check(two, { lastKey: bytes("bb") }), { code: "DUMP_ENTRIES_MALFORMED", message: /last key/ });
  t.throws(() => check(new Uint8Array(0), {}), { code: "DUMP_ENTRIES_MALFORMED" });
});

test("nil is a deletion in a delta only", (t) => {
  const raw = encodeEntries([entry("a", null), entry("b", "22")]);
  t.deepEqual(check(raw, { deletions: true }), { keyBytes: 2, valueBytes: 2 });
  t.throws(() => check(raw, {}), { code: "DUMP_ENTRIES_MALFORMED", message: /delta/ });
  t.deepEqual([...iterateEntries(raw)].map(({ value }) => value), [null, bytes("22")]);
});

test("equal and descending keys are refused, in whichever of four bytes they differ", (t) => {
  const pairs = [["a", "a"], ["b", "a"], ["", ""], ["ab", "a"], ["abcdX", "abcdW"], ["abcdefgh", "abcdefgh"], ["abcdefgi", "abcdefgh"], ["\u00ff", "a"]] as const;
  for (const [first, last] of pairs) {
    const raw = encodeEntries([entry(first, ""), entry(last, "")]);
    t.throws(() => check(raw, { firstKey: bytes(first), lastKey: bytes(last) }), { code: "DUMP_ORDER_BROKEN" }, `${first} ${last}`);
  }
});

test("the order within a block is that of the keys, whatever they are", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12, max: 2 }), fc.uint8Array({ maxLength: 12, max: 2 }), fc.constantFrom("bytewise" as const, "reverse-bytewise" as const), (a, b, order) => {
      const raw = encodeEntries([{ key: a, value: null }, { key: b, value: a }]);
      const read = () => check(raw, { order, firstKey: a, lastKey: b, deletions: true });
      if (compareKeys(order, a, b) < 0) t.notThrows(read);
      else t.throws(read, { code: "DUMP_ORDER_BROKEN" });
    }),
  );
});

test("keys and values: at their limit, and one byte more", (t) => {
  const raw = encodeEntries([entry("abc", "12345")]);
  const expected = { entries: 1, firstKey: bytes("abc"), lastKey: bytes("abc") };
  t.notThrows(() => check(raw, expected, { ...DEFAULT_LIMITS, key: 3, value: 5 }));
  t.throws(() => check(raw, expected, { ...DEFAULT_LIMITS, key: 2 }), { code: "DUMP_LIMIT_EXCEEDED", message: /key of 3/ });
  t.throws(() => check(raw, expected, { ...DEFAULT_LIMITS, value: 4 }), { code: "DUMP_LIMIT_EXCEEDED", message: /value of 5/ });
});

test("anything but entries in their shortest form is refused", (t) => {
  const bad = ["00", "c4", "c401", "c40161", "c4016100", "c40161c4", "c40161c40231", "c5", "c500", "c50001", "c5000161c0", "c600000001", "c6000000", "c60000000161c0", "a161c400", "c0c0", "c40161c1", "c40161c6ffffffff", `c500ff${"61".repeat(255)}c0`, `c60000ffff${"61".repeat(65_535)}c0`];
  for (const hex of bad) t.throws(() => [...iterateEntries(Buffer.from(hex, "hex"))], { code: "DUMP_ENTRIES_MALFORMED" }, hex.slice(0, 20));
});

test("every bit of encoded entries matters or is content", (t) => {
  // A flipped bit either is refused, or gives other entries: never the same.
  const same = (raw: Uint8Array): string => JSON.stringify(Array.from(iterateEntries(raw), (each: Entry) => [Buffer.from(each.key).toString("hex"), each.value && Buffer.from(each.value).toString("hex")]));
  const before = same(two);
  for (let bit = 0; bit < two.length * 8; bit += 1) {
    const flipped = Buffer.from(two);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    try {
      t.not(same(flipped), before);
    } catch (error) {
      t.like(error, { code: "DUMP_ENTRIES_MALFORMED" });
    }
  }
});

test("findEntry finds each key that is there and no other, whatever the order, wherever its entry is", (t) => {
  const keys = fc.uniqueArray(fc.uint8Array({ maxLength: 3, max: 4 }), { minLength: 1, maxLength: 60, selector: (key) => key.join() });
  fc.assert(
    fc.property(keys, fc.array(fc.uint8Array({ maxLength: 3, max: 4 })), fc.constantFrom("bytewise" as const, "reverse-bytewise" as const), (unsorted, others, order) => {
      const entries = unsorted.toSorted((a, b) => compareKeys(order, a, b)).map((key, place): Entry => ({ key, value: place % 3 === 0 ? null : bytes(String(place)) }));
      const [first, last] = [entries[0], entries.at(-1)];
      if (first === undefined || last === undefined) return;
      const raw = encodeEntries(entries);
      const marks: number[] = [];
      checkEntries(raw, { order, entries: entries.length, firstKey: first.key, lastKey: last.key, deletions: true }, DEFAULT_LIMITS, marks);
      const of = (key: Uint8Array) => entries.find((each) => Buffer.compare(each.key, key) === 0)?.value;
      for (const key of [...unsorted, ...others]) t.deepEqual(findEntry(raw, marks, order, key)?.value, of(key));
      // A look-up goes through few entries, and the first one is among those that it may begin at.
      t.is(marks.length, Math.ceil(entries.length / 16));
    }),
  );
  t.is(findEntry(new Uint8Array(0), [], "bytewise", bytes("a")), undefined);
});

test("rangeMayHoldPrefix: for all ranges of short keys and all prefixes", (t) => {
  const longer = (keys: readonly number[][]): number[][] => keys.flatMap((key) => [0, 1, 255].map((byte) => [...key, byte]));
  const keys = [[], ...longer([[]]), ...longer(longer([[]]))].map((key) => Uint8Array.from(key));
  const starts = (key: Uint8Array, prefix: Uint8Array): boolean => Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
  const wrong: string[] = [];
  for (const order of ["bytewise", "reverse-bytewise"] as const) {
    for (const first of keys) {
      for (const last of keys.filter((key) => compareKeys(order, first, key) <= 0)) {
        for (const prefix of keys) {
          // The least key with the prefix is the prefix itself: if any key of the range has it, one of these has.
          const holds = [first, last, prefix].some((key) => starts(key, prefix) && compareKeys(order, first, key) <= 0 && compareKeys(order, key, last) <= 0);
          if (rangeMayHoldPrefix(order, first, last, prefix) !== holds) wrong.push([order, ...[first, last, prefix].map((key) => Buffer.from(key).toString("hex"))].join(" "));
        }
      }
    }
  }
  t.deepEqual(wrong, []);
});
