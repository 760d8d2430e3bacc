/** Whatever a service did to the sled store, a rollback notices: also when there are as many entries as before. */
import test from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { sledWrite } from "../../../checker/run.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const hex = (text: string): string => Buffer.from(text).toString("hex");
const CONTENT = { default: { a: "1", b: "2", c: "3" }, nodes: { a: "1", b: "2" }, one: { a: "1" }, empty: {} };

const CHANGES: Readonly<Record<string, readonly string[]>> = {
  "another value": [`put ${hex("b")} ${hex("9")}`],
  "an empty value": [`put ${hex("b")} `],
  "two values exchanged": [`put ${hex("a")} ${hex("2")}`, `put ${hex("b")} ${hex("1")}`],
  "another key instead": [`delete ${hex("b")}`, `put ${hex("bb")} ${hex("2")}`],
  "a key more": [`put ${hex("d")} ${hex("4")}`],
  "a key less": [`delete ${hex("c")}`],
  "a tree dropped": [`drop ${hex("one")}`],
  "a tree emptied": [`tree ${hex("one")}`, `delete ${hex("a")}`],
  "a tree made anew with other content": [`drop ${hex("one")}`, `tree ${hex("one")}`, `put ${hex("b")} ${hex("1")}`],
  "a tree under another name": [`drop ${hex("one")}`, `tree ${hex("two")}`, `put ${hex("a")} ${hex("1")}`],
  "entries that changed trees": [`tree ${hex("one")}`, `delete ${hex("a")}`, `tree ${hex("empty")}`, `put ${hex("a")} ${hex("1")}`],
  "a tree that is new": [`tree ${hex("new")}`, `put ${hex("a")} ${hex("1")}`],
};
const NO_CHANGES: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  "the same values again": [`put ${hex("a")} ${hex("1")}`],
  "a key that came and went": [`put ${hex("d")} ${hex("4")}`, `delete ${hex("d")}`],
  "an empty tree that is new": [`tree ${hex("new")}`],
};

for (const [what, lines] of Object.entries(CHANGES)) {
  test(`a rollback refuses to lose it: ${what}`, async (t) => {
    const store = await makeStore(await temporaryDirectory(t), "graph", CONTENT);
    await migrateStore({ source: store, keepDump: false });
    await sledWrite(store, lines);
    await t.throwsAsync(rollbackStore({ target: store }), { code: "ROLLBACK_LOSES_DATA" });
    t.is(await occupantOf(store), "sled", "nothing was touched");
  });
}

for (const [what, lines] of Object.entries(NO_CHANGES)) {
  test(`a rollback goes through, as nothing would be lost: ${what}`, async (t) => {
    const store = await makeStore(await temporaryDirectory(t), "graph", CONTENT);
    await migrateStore({ source: store, keepDump: false });
    await sledWrite(store, lines);
    t.is((await rollbackStore({ target: store })).status, "rolled-back");
    t.is(await occupantOf(store), "rocksdb");
  });
}
