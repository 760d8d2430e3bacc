import test from "ava";
import { describeFilter, startsWith } from "#src/operations/entries/filter.js";

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
