import test from "ava";
import { describeFilter, refuseEmptyRange, startsWith } from "#src/operations/entries/filter.js";

test("a whole store needs no description", (t) => {
  t.is(describeFilter({}, false), null);
});

test("each bound is described", (t) => {
  const key = Buffer.from("a:");
  t.is(describeFilter({ prefix: key, from: key, to: key, limit: 5 }, true), "some keyspaces prefix=hex:613a from=hex:613a to=hex:613a limit=5");
});

test("a key starts with the empty prefix, with itself, and with nothing longer", (t) => {
  const key = Buffer.from("node:1");
  t.true(startsWith(key, Buffer.alloc(0)));
  t.true(startsWith(key, key));
  t.true(startsWith(key, Buffer.from("node:")));
  t.false(startsWith(key, Buffer.from("node:12")));
  t.false(startsWith(key, Buffer.from("edge")));
});

test("a range in which no key can be is refused, in the order of the keyspaces that are taken", (t) => {
  const range = (from: string, to: string) => ({ from: Buffer.from(from), to: Buffer.from(to) });
  const [forwards, reverse] = [{ comparator: "bytewise" }, { comparator: "reverse-bytewise" }] as const;
  t.notThrows(() => { refuseEmptyRange(range("a", "b"), [forwards]); });
  t.throws(() => { refuseEmptyRange(range("b", "a"), [forwards]); }, { code: "USAGE", message: /comes after --to/ });
  t.notThrows(() => { refuseEmptyRange(range("b", "a"), [reverse]); });
  t.throws(() => { refuseEmptyRange(range("a", "b"), [reverse]); }, { code: "USAGE" });
  t.notThrows(() => { refuseEmptyRange(range("b", "a"), [forwards, reverse]); });
  t.throws(() => { refuseEmptyRange(range("a", "a"), [forwards, reverse]); }, { code: "USAGE", message: /the same key/ });
  t.notThrows(() => { refuseEmptyRange({ from: Buffer.from("z") }, [forwards]); });
});
