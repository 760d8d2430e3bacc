/** Writing to sled stores: what happens to keys that exist, limits, settings, locks, and places that hold something else. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { engineOf } from "#src/engines/registry.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink, type SledSink } from "#src/engines/sled/sled.js";
import { encodeEntries, iterateEntries } from "#src/format/entries.js";
import { sledCheck, sledHold, sledWrite } from "../../checker/run.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { failure } from "./support.js";

const DEFAULT = Buffer.from("default");
const WRITER = fileURLToPath(new URL("./full-writer.js", import.meta.url));
const text = (value: string | null): Uint8Array | null => (value === null ? null : Buffer.from(value));

/** An encoded block of these keys and values; null deletes. */
function block(entries: Readonly<Record<string, string | null>>): Uint8Array {
  return encodeEntries(Object.entries(entries).map(([key, value]) => ({ key: Buffer.from(key), value: text(value) })));
}

/** The value of one key, as a scan shows it. */
async function valueOf(sink: SledSink, wanted: string): Promise<string | undefined> {
  for await (const entries of sink.scan(DEFAULT, { blockSize: 1000, prefix: Buffer.from(wanted) })) {
    for (const { key, value } of iterateEntries(entries.data)) if (Buffer.from(key).toString() === wanted) return Buffer.from(value ?? []).toString();
    entries.release();
  }
  return undefined;
}

test("keys that exist are overwritten, kept, or end it before anything is written", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await openSledSink(path, { create: true });
  const get = (key: string): Promise<string | undefined> => valueOf(sink, key);
  t.deepEqual(await sink.apply(DEFAULT, block({ b: "1", d: "1" }), "fail"), { written: 2, kept: 0 });
  t.deepEqual(await sink.apply(DEFAULT, block({ a: "2", b: "2", c: "2" }), "keep"), { written: 2, kept: 1 });
  t.deepEqual([await get("a"), await get("b"), await get("c")], ["2", "1", "2"]);

  const error = await failure(t, () => sink.apply(DEFAULT, block({ A: "3", d: "3", z: "3" }), "fail"));
  t.is(error.code, "KEY_EXISTS");
  t.regex(error.message, /\bd\b/);
  t.deepEqual([await get("A"), await get("d"), await get("z")], [undefined, "1", undefined]);

  t.deepEqual(await sink.apply(DEFAULT, block({ b: "4", z: "4" }), "overwrite"), { written: 2, kept: 0 });
  t.deepEqual([await get("b"), await get("z")], ["4", "4"]);
  t.deepEqual(await sink.apply(DEFAULT, block({ a: null, y: null }), "overwrite"), { written: 2, kept: 0 });
  t.deepEqual(await sink.apply(DEFAULT, block({ b: null, y: null }), "keep"), { written: 1, kept: 1 });
  t.deepEqual([await get("a"), await get("b")], [undefined, "4"]);
  t.is((await failure(t, () => sink.apply(DEFAULT, block({ b: null }), "fail"))).code, "KEY_EXISTS");
});

test("keys in messages are escaped", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await openSledSink(path, { create: true });
  const key = Buffer.from("\u001b[2J\n\u0000");
  const one = encodeEntries([{ key, value: Buffer.from("v") }]);
  await sink.apply(DEFAULT, one, "fail");
  const error = await failure(t, () => sink.apply(DEFAULT, one, "fail"));
  t.true(error.message.includes("\\x1b[2J\\x0a\\x00"), error.message);
});

test("a key that comes twice in a block counts as one that exists", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await openSledSink(path, { create: true });
  const twice = Buffer.concat([block({ a: "1" }), block({ a: "2" })]);
  t.is((await failure(t, () => sink.apply(DEFAULT, twice, "fail"))).code, "KEY_EXISTS");
  t.deepEqual(await sink.apply(Buffer.from("other"), twice, "keep"), { written: 1, kept: 1 });
});

