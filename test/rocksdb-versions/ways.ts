/** The ways in which kgdump writes RocksDB stores, each with the store that it has to be like. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { recoverInto } from "#src/operations/recover/recover-into.js";
import { unpackStore } from "../fixtures/unpack.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

/** A store that kgdump wrote. */
export interface Written {
  /** Its directory. */
  readonly store: string;
  /** A store with the same content that RocksDB's own writes filled; null when there is none. */
  readonly original: string | null;
  /** Families whose keys are in reverse order. */
  readonly reversed: readonly string[];
}

const BACK = { name: "back", comparator: "reverse-bytewise" } as const;
const CONTENT = { default: numbered("k", 700), nodes: numbered("n", 300, "a longer value of a node"), empty: {}, back: numbered("r", 300) };

/** Store and restored store in a new directory. */
async function madeAgain(t: ExecutionContext, content: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<Written> {
  const directory = await temporaryDirectory(t);
  const [dump, restored] = [join(directory, "a.kgd"), join(directory, "restored")];
  const reversed = "back" in content ? [BACK] : [];
  const original = await makeStore(directory, "original", content, reversed);
  await exportStore({ store: original, output: dump });
  await restoreDump({ target: restored, input: dump });
  return { store: restored, original, reversed: reversed.map(({ name }) => name) };
}

/** Each way by its name. */
export const WAYS: Readonly<Record<string, (t: ExecutionContext) => Promise<Written>>> = {
  async fixture(t) {
    const original = await unpackStore(t, "maya-lz4");
    const directory = await temporaryDirectory(t);
    const [dump, store] = [join(directory, "a.kgd"), join(directory, "restored")];
    await exportStore({ store: original, output: dump });
    await restoreDump({ target: store, input: dump });
    return { store, original, reversed: [] };
  },
  restored: (t) => madeAgain(t, CONTENT),
  "other families only": (t) => madeAgain(t, { nodes: numbered("n", 900) }),
  "reversed only": (t) => madeAgain(t, { back: numbered("n", 900) }),
  "without records": (t) => madeAgain(t, { nodes: {}, back: {} }),
  async "from sled, in another order"(t) {
    const made = await madeAgain(t, CONTENT);
    const directory = await temporaryDirectory(t);
    const [first, sled, second, store] = ["1.kgd", "sled", "2.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string, string];
    await exportStore({ store: made.store, output: first });
    await importDump({ target: sled, input: first });
    await exportStore({ store: sled, output: second });
    await restoreDump({ target: store, input: second, optionsFrom: first });
    return { ...made, store };
  },
  async "from deltas"(t) {
    const directory = await temporaryDirectory(t);
    const [first, second, store] = ["1.kgd", "2.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string];
    const original = await makeStore(directory, "original", CONTENT, [BACK]);
    await exportStore({ store: original, output: first });
    {
      await using sink = await createRocksdbSink(original, { families: [BACK] });
      await sink.operate("default", [{ kind: "delete", key: Buffer.from("k0000003") }, { kind: "put", key: Buffer.from("z"), value: Buffer.from("new") }]);
      await sink.flush();
    }
    await exportStore({ store: original, base: [first], output: second });
    await restoreDump({ target: store, input: [first, second] });
    return { store, original, reversed: ["back"] };
  },
  async "carried back"(t) {
    const directory = await temporaryDirectory(t);
    const store = await makeStore(directory, "store", CONTENT, [BACK]);
    const original = join(directory, "original");
    await cp(store, original, { recursive: true });
    await migrateStore({ source: store, keepDump: false });
    const fresh = { key: Buffer.from("new"), value: Buffer.from("1") };
    {
      await using sink = await openSledSink(store, { create: false });
      await sink.apply(Buffer.from("nodes"), encodeEntries([fresh]), "overwrite");
      await sink.flush();
    }
    await rollbackStore({ target: store, carryBack: true });
    await using sink = await createRocksdbSink(original, { families: [BACK] });
    await sink.operate("nodes", [{ kind: "put", ...fresh }]);
    return { store, original, reversed: ["back"] };
  },
  async "migrated from sled"(t) {
    const made = await madeAgain(t, CONTENT);
    const directory = await temporaryDirectory(t);
    const [dump, sled, store] = ["a.kgd", "sled", "restored"].map((name) => join(directory, name)) as [string, string, string];
    await exportStore({ store: made.store, output: dump });
    await importDump({ target: sled, input: dump });
    await migrateStore({ source: sled, target: store, engine: "rocksdb", keepDump: false });
    // Sled's trees are in the order of bytes, and so are the families that are made of them.
    return { store, original: null, reversed: [] };
  },
  async "recovered into a new store"(t) {
    const made = await madeAgain(t, CONTENT);
    const store = join(await temporaryDirectory(t), "recovered");
    await recoverInto({ store: made.original ?? made.store, target: store });
    return { ...made, store };
  },
  async "compacted in place"(t) {
    const made = await madeAgain(t, CONTENT);
    const store = join(await temporaryDirectory(t), "store");
    await cp(made.original ?? made.store, store, { recursive: true });
    await compactStore({ store });
    return { ...made, store };
  },
  async "by age"(t) {
    const directory = await temporaryDirectory(t);
    const [dump, store] = [join(directory, "a.kgd"), join(directory, "restored")];
    // Under other programs than the original's it is a family like any other.
    const fifo = { name: "default", options: "compaction_style=kCompactionStyleFIFO;compaction_options_fifo={max_table_files_size=100000000};ttl=0" };
    const original = await makeStore(directory, "original", {}, [fifo]);
    for (const prefix of "mza") {
      await using sink = await createRocksdbSink(original, { families: [fifo] });
      await sink.operate("default", Object.entries(numbered(prefix, 300)).map(([key, value]) => ({ kind: "put", key: Buffer.from(key), value: Buffer.from(value) })));
      await sink.flush();
    }
    await exportStore({ store: original, output: dump });
    await restoreDump({ target: store, input: dump });
    return { store, original, reversed: [] };
  },
  async "compacted by RocksDB"(t) {
    const made = await madeAgain(t, CONTENT);
    await using sink = await createRocksdbSink(made.store, { families: [BACK] });
    for (const name of Object.keys(CONTENT)) await sink.compact(name);
    return made;
  },
  async control(t) {
    const made = await madeAgain(t, CONTENT);
    return { ...made, store: made.original ?? made.store, original: null };
  },
};
