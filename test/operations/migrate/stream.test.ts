/** Without a dump, entries go from store to store: whichever side fails is told, and not that the other one went away. */
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/sink.js";
import type { EntryLoader, EntrySource } from "#src/engines/store.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/entries.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import type { Seams } from "#src/operations/run/seams.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { instead } from "../guards-support.js";

const fail = (code: "STORE_DAMAGED" | "NO_SPACE"): never => {
  throw new KgdumpError(code, "by this test");
};

/** Fails behind the first block. */
async function* cut<Block>(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  for await (const block of blocks) {
    yield block;
    fail("STORE_DAMAGED");
  }
}

const FAILING: Readonly<Record<string, readonly [Seams, code: string]>> = {
  "the old store can't be read": [{ exporting: (real) => instead<EntrySource>(real, { scan: (name, options) => cut(real.scan(name, options)) }) }, "STORE_DAMAGED"],
  "the new store can't be made": [{ loader: () => fail("NO_SPACE") }, "NO_SPACE"],
  "the new store can't be filled": [{ loader: (real) => instead<EntryLoader>(real, { load: () => Promise.resolve().then(() => fail("NO_SPACE")) }) }, "NO_SPACE"],
};

/** A store of sled with more than waits between the two sides, and the RocksDB store that it was made of. */
async function stores(t: ExecutionContext): Promise<{ directory: string; rocksdb: string; sled: string }> {
  const directory = await temporaryDirectory(t);
  const [rocksdb, dump, sled] = [join(directory, "rocksdb"), join(directory, "dump.kgd"), join(directory, "sled")];
  await using sink = await createRocksdbSink(rocksdb);
  for (let part = 0; part < 8; part += 1) await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from([part]), value: randomBytes(2 ** 20) }]), "overwrite");
  await sink.close();
  await exportStore({ store: rocksdb, output: dump });
  await importDump({ target: sled, input: dump });
  return { directory, rocksdb, sled };
}

for (const [what, [seams, code]] of Object.entries(FAILING)) {
  test(`${what}: that is told, and nothing is left`, async (t) => {
    const { directory, sled: source } = await stores(t);
    const before = await readdir(directory);
    await t.throwsAsync(migrateStore({ source, engine: "rocksdb", stream: true, seams }), { code, message: "by this test" });
    t.deepEqual((await readdir(directory)).filter((name) => !name.endsWith(".json")), before);
    await t.notThrowsAsync(migrateStore({ source, engine: "rocksdb", stream: true }));
  });
}

test("a new store that can't even be begun ends the reading of the old one", async (t) => {
  t.timeout(60_000);
  const { rocksdb } = await stores(t);
  const settings = { segmentSize: 3 };
  await t.throwsAsync(migrateStore({ source: rocksdb, stream: true, settings }), { code: "USAGE", message: /segment/ });
});
