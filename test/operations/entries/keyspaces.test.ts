import test from "ava";
import { ByName, nameText, selectKeyspaces } from "#src/operations/entries/keyspaces.js";

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

test("names are bytes: those that are no text are told apart, and of one name the first thing counts", (t) => {
  const odd = [[0xff], [0xfe], [0xc3, 0x28], [0x61, 0]].map((name) => Buffer.from(name));
  const numbers = new ByName(odd.map((name, number) => [name, number]));
  t.deepEqual(odd.map((name) => numbers.get(name)), [0, 1, 2, 3]);
  t.false(numbers.has(Buffer.from("\ufffd")));
  t.false(numbers.has(Buffer.from("a")));
  t.deepEqual(selectKeyspaces(odd, { only: [Buffer.from([0xfe])] }), [false, true, false, false]);
  t.is(new ByName([[Buffer.from("a"), "first"], [Buffer.from("a"), "second"]]).get(Buffer.from("a")), "first");
});

test("names that are no text are escaped", (t) => {
  t.is(nameText(Buffer.from("für")), "für");
  t.is(nameText(Buffer.from([0x61, 0xff, 0x00])), "a\\xff\\x00");
});
