/** What stores may hold: odd family names, deletions, blobs, all compressions, other ways of writing. */
import { mkdir, readdir, rename, rm, writeFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, entriesOf, numbered, putEntries, readStore } from "./support.js";

const ODD_NAMES = ["a/b", "../up", "line\nbreak", "tab\tand\rreturn", "\u001b[31mred", "graph \u{1f578}", "a\\n#b:c", "[CFOptions \"x\"]", " space ", "__proto__"];

test("families of any name", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path, { families: ODD_NAMES });
  const latin = Buffer.from([0xff, 0xfe, 0x80]);
  await sink.createKeyspace(latin);
  for (const name of ODD_NAMES) await sink.operate(name, [{ kind: "put", key: bytes("name"), value: Buffer.from(name) }]);
  await sink.operate(latin, [{ kind: "put", key: bytes("name"), value: latin }]);
  await sink.close();
  await using source = await openRocksdbSource(path);
  t.is(source.info.keyspaces.length, ODD_NAMES.length + 2);
  for (const name of ODD_NAMES) t.deepEqual(await entriesOf(source, name), [["name", Buffer.from(name).toString("latin1")]]);
  t.deepEqual(await entriesOf(source, latin), [["name", "\xff\xfe\x80"]]);
  // The options of each are found under its own name.
  const known = source.info.keyspaces.filter(({ options }) => options.compression === "kLZ4Compression");
  t.is(known.length, ODD_NAMES.length + 2);
});

test("deletions and range deletions, in tables and in the log", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(1000));
  const sink = await createRocksdbSink(path);
  await sink.operate("default", [{ kind: "deleteRange", from: bytes("key00100"), to: bytes("key00200") }]);
  await sink.operate("default", [{ kind: "put", key: bytes("key00150"), value: bytes("again") }]);
  await sink.flush();
  await sink.operate("default", [{ kind: "deleteRange", from: bytes("key00900"), to: bytes("key00950") }]);
  await sink.operate("default", [{ kind: "delete", key: bytes("key00000") }]);
  await sink.close();
  const gone = (key: string): boolean =>
    key === "key00000" || (key >= "key00100" && key < "key00200" && key !== "key00150") || (key >= "key00900" && key < "key00950");
  const wanted = numbered(1000).filter(([key]) => !gone(key)).map(([key, value]) => [key, key === "key00150" ? "again" : value] as const);
  t.deepEqual((await readStore(path)).entries.get("default"), wanted);
});

for (const compression of ["none", "lz4", "zstd", "snappy", "zlib", "bzip2"] as const) {
  test(`tables with compression ${compression}`, async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await putEntries(path, numbered(3000), { compression, blockSize: 1024 });
    t.deepEqual((await readStore(path)).entries.get("default"), numbered(3000));
  });
}

test("values in blob files", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(500), { options: "enable_blob_files=true;min_blob_size=30;blob_compression_type=kZSTD" });
  t.true((await readdir(path)).some((name) => name.endsWith(".blob")));
  t.deepEqual((await readStore(path)).entries.get("default"), numbered(500));
  const blob = (await readdir(path)).find((name) => name.endsWith(".blob")) ?? "";
  await rm(join(path, blob));
  const error = await assertCode(t, "STORE_DAMAGED", () => readStore(path));
  t.true(error.path?.endsWith(blob));
});

for (const [name, databaseOptions] of [
  ["compressed logs", "wal_compression=kZSTD"],
  ["recycled logs", "recycle_log_file_num=2"],
  ["tracked logs", "track_and_verify_wals_in_manifest=true"],
  ["two-phase commit", "allow_2pc=true"],
] as const) {
  test(`a store with ${name}`, async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    const sink = await createRocksdbSink(path, { databaseOptions, families: ["nodes"] });
    for (let round = 0; round < 6; round++) {
      for (const family of ["default", "nodes"]) {
        const operations = numbered(50, round * 50).map(([key, value]) => ({ kind: "put" as const, key: bytes(key), value: bytes(value) }));
        await sink.operate(family, operations);
      }
      if (round < 5) await sink.flush();
    }
    await sink.close();
    const { entries, warnings } = await readStore(path);
    t.deepEqual(entries.get("default"), numbered(300));
    t.deepEqual(entries.get("nodes"), numbered(300));
    t.deepEqual(warnings, []);
  });
}

