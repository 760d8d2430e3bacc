/** RocksDB as a sink, and the addon's errors. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { addonError } from "#src/addon.js";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/entries.js";
import { straceIsMissing } from "../../faults/series.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, entriesOf, numbered, putEntries, readStore, type TextEntry } from "./support.js";

const ROCKSDB = new URL("../../../../dist/engines/rocksdb/rocksdb.js", import.meta.url).href;
const DEFAULT = Buffer.from("default");
const block = (entries: readonly TextEntry[]): Uint8Array => encodeEntries(entries.map(([key, value]) => ({ key: bytes(key), value: bytes(value) })));

test("blocks are applied whole, kept or refused by what exists", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await createRocksdbSink(path);
  t.deepEqual(await sink.apply(DEFAULT, block([["a", "1"], ["b", "2"]]), "fail"), { written: 2, kept: 0 });
  await assertCode(t, "KEY_EXISTS", () => sink.apply(DEFAULT, block([["0", "new"], ["b", "3"]]), "fail"));
  t.deepEqual(await sink.apply(DEFAULT, block([["b", "3"], ["c", "4"]]), "keep"), { written: 1, kept: 1 });
  t.deepEqual(await sink.apply(DEFAULT, block([["a", ""], ["d", "5"]]), "overwrite"), { written: 2, kept: 0 });
  t.deepEqual(await sink.compare(DEFAULT, block([["a", ""], ["b", "2"], ["c", "4"], ["d", "5"]])), { missing: 0, changed: 0, firstKey: null });
  const difference = await sink.compare(DEFAULT, block([["a", ""], ["b", "x"], ["c", ""], ["e", ""]]));
  t.deepEqual(difference, { missing: 1, changed: 2, firstKey: bytes("b") });
  await sink.close();
  const { entries } = await readStore(path);
  t.deepEqual(entries.get("default"), [["a", ""], ["b", "2"], ["c", "4"], ["d", "5"]]);
});

test("families are made on demand and opened again with their own order", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const families = ["nodes", { name: "backwards", comparator: "reverse-bytewise" as const, compression: "zstd" as const }];
  await putEntries(path, numbered(3), { families, family: "backwards" });
  const sink = await createRocksdbSink(path, { families });
  t.deepEqual(sink.info.keyspaces.map(({ name, comparator }) => [Buffer.from(name).toString(), comparator]), [
    ["default", "bytewise"],
    ["nodes", "bytewise"],
    ["backwards", "reverse-bytewise"],
  ]);
  await sink.createKeyspace(Buffer.from("more"));
  await sink.createKeyspace(Buffer.from("more"));
  await assertCode(t, "KEYSPACE_UNKNOWN", () => sink.apply(Buffer.from("none"), block([["a", "1"]]), "fail"));
  await assertCode(t, "DUMP_ENTRIES_MALFORMED", () => sink.apply(DEFAULT, Buffer.from([0xc4, 9, 1]), "overwrite"));
  await sink.close();
  await sink.close();
  const { entries } = await readStore(path);
  t.deepEqual([...entries.keys()], ["default", "nodes", "backwards", "more"]);
  t.deepEqual(entries.get("backwards"), numbered(3).reverse());
});

test("unflushed entries stay in the log, and a store without a log keeps what it closed with", async (t) => {
  const directory = await temporaryDirectory(t);
  await putEntries(join(directory, "log"), numbered(100), { flush: false, manualWalFlush: true });
  t.false((await readdir(join(directory, "log"))).some((name) => name.endsWith(".sst")));
  t.deepEqual((await readStore(join(directory, "log"))).entries.get("default"), numbered(100));
  await putEntries(join(directory, "none"), numbered(100), { flush: false, disableLog: true });
  t.deepEqual((await readStore(join(directory, "none"))).entries.get("default"), numbered(100));
});

test("what was flushed is on the disk, and not only with the system", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await temporaryDirectory(t);
  const [path, calls] = [join(directory, "store"), join(directory, "calls")];
  // It ends hard, as closing flushes once more.
  const program = `
    import { createRocksdbSink } from ${JSON.stringify(ROCKSDB)};
    const sink = await createRocksdbSink(${JSON.stringify(path)}, { manualWalFlush: true });
    await sink.operate("default", [{ kind: "put", key: Buffer.from("key"), value: Buffer.from("value") }]);
    await sink.flushLog();
    process.kill(process.pid, "SIGKILL");`;
  const child = spawn("strace", ["-f", "-y", "-e", "trace=write,fsync,fdatasync", "-o", calls, process.execPath, "--input-type=module", "-e", program], { stdio: "inherit" });
  await once(child, "exit");
  const [log = ""] = (await readdir(path)).filter((name) => name.endsWith(".log"));
  const ofLog = (await readFile(calls, "utf8")).split("\n").filter((line) => line.includes(`${log}>`)).map((line) => /\d+ +(\w+)/.exec(line)?.[1]);
  t.deepEqual(ofLog, ["write", "fdatasync"]);
});

test("what can't be opened or made is told", async (t) => {
  const directory = await temporaryDirectory(t);
  await assertCode(t, "USAGE", () => createRocksdbSink(join(directory, "a"), { options: "no_such_option=1" }));
  await writeFile(join(directory, "file"), "");
  await t.throwsAsync(createRocksdbSink(join(directory, "file")), { instanceOf: KgdumpError });
  await mkdir(join(directory, "store"));
  await writeFile(join(directory, "store", "CURRENT"), "MANIFEST-000001\n");
  await assertCode(t, "STORE_DAMAGED", () => createRocksdbSink(join(directory, "store")));
  await putEntries(join(directory, "order"), numbered(1));
  await assertCode(t, "STORE_COMPARATOR_UNSUPPORTED", () => createRocksdbSink(join(directory, "order"), { comparator: "reverse-bytewise" }));
});

test("a closed sink refuses work and the store can be read", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path);
  await sink.close();
  await t.throwsAsync(sink.apply(DEFAULT, block([["a", "1"]]), "fail"), { instanceOf: KgdumpError });
  await using source = await openRocksdbSource(path);
  t.deepEqual(await entriesOf(source, "default"), []);
});

test("what an addon throws becomes a KgdumpError", (t) => {
  const told = addonError(new Error('{"code":"STORE_DAMAGED","message":"m","path":"/p","hint":"h"}'));
  t.like(told, { code: "STORE_DAMAGED", message: "m", path: "/p", hint: "h" });
  t.is(told.keyspace, undefined);
  t.deepEqual(addonError(new Error('{"code":"NO_SPACE","message":"m","keyspace":"61ff"}')).keyspace, Buffer.from([0x61, 0xff]));
  t.is(addonError(new Error('{"code":"NO_SUCH_CODE","message":"m"}')).code, "INTERNAL");
  // Of a call of the system: 24 is EMFILE.
  const failed = addonError(new Error('{"code":"IO_FAILED","message":"m","system":24}'));
  t.is(failed.message, "m (EMFILE)");
  t.regex(failed.hint ?? "", /ulimit -n/);
  t.is(addonError(new Error('{"code":"IO_FAILED","message":"m","system":24,"hint":"h"}')).hint, "h");
  for (const text of ["no JSON", "null", "[1]", '{"code":1,"message":"m"}', '{"code":"USAGE","message":"m","path":1}', '{"code":"USAGE","message":"m","keyspace":1}']) {
    const error = addonError(new Error(text));
    t.is(error.code, "INTERNAL");
    t.true(error.message.includes(text));
  }
  t.is(addonError(told), told);
  t.is(addonError("thrown").code, "INTERNAL");
});
