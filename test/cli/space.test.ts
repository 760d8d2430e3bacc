/** Room is looked at before long work: what surely does not fit is refused before anything is written, and nothing that fits is. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { checkRoom, roomIn } from "#src/operations/disk/space.js";
import { exportStore } from "#src/operations/export/export.js";
import { planExport } from "#src/operations/export/plan.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump, shell } from "./support/run.js";
import { bigStore, namesIn, smallFileSystem } from "./support/stores.js";

const MEGABYTE = 1024 * 1024;
/** The error has both figures, and says that one is an estimate. */
const FIGURES = /^kgdump: \S+ has [\d,]+ bytes free, and \D+ takes at least about [\d,]+, by an estimate \[NO_SPACE\]$/m;

/** A place with a little room; null, which is told, where there can be none. */
async function place(t: ExecutionContext, megabytes: number): Promise<{ directory: string; small: string } | null> {
  const directory = await temporaryDirectory(t);
  const small = await smallFileSystem(t, directory, `size=${megabytes.toString()}m`);
  return small === null ? null : { directory, small };
}

async function assertRefused(t: ExecutionContext, small: string, args: readonly string[]): Promise<void> {
  const ended = await kgdump(args);
  assertOneError(t, ended, 5, "NO_SPACE");
  t.regex(ended.stderr, FIGURES, args.join(" "));
  t.deepEqual(await namesIn(small), [], args.join(" "));
}

async function assertFits(t: ExecutionContext, args: readonly string[]): Promise<void> {
  const ended = await kgdump(args);
  t.is(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
}

test("what does not fit is refused with what is needed and what is free", async (t) => {
  const at = await place(t, 8);
  if (at === null) return;
  const { path } = await bigStore(at.directory, 24);
  const dump = join(at.directory, "big.kgd");
  await assertFits(t, ["export", path, "-o", dump]);
  for (const codec of ["lz4", "zstd", "none"]) await assertRefused(t, at.small, ["export", path, "-o", join(at.small, "x.kgd"), "--codec", codec]);
  await assertRefused(t, at.small, ["import", join(at.small, "t"), "-i", dump]);
  await assertRefused(t, at.small, ["restore", join(at.small, "t"), "-i", dump, "--compression", "none"]);
  const sled = join(at.directory, "sled");
  await assertFits(t, ["import", sled, "-i", dump]);
  await assertRefused(t, at.small, ["export", sled, "-o", join(at.small, "x.kgd")]);
});

test("what compresses fits, and so does a part of what does not", async (t) => {
  const at = await place(t, 8);
  if (at === null) return;
  const path = await makeStore(at.directory, "flat", { default: Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`k${index.toString().padStart(6, "0")}`, "0".repeat(16 * 1024)])) });
  const dump = join(at.directory, "flat.kgd");
  await assertFits(t, ["export", path, "-o", dump]);
  await assertFits(t, ["export", path, "-o", join(at.small, "lz4.kgd")]);
  await assertFits(t, ["export", path, "-o", join(at.small, "zstd.kgd"), "--codec", "zstd"]);
  const progress: number[] = [];
  await exportStore({ store: path, output: join(at.small, "told.kgd"), onProgress: ({ entries }) => progress.push(entries) });
  t.deepEqual(progress, progress.toSorted((a, b) => a - b), "what was rehearsed is no progress");
  for (const what of ["import", "restore"]) {
    const told: string[] = [];
    const options = { target: join(at.small, what), input: dump, onWarning: (warning: string) => { told.push(warning); }, onProgress: () => { t.is(told.length, 1); } };
    const { warnings } = what === "import" ? await importDump({ ...options, compression: true }) : await restoreDump(options);
    // Keys of seven bytes, and values.
    t.regex(told.join(), new RegExp(`the (?:import|restored store) may take up to about ${(1500 * (7 + 16 * 1024)).toLocaleString("en-US")}, by an estimate: it may not fit$`));
    t.deepEqual(warnings, told);
    await rm(join(at.small, what), { recursive: true });
  }
  await assertFits(t, ["import", join(at.small, "sled"), "-i", dump, "--compression"]);
  await assertFits(t, ["restore", join(at.small, "rocksdb"), "-i", dump]);
  await assertFits(t, ["export", path, "-o", join(at.small, "part.kgd"), "--codec", "none", "--limit", "20"]);
  await assertFits(t, ["import", join(at.small, "part"), "-i", dump, "--prefix", "k00000"]);
});

test("blobs compress in their own way, whatever their tables do", async (t) => {
  const at = await place(t, 8);
  if (at === null) return;
  const path = join(at.directory, "blobs");
  {
    await using sink = await createRocksdbSink(path, { options: "enable_blob_files=true;min_blob_size=100;blob_compression_type=kLZ4Compression" });
    for (let block = 0; block < 10; block++) {
      const entries = Array.from({ length: 100 }, (_, index) => ({ key: Buffer.from(`k${(block * 100 + index).toString().padStart(6, "0")}`), value: Buffer.alloc(16 * 1024, "0") }));
      await sink.apply(Buffer.from("default"), encodeEntries(entries), "overwrite");
    }
    await sink.flush();
  }
  const dump = join(at.directory, "blobs.kgd");
  await assertFits(t, ["export", path, "-o", dump]);
  await assertFits(t, ["restore", join(at.small, "restored"), "-i", dump, "--compression", "none"]);
});