test("blocks are compared with what the store holds", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await openSledSink(path, { create: true });
  await sink.apply(DEFAULT, block({ a: "1", b: "2" }), "fail");
  t.deepEqual(await sink.compare(DEFAULT, block({ a: "1", b: "2", c: null })), { missing: 0, changed: 0, firstKey: null });
  const found = await sink.compare(DEFAULT, block({ a: "1", b: "3", c: "4", d: "" }));
  t.deepEqual([found.missing, found.changed, Buffer.from(found.firstKey ?? []).toString()], [2, 1, "b"]);
  t.is((await sink.compare(DEFAULT, block({ a: null }))).changed, 1);
  t.is((await failure(t, () => sink.compare(Buffer.from("no"), block({ a: "1" })))).code, "KEYSPACE_UNKNOWN");
});

test("a block that is no run of entries changes nothing", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await openSledSink(path, { create: true });
  const good = block({ a: "1", b: "2" });
  for (const bad of [good.subarray(0, good.length - 1), Buffer.concat([good, Buffer.of(0xc0)]), Buffer.of(0xc5, 0, 1, 7, 0xc4, 0), Buffer.of(0xc6, 255, 255, 255, 255)]) {
    t.is((await failure(t, () => sink.apply(DEFAULT, bad, "overwrite"))).code, "DUMP_ENTRIES_MALFORMED");
  }
  await sink.close();
  t.is((await sledCheck(path))[0]?.records, 0);
});

test("keys that are too long for a store are refused before anything is written", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using sink = await openSledSink(path, { create: true });
  const tooLong = encodeEntries([
    { key: Buffer.from("a"), value: Buffer.from("1") },
    { key: new Uint8Array((16 << 20) + 1), value: new Uint8Array() },
  ]);
  const error = await failure(t, () => sink.apply(DEFAULT, tooLong, "overwrite"));
  t.is(error.code, "STORE_UNSUPPORTED");
  t.is(await valueOf(sink, "a"), undefined);
});

test("settings are taken from the store, and others are refused", async (t) => {
  const root = await temporaryDirectory(t);
  const path = join(root, "store");
  await sledWrite(path, ["put 61 62"], { compression: true });
  const wrong = await failure(t, () => openSledSink(path, { create: false, compression: false }));
  t.is(wrong.code, "STORE_SETTINGS_MISMATCH");
  t.is((await failure(t, () => openSledSink(path, { create: false, segmentSize: 4096 }))).code, "STORE_SETTINGS_MISMATCH");
  t.is((await failure(t, () => openSledSink(join(root, "new"), { create: true, segmentSize: 1000 }))).code, "STORE_SETTINGS_MISMATCH");
  t.false(existsSync(join(root, "new")));
  const plain = join(root, "plain");
  await sledWrite(plain, ["put 61 62"]);
  t.is((await failure(t, () => openSledSink(plain, { create: false, compression: true }))).code, "STORE_SETTINGS_MISMATCH");
  const sink = await openSledSink(path, { create: false });
  t.deepEqual(sink.settings, { compression: true, segmentSize: 524_288 });
  await sink.apply(DEFAULT, block({ c: "3" }), "fail");
  await sink.close();
  t.is((await sledCheck(path, { compression: true }))[0]?.records, 2);
});

test("a store that another process has open is in use, and says by whom", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await sledWrite(path, ["put 61 62"]);
  const holder = await sledHold(path);
  try {
    const error = await failure(t, () => openSledSink(path, { create: false }));
    t.is(error.code, "STORE_IN_USE");
    t.is(error.exitCode, 6);
    t.is((await failure(t, () => openSledSource(path))).code, "STORE_IN_USE");
    if (process.platform === "linux") t.regex(error.message, new RegExp(`process ${holder.pid} \\(sled-check\\)`));
  } finally {
    await holder.release();
  }
  await (await openSledSink(path, { create: false })).close();
});

test("a store that is let go within two seconds is waited for", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await sledWrite(path, ["put 61 62"]);
  const holder = await sledHold(path);
  const opening = openSledSource(path);
  await holder.release();
  await (await opening).close();
  t.pass();
});

