/** Names of what is saved of a sled store. */
import test from "ava";
import { namesOf } from "#src/engines/sled/salvage.js";

test("leaves that no tree leads to get names that no tree has", (t) => {
  const names = (...trees: (string | null)[]): string[] => namesOf(trees.map((name) => (name === null ? {} : { name: Buffer.from(name) }))).map(String);
  t.deepEqual(names(null, "one", null), ["recovered-without-tree-1", "one", "recovered-without-tree-2"]);
  // A store that was made of a recovered one has such names.
  t.deepEqual(names(null, "recovered-without-tree-3", null, "recovered-without-tree-1", null), ["recovered-without-tree-2", "recovered-without-tree-3", "recovered-without-tree-4", "recovered-without-tree-1", "recovered-without-tree-5"]);
  t.deepEqual(names("__sled__default", null), ["default", "recovered-without-tree-1"]);
});