test("what was overwritten takes no room in a dump", async (t) => {
  const at = await place(t, 4);
  if (at === null) return;
  const path = join(at.directory, "overwritten");
  {
    await using sink = await createRocksdbSink(path, { compression: "none", options: "disable_auto_compactions=true" });
    for (let round = 0; round < 8; round++) {
      const entries = Array.from({ length: 64 }, (_, index) => ({ key: Buffer.from(`k${index.toString().padStart(3, "0")}`), value: Buffer.alloc(16 * 1024, `${round.toString()}${index.toString()}`) }));
      await sink.apply(Buffer.from("default"), encodeEntries(entries), "overwrite");
      await sink.flush();
    }
  }
  await assertFits(t, ["export", path, "-o", join(at.small, "x.kgd"), "--codec", "none"]);
});

test("what may not fit is a warning before the work begins, told once", async (t) => {
  const at = await place(t, 80);
  if (at === null) return;
  const path = await makeStore(at.directory, "flat", { default: Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`k${index.toString().padStart(6, "0")}`, "0".repeat(16 * 1024)])) });
  const ended = await kgdump(["export", path, "-o", join(at.small, "x.kgd")]);
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stderr.match(/bytes free, and the export may take up to about [\d,]+, by an estimate: it may not fit/g)?.length, 1, ended.stderr);
  t.true(ended.stderr.indexOf("may not fit") < ended.stderr.indexOf("exported"), ended.stderr);
  const json = await kgdump(["export", path, "-o", join(at.small, "y.kgd"), "--json"]);
  t.regex(json.stdout.toString(), /"warnings": \[\s*"[^"]+it may not fit"/);
});

test("a dry run warns of what may not fit, by the sums of what is selected", async (t) => {
  const at = await place(t, 2);
  if (at === null) return;
  const values = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index.toString().padStart(6, "0")}`, "0".repeat(16 * 1024)]));
  const path = await makeStore(at.directory, "flat", { default: values(100), other: values(100), small: values(1) });
  const output = join(at.small, "x.kgd");
  const whole = await planExport({ store: path, output });
  const estimates = whole.keyspaces.map(({ estimatedBytes }) => estimatedBytes ?? 0);
  t.is(whole.estimatedBytes, estimates.reduce((sum, bytes) => sum + bytes, 0));
  t.is(whole.estimatedEntries, whole.keyspaces.reduce((sum, { estimatedEntries }) => sum + (estimatedEntries ?? 0), 0));
  t.regex(whole.warnings.join("\n"), new RegExp(`the dump may take up to about ${(whole.estimatedBytes ?? 0).toLocaleString("en-US")}, by an estimate: it may not fit`));
  const part = await planExport({ store: path, output, keyspaces: ["default", "small"] });
  t.is(part.estimatedBytes, (estimates[0] ?? 0) + (estimates[2] ?? 0));
  // Each of the two large ones fits alone, and both do not.
  t.deepEqual(part.warnings, []);
  t.deepEqual((await planExport({ store: path, keyspaces: ["other"], output })).warnings, []);
  const told = await kgdump(["export", path, "-o", output, "--dry-run"]);
  t.regex(told.stderr + told.stdout.toString(), /it may not fit/);
  t.deepEqual(await namesIn(at.small), []);
});

test("a stream is written as far as it goes: how much room its end has, nobody knows", async (t) => {
  const at = await place(t, 8);
  if (at === null) return;
  const { path } = await bigStore(at.directory, 24);
  const ended = await shell(`kgdump export "${path}" > "${at.small}/x.kgd"`);
  assertOneError(t, ended, 5, "NO_SPACE");
  t.notRegex(ended.stderr, FIGURES);
});

test("a file system that compresses, or of which nobody knows, refuses nothing", async (t) => {
  const at = await place(t, 8);
  if (at === null) return;
  const error = await t.throwsAsync(checkRoom(at.small, "the test", { least: 9 * MEGABYTE, likely: 0 }));
  t.like(error, { code: "NO_SPACE", path: at.small });
  t.deepEqual(await checkRoom(at.small, "the test", { least: 7 * MEGABYTE, likely: 7 * MEGABYTE }), []);
  t.is((await checkRoom(at.small, "the test", { least: 0, likely: 9 * MEGABYTE })).length, 1);
  // Neither has a byte for files, and neither says how much it takes.
  for (const directory of ["/proc", "/sys"]) {
    t.is((await roomIn(directory)).sure, Infinity, directory);
    t.deepEqual(await checkRoom(directory, "the test", { least: 1, likely: 1 }), []);
  }
});
