/** What an import reads of a chain. */
import { join } from "node:path";
import test from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { readEntries, readHeader } from "#src/operations/dump/events.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("the header of a chain is that of its last dump, as of a full one, with the keyspaces that it leads to", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 10) });
  const chain: string[] = [];
  for (const [index, family] of ["default", "second", "third"].entries()) {
    if (index > 0) {
      await using sink = await createRocksdbSink(store);
      await sink.createKeyspace(Buffer.from(family));
      await sink.operate(family, [{ kind: "put", key: Buffer.from("a"), value: Buffer.from("b") }]);
      await sink.flush();
    }
    const dump = join(directory, `${family}.kgd`);
    await exportStore({ store, output: dump, base: [...chain], dumpId: `00000000-0000-4000-8000-00000000000${String(index)}` });
    chain.push(dump);
    await using last = await openDump(dump);
    const events = readEntries({ input: [...chain] });
    const { keyspaces, ...header } = await readHeader(events);
    await events.return(undefined);
    const { keyspaces: _, ...wanted } = last.header;
    t.deepEqual(header, { ...wanted, kind: "full", base: null });
    t.deepEqual(keyspaces.map(({ name, estimatedEntries }) => [Buffer.from(name).toString(), estimatedEntries]), [["default", 10], ["second", 1], ["third", 1]].slice(0, index + 1));
  }
});
