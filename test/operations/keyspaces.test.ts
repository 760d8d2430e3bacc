import test from "ava";
import { nameText, selectKeyspaces } from "#src/operations/keyspaces.js";

const names = ["default", "nodes", "edges"].map((name) => Buffer.from(name));

test("without a selection all are taken", (t) => {
  t.deepEqual(selectKeyspaces(names, {}), [true, true, true]);
  t.deepEqual(selectKeyspaces([], {}), []);
});

test("keyspaces are chosen and left out by name, given as text or bytes", (t) => {
  t.deepEqual(selectKeyspaces(names, { only: ["nodes", Buffer.from("edges")] }), [false, true, true]);
  t.deepEqual(selectKeyspaces(names, { except: ["nodes"] }), [true, false, true]);
  t.deepEqual(selectKeyspaces(names, { only: ["nodes", "edges"], except: ["edges"] }), [false, true, false]);
});

test("an unknown name is refused with those that there are", (t) => {
  t.throws(() => selectKeyspaces(names, { only: ["node"] }), { code: "KEYSPACE_UNKNOWN", message: /"node"/ });
  const error = t.throws(() => selectKeyspaces(names, { except: ["__proto__"] }));
  t.like(error, { code: "KEYSPACE_UNKNOWN", hint: "there are: default, nodes, edges" });
});

test("leaving out everything is refused", (t) => {
  t.throws(() => selectKeyspaces(names, { except: names }), { code: "KEYSPACE_UNKNOWN" });
});

test("names that are no text are escaped", (t) => {
  t.is(nameText(Buffer.from("für")), "für");
  t.is(nameText(Buffer.from([0x61, 0xff, 0x00])), "a\\xff\\x00");
});
