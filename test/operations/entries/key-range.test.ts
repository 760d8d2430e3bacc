/** Ranges of keys in both orders, and blocks by their first and last key. */
import test from "ava";
import { KeyRange } from "#src/operations/entries/key-range.js";

const bytes = (text: string): Buffer => Buffer.from(text);
const block = (first: string, last: string): { firstKey: Buffer; lastKey: Buffer } => ({ firstKey: bytes(first), lastKey: bytes(last) });

test("from is the first key of a range, to the first behind it", (t) => {
  const range = new KeyRange("bytewise", { from: bytes("b"), to: bytes("d") });
  t.deepEqual(["a", "b", "cz", "d"].map((key) => range.has(bytes(key))), [false, true, true, false]);
  t.deepEqual([block("a", "az"), block("a", "b"), block("c", "z"), block("d", "e")].map((one) => range.placeOf(one)), ["before", "within", "within", "behind"]);
});

test("in the reverse order, bounds are, too", (t) => {
  const range = new KeyRange("reverse-bytewise", { from: bytes("d"), to: bytes("b") });
  t.deepEqual(["e", "d", "c", "b"].map((key) => range.has(bytes(key))), [false, true, true, false]);
  t.deepEqual([block("f", "e"), block("e", "d"), block("c", "a"), block("b", "a")].map((one) => range.placeOf(one)), ["before", "within", "within", "behind"]);
});

test("a prefix narrows it", (t) => {
  const range = new KeyRange("bytewise", { prefix: bytes("b"), to: bytes("bm") });
  t.deepEqual(["a", "b", "bz", "c"].map((key) => range.has(bytes(key))), [false, true, false, false]);
  t.deepEqual([block("a", "az"), block("a", "ba"), block("bm", "c")].map((one) => range.placeOf(one)), ["aside", "within", "behind"]);
});