test("logs in a directory of their own are read, and missed when it is gone", async (t) => {
  const directory = await temporaryDirectory(t);
  const [path, logs] = [join(directory, "store"), join(directory, "logs")];
  await putEntries(path, numbered(100), { databaseOptions: `wal_dir=${logs}`, flush: false });
  t.false((await readdir(path)).some((name) => name.endsWith(".log")));
  t.deepEqual((await readStore(path)).entries.get("default"), numbered(100));
  await rename(logs, `${logs}-elsewhere`);
  const error = await assertCode(t, "STORE_UNSUPPORTED", () => readStore(path));
  t.is(error.path, logs);
});

test("a store that was moved is read although its OPTIONS tell the old place", async (t) => {
  const directory = await temporaryDirectory(t);
  const [path, moved] = [join(directory, "old"), join(directory, "new")];
  await putEntries(path, numbered(100), { flush: false });
  await rename(path, moved);
  const options = (await readdir(moved)).filter((name) => name.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  const text = await readFile(join(moved, options), "utf8");
  // As RocksDB 5 wrote it: the store's own path.
  await writeFile(join(moved, options), text.replace(/^ {2}wal_dir=.*$/m, `  wal_dir=${path}`));
  t.deepEqual((await readStore(moved)).entries.get("default"), numbered(100));
});

test("without OPTIONS files a store is read with a warning", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(100), { comparator: "reverse-bytewise" });
  for (const name of await readdir(path)) if (name.startsWith("OPTIONS-")) await rm(join(path, name));
  const { entries, warnings } = await readStore(path);
  t.deepEqual(entries.get("default"), numbered(100).reverse());
  t.is(warnings.length, 1);
});

test("a merge operator whose operands were never merged is refused in tables, too", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const options = { options: "merge_operator=stringappend" };
  await putEntries(path, numbered(10), options);
  const sink = await createRocksdbSink(path, { ...options, databaseOptions: "avoid_flush_during_recovery=true" });
  await sink.operate("default", [{ kind: "merge", key: bytes("key00005"), value: bytes("more") }]);
  await sink.flush();
  await sink.close();
  // A base below and an operand above it, in two tables.
  t.true((await readStore(path)).entries.get("default")?.[5]?.[1].endsWith(",more"));
  const [file = ""] = (await readdir(path)).filter((name) => name.startsWith("OPTIONS-")).sort().reverse();
  const text = await readFile(join(path, file), "utf8");
  await writeFile(join(path, file), text.replace(/^ {2}merge_operator=.*$/m, "  merge_operator={id=maya.append;}"));
  const error = await assertCode(t, "STORE_MERGE_OPERATOR", () => readStore(path));
  t.regex(error.message, /maya\.append/);
  await (async () => {
    await using again = await createRocksdbSink(path, options);
    await again.compact("default");
  })();
  const entries = (await readStore(path)).entries.get("default") ?? [];
  t.true(entries[5]?.[1].endsWith(",more"));
});

test("what is no RocksDB store is told apart", async (t) => {
  const directory = await temporaryDirectory(t);
  await assertCode(t, "STORE_NOT_FOUND", () => openRocksdbSource(join(directory, "nothing")));
  const empty = join(directory, "empty");
  await mkdir(empty);
  await assertCode(t, "STORE_NOT_RECOGNIZED", () => openRocksdbSource(empty));
  await writeFile(join(directory, "file"), "text");
  await assertCode(t, "STORE_NOT_RECOGNIZED", () => openRocksdbSource(join(directory, "file")));
  await writeFile(join(empty, "db"), "");
  await writeFile(join(empty, "conf"), "");
  const error = await assertCode(t, "STORE_NOT_RECOGNIZED", () => openRocksdbSource(empty));
  t.regex(error.message, /Sled/);
});

test("an old stacked BlobDB is refused by name", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(1));
  await mkdir(join(path, "blob_dir"));
  await writeFile(join(path, "blob_dir", "000001.blob"), "");
  const error = await assertCode(t, "STORE_UNSUPPORTED", () => openRocksdbSource(path));
  t.regex(error.message, /BlobDB/);
});
