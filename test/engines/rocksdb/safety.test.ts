/** The source is never changed; stopping, aborting and closing at any moment; buffers; other programs at the same store. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { KGDUMP } from "../../cli/support/run.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, entriesOf, numbered, putEntries, readStore } from "./support.js";

const WRITER = fileURLToPath(new URL("./writer.js", import.meta.url));
const ROCKSDB = new URL("../../../../dist/engines/rocksdb/rocksdb.js", import.meta.url).href;

/** Name, size, times and content of every file in a directory, and the directory's own times. */
async function portrait(path: string): Promise<string[]> {
  const lines = [];
  for (const name of [".", ...(await readdir(path)).sort()]) {
    const { size, mtimeNs, ctimeNs, ino, mode } = await stat(join(path, name), { bigint: true });
    const digest = name === "." ? "" : createHash("sha256").update(await readFile(join(path, name))).digest("hex");
    lines.push([name, size, mtimeNs, ctimeNs, ino, mode, digest].join(" "));
  }
  return lines;
}

for (const store of ["maya-lz4", "maya-unflushed", "maya-families", "odd-merge-wal", "odd-wide", "odd-ttl", "odd-reverse"]) {
  test(`reading ${store} changes nothing in it`, async (t) => {
    const path = await unpackStore(t, store);
    await chmod(path, 0o555);
    const before = await portrait(path);
    await readStore(path).catch(() => undefined);
    t.deepEqual(await portrait(path), before);
    await chmod(path, 0o755);
  });
}

test("times are stripped only where OPTIONS tells of some", async (t) => {
  for (const store of ["maya-lz4", "maya-families"]) {
    const path = await unpackStore(t, store);
    await t.throwsAsync(openRocksdbSource(path, { ttl: "strip" }), { code: "USAGE", message: /mentions no time to live/ });
    await (await openRocksdbSource(path, { ttl: "keep" })).close();
  }
  await (await openRocksdbSource(await unpackStore(t, "odd-ttl"), { ttl: "strip" })).close();
});

test("no file of a store is opened for writing", async (t) => {
  const path = await unpackStore(t, "maya-unflushed");
  const program = `
    const { openRocksdbSource } = await import(${JSON.stringify(ROCKSDB)});
    const source = await openRocksdbSource(${JSON.stringify(path)});
    for await (const block of source.scan(Buffer.from("default"), { blockSize: 65536 })) block.release();
    await source.close();`;
  const trace = ["-f", "-qq", "-e", "trace=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,ftruncate,truncate"];
  const node = [process.execPath, "--input-type=module", "-e", program];
  const run = await promisify(execFile)("strace", [...trace, ...node], { maxBuffer: 64 << 20 }).catch((error: unknown) => error as { code?: unknown; stderr: string });
  if ("code" in run && run.code === "ENOENT") {
    t.log("SKIPPED: there is no strace here");
    t.pass();
    return;
  }
  const calls = run.stderr.split("\n").filter((line) => line.includes(path));
  t.true(calls.length > 5);
  t.deepEqual(calls.filter((line) => !/open(at)?\(.*O_RDONLY/.test(line) || /O_CREAT|O_TRUNC/.test(line)), []);
});

test("stopping early, closing at once and closing twice", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(5000));
  const source = await openRocksdbSource(path);
  for await (const block of source.scan(Buffer.from("default"), { blockSize: 500 })) {
    t.true(block.entries > 0);
    break;
  }
  const started = source.scan(Buffer.from("default"), { blockSize: 500 })[Symbol.asyncIterator]();
  const first = await started.next();
  t.false(first.done);
  // The store goes away under a scan that reads ahead; the scan keeps what it needs until it ends.
  const closed = source.close();
  t.is(source.close(), closed);
  await closed;
  let entries = first.done === true ? 0 : first.value.entries;
  for (let next = await started.next(); next.done !== true; next = await started.next()) entries += next.value.entries;
  t.is(entries, 5000);
  t.throws(() => source.scan(Buffer.from("default"), { blockSize: 500 }), { instanceOf: TypeError });
});

test("an aborted scan throws the signal's reason and lets the store go", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(5000));
  const reason = new Error("enough");
  await t.throwsAsync(openRocksdbSource(path, { signal: AbortSignal.abort(reason) }), { is: reason });
  await using source = await openRocksdbSource(path);
  const abort = new AbortController();
  let blocks = 0;
  await t.throwsAsync(
    async () => {
      for await (const block of source.scan(Buffer.from("default"), { blockSize: 500, signal: abort.signal })) {
        block.release();
        if (++blocks === 3) abort.abort(reason);
      }
    },
    { is: reason },
  );
  t.is(blocks, 3);
  await t.throwsAsync(entriesOf(source, "default", { signal: abort.signal }), { is: reason });
});

