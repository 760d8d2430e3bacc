/** Oxigraph's store, moved to sled and back: SPARQL has equal answers. */
import { join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { copyOf, ok, pythonRunner, thereAndBack } from "./real-support.js";

test("Oxigraph answers alike before and after", async (t) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const directory = await temporaryDirectory(t);
  const store = join(directory, "oxigraph");
  await python.run(["oxigraph_store.py", "make", store]);
  const before = await python.run(["oxigraph_store.py", "ask", await copyOf(store)]);
  t.true(before.split("\n").length > 1000);
  t.regex(before, /true|True/);
  const { dump, rocksdb } = await thereAndBack(t, store, directory);
  t.true((JSON.parse((await ok(t, "inspect", dump, "--json")).stdout) as { keyspaces: unknown[] }).keyspaces.length >= 12);
  t.is(await python.run(["oxigraph_store.py", "ask", rocksdb]), before);
});