test("what is no sled store is never made into one", async (t) => {
  const root = await temporaryDirectory(t);
  const listing = async (): Promise<string[]> => (await readdir(root, { recursive: true })).sort();
  await mkdir(join(root, "empty"));
  await mkdir(join(root, "rocksdb"));
  await writeFile(join(root, "rocksdb", "CURRENT"), "MANIFEST-000001\n");
  await mkdir(join(root, "documents"));
  await writeFile(join(root, "documents", "db"), "my notes");
  await mkdir(join(root, "configured"));
  await writeFile(join(root, "configured", "db"), "my notes");
  await writeFile(join(root, "configured", "conf"), "[server]\nport = 1\n");
  await writeFile(join(root, "file"), "text");
  const before = await listing();
  for (const name of ["empty", "rocksdb", "documents", "configured", "file"]) {
    t.is((await failure(t, () => openSledSource(join(root, name)))).code, "STORE_NOT_RECOGNIZED", name);
    t.is((await failure(t, () => openSledSink(join(root, name), { create: false }))).code, "STORE_NOT_RECOGNIZED", name);
    if (name !== "empty") t.is((await failure(t, () => openSledSink(join(root, name), { create: true }))).code, "STORE_NOT_RECOGNIZED", name);
  }
  t.is((await failure(t, () => openSledSource(join(root, "nothing")))).code, "STORE_NOT_FOUND");
  t.is((await failure(t, () => openSledSink(join(root, "nothing"), { create: false }))).code, "STORE_NOT_FOUND");
  t.false(existsSync(join(root, "nothing")));
  t.deepEqual(await listing(), before);

  await (await openSledSink(join(root, "empty"), { create: true })).close();
  t.is(engineOf(await readdir(join(root, "empty"))), "sled");
  t.is((await failure(t, () => openSledSink(join(root, "empty"), { create: true }))).code, "TARGET_EXISTS");
});

test("a place that may not be written to", async (t) => {
  if (process.getuid?.() === 0) {
    // Root may write everywhere but here.
    const error = await failure(t, () => openSledSink("/proc/kgdump", { create: true }));
    t.true(["PERMISSION_DENIED", "IO_FAILED"].includes(error.code), error.code);
    return;
  }
  const root = await temporaryDirectory(t);
  await chmod(root, 0o500);
  t.is((await failure(t, () => openSledSink(join(root, "store"), { create: true }))).code, "PERMISSION_DENIED");
  await chmod(root, 0o700);
});

test("a store whose files were taken away while it was open fails, and the process goes on", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await openSledSink(path, { create: true });
  await sink.apply(DEFAULT, block({ a: "1" }), "fail");
  await rm(path, { recursive: true });
  const big = encodeEntries([{ key: Buffer.from("b"), value: new Uint8Array(300_000) }]);
  t.is((await failure(t, () => sink.apply(DEFAULT, big, "fail"))).code, "IO_FAILED");
  t.is((await failure(t, () => sink.apply(DEFAULT, block({ c: "3" }), "fail"))).code, "IO_FAILED");
  t.is((await failure(t, () => sink.flush())).code, "IO_FAILED");
  // The failure was told: closing after it says no more, and does not wait for ever.
  await sink.close();
});

test("a full disk ends as an error and not in waiting for ever, for values in the log and in files of their own", async (t) => {
  const root = await temporaryDirectory(t);
  const full = async (name: string, size: number, count: number): Promise<string[]> => {
    const limited = 'ulimit -f 2048; exec "$0" "$@"';
    const { stdout } = await promisify(execFile)("sh", ["-c", limited, process.execPath, WRITER, join(root, name), String(size), String(count)]);
    return JSON.parse(stdout) as string[];
  };
  t.deepEqual(await full("fits", 1000, 100), ["done", "done", "done", "done"]);
  const failed = ["NO_SPACE", "NO_SPACE", "NO_SPACE", "done"];
  t.deepEqual(await full("blob", 3_000_000, 1), failed);
  t.deepEqual(await full("log", 10_000, 2000), failed);
});
