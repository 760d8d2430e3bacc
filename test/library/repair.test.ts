/** Finding what became of a key, as programs ask for it. */
import test from "ava";
import { findVersions } from "#src/index.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

test("a key is looked for in the keyspace that is named, as text or bytes, and else in all", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "store", { default: { key: "1" }, nodes: { key: "22", other: "333" } });
  for (const [keyspace, wanted] of [
    [undefined, ["default 1", "nodes 2"]], ["default", ["default 1"]], ["nodes", ["nodes 2"]], [Buffer.from("nodes"), ["nodes 2"]], ["none", []],
  ] as const) {
    const { versions, problems } = await findVersions(store, { key: "key", keyspace });
    t.deepEqual(versions.map(({ keyspaceText, valueBytes }) => `${keyspaceText} ${String(valueBytes)}`).sort(), [...wanted], String(keyspace));
    t.deepEqual(problems, []);
  }
});