test("all scans of one opening show one point in time", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(100), { families: ["nodes"], flush: false });
  await using source = await openRocksdbSource(path);
  const sink = await createRocksdbSink(path);
  for (const family of ["default", "nodes"]) await sink.operate(family, [{ kind: "put", key: bytes("later"), value: bytes("x") }]);
  await sink.operate("default", [{ kind: "deleteRange", from: bytes("key00000"), to: bytes("key00050") }]);
  await sink.flush();
  await sink.compact("default");
  t.deepEqual(await entriesOf(source, "default"), numbered(100));
  t.deepEqual(await entriesOf(source, "nodes"), []);
  await sink.close();
});

test("a store that is open for writing is readable, with a warning, and keeps its lock", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path);
  await sink.operate("default", [{ kind: "put", key: bytes("a"), value: bytes("1") }]);
  const { entries, warnings } = await readStore(path);
  t.deepEqual(entries.get("default"), [["a", "1"]]);
  if (process.platform === "linux") t.regex(warnings[0] ?? "", new RegExp(`in use by process ${process.pid} `));
  // Reading must not have released the lock that this process holds.
  const other = await promisify(execFile)(process.execPath, [WRITER, path]).then(() => "opened it", (error: unknown) => (error as { stderr: string }).stderr);
  t.regex(other, /STORE_IN_USE/);
  await assertCode(t, "STORE_IN_USE", () => createRocksdbSink(path));
  await sink.close();
});

test("a writer in another container is seen, though it has no number here", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path);
  const kgdump = (...args: readonly string[]): ReturnType<typeof spawnSync> => spawnSync("unshare", ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", ...args], { encoding: "utf8" });
  try {
    if (kgdump("true").status !== 0) {
      t.log("SKIPPED: this system lets nobody make a PID namespace");
      return;
    }
    const { status, stderr } = kgdump(process.execPath, KGDUMP, "export", path, "-o", "/dev/null");
    t.is(status, 0, String(stderr));
    t.regex(String(stderr), /^warning: the store is in use by a process in another container: you get/m);
    const migrated = kgdump(process.execPath, KGDUMP, "migrate", "--from", path);
    t.is(migrated.status, 6);
    t.regex(String(migrated.stderr), /is open by a process in another container \[STORE_IN_USE\]/);
  } finally {
    await sink.close();
  }
});

for (const mode of ["automatic", "manual"]) {
  test.serial(`beside a writer that flushes and compacts, nothing is missed (${mode} log flush)`, async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    const writer = spawn(process.execPath, [WRITER, path, mode], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(writer, "exit");
    let acknowledged = 0;
    writer.stdout.on("data", (data: Buffer) => (acknowledged = Number(data.toString().trim().split("\n").at(-1))));
    while (acknowledged === 0) await sleep(20);
    let last = 0;
    try {
      // On a busy machine many rounds are over before the writer has made as many numbers as the store is to hold.
      for (let round = 0; round < 40 || acknowledged < 2000; round++) {
        const least = acknowledged;
        const { entries } = await readStore(path);
        const numbers = [...entries.values()].flat().map(([, value]) => Number(value)).sort((a, b) => a - b);
        const newest = numbers.at(-1) ?? -1;
        t.is(numbers.length, Math.min(2000, newest + 1));
        t.true(numbers.every((number, index) => number === (numbers[0] ?? 0) + index), "a number is missing");
        t.true(newest >= last && newest >= least - 1, `${newest} is older than ${last} or ${least}`);
        last = newest;
      }
    } finally {
      writer.stdin.end();
      await ended;
    }
    t.is(((await readStore(path)).entries.get("default")?.length ?? 0) * 2, 2000);
  });
}

test("opening, scanning and leaving a store many times takes no more memory", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(2000), { families: ["nodes", "edges"] });
  // In a process of its own: the files of tests share one.
  const program = `
    const { openRocksdbSource } = await import(${JSON.stringify(ROCKSDB)});
    const rounds = async (count) => {
      for (let round = 0; round < count; round++) {
        const source = await openRocksdbSource(${JSON.stringify(path)});
        for await (const block of source.scan(Buffer.from("default"), { blockSize: 1000 })) {
          block.release();
          if (block.entries % 2 === 0) break;
        }
        await source.close();
      }
      return process.memoryUsage.rss();
    };
    const before = await rounds(150);
    console.log(((await rounds(300)) - before) >> 20);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  t.true(Number(stdout) < 40, `${stdout.trim()} MiB more after 300 rounds`);
});
