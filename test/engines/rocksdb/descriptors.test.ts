/**
 * Stores of more tables and logs than a process may have open: KGDUMP_TABLES and KGDUMP_LOGS are how many, about; 5000 and 2000 take some minutes.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, type RocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { type Ended, gather, KGDUMP } from "../../cli/support/run.js";
import { temporaryDirectory } from "../../support/temporary.js";

const TABLES = Number(process.env.KGDUMP_TABLES ?? 400);
const LOGS = Number(process.env.KGDUMP_LOGS ?? 300);
/** Descriptors that a process may have open. */
const LIMIT = 256;

const keyOf = (number: number): Buffer => Buffer.from(String(number).padStart(8, "0"));
const filesOf = async (store: string, end: string): Promise<number> => (await readdir(store)).filter((name) => name.endsWith(end)).length;

/** Makes a family of many small tables, and returns the number of its entries. */
async function makeTables(sink: RocksdbSink): Promise<number> {
  const entries = TABLES * 64;
  for (let number = 0; number < entries; number += 64) {
    await sink.operate("tables", Array.from({ length: 64 }, (_, index) => ({ kind: "put" as const, key: keyOf(number + index), value: randomBytes(250) })));
  }
  await sink.compact("tables");
  return entries;
}

/** Makes many logs that all count, as an entry of each is in no table, and returns the number of entries. */
async function makeLogs(sink: RocksdbSink): Promise<number> {
  for (let number = 0; number < LOGS; number++) {
    await sink.operate("unflushed", [{ kind: "put", key: keyOf(number), value: Buffer.from("in a log") }]);
    // More than the family holds in memory: it is written to a table, and a new log begins.
    await sink.operate("flushed", [0, 1].map((index) => ({ kind: "put" as const, key: keyOf(index), value: randomBytes(40_000) })));
  }
  return LOGS;
}

const openSink = (store: string): Promise<RocksdbSink> =>
  createRocksdbSink(store, {
    families: [
      { name: "tables", options: "write_buffer_size=268435456;target_file_size_base=4096;max_bytes_for_level_base=1073741824;disable_auto_compactions=true" },
      { name: "unflushed", options: "write_buffer_size=268435456" },
      { name: "flushed", options: "write_buffer_size=65536" },
    ],
    databaseOptions: "max_total_wal_size=100000000000",
  });

/** Runs kgdump with a low limit of open files. */
async function limited(args: readonly string[], limit = LIMIT): Promise<Ended> {
  const child = spawn("sh", ["-c", `ulimit -n ${String(limit)}; exec "$0" "$@"`, process.execPath, KGDUMP, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  return gather(child);
}

async function holds(t: ExecutionContext, dump: string, counts: Readonly<Record<string, number>>): Promise<void> {
  await using opened = await openDump(dump);
  for (const [family, count] of Object.entries(counts)) {
    let found = 0;
    for await (const { key } of opened.entries({ keyspace: family })) {
      if (!keyOf(found).equals(key)) return t.fail(`${family}: ${Buffer.from(key).toString()} instead of number ${String(found)}`);
      found++;
    }
    t.is(found, count, family);
  }
}

test("a store of more tables and logs than may be open is read whole, also while it is in use", async (t) => {
  t.timeout(120_000 + (TABLES + LOGS) * 300);
  const directory = await temporaryDirectory(t);
  const [store, dump] = [join(directory, "store"), join(directory, "dump.kgd")];
  {
    await using sink = await openSink(store);
    const counts = { tables: await makeTables(sink), unflushed: await makeLogs(sink), flushed: 2 };
    const [tables, logs] = [await filesOf(store, ".sst"), await filesOf(store, ".log")];
    t.log(`${tables} tables, ${logs} logs, ${LIMIT} descriptors`);
    t.true(tables > LIMIT && logs > LIMIT);
    const used = await limited(["export", store, "-o", dump]);
    t.is(used.code, 0, used.stderr);
    t.regex(used.stderr, /the store is in use/);
    await holds(t, dump, counts);
    await sink.close();
    const quiet = await limited(["export", store, "-o", dump, "--force"]);
    t.is(quiet.code, 0, quiet.stderr);
    await holds(t, dump, counts);
    const ends = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await limited(args);
      t.is(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout.toString();
    };
    await ends("verify", dump, "--against", store);
    t.regex(await ends("find", store, keyOf(0).toString()), /unflushed/);
    await ends("recover", store, "-o", join(directory, "saved.kgd"));
    await holds(t, join(directory, "saved.kgd"), counts);
    const restored = join(directory, "restored");
    await ends("restore", restored, "-i", dump, "--options-from", store);
    await ends("verify", dump, "--against", restored);
    await ends("migrate", "--from", store, "--dry-run");
    await ends("migrate", "--from", store);
    await ends("status", store);
    await ends("rollback", store);
    await ends("verify", dump, "--against", store);
  }
});

test("whichever call meets the limit of open files, nothing stays beside a store that is in use", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  await using sink = await createRocksdbSink(store, { families: [{ name: "default", options: "" }] });
  await sink.operate("default", [{ kind: "put", key: keyOf(1), value: Buffer.from("1") }]);
  const codes = new Set<number | null>();
  for (let limit = 18; limit <= 44; limit++) {
    const { code, stderr } = await limited(["export", store, "-o", "-"], limit);
    codes.add(code);
    t.deepEqual(await readdir(directory), ["store"], `${String(limit)} open files: ${stderr}`);
  }
  t.log([...codes]);
  t.true(codes.has(0) && codes.has(1), "some limits are too low, and some are not");
});

test("more tables in level 0 than may be open are an error that says what to do", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  {
    await using sink = await createRocksdbSink(store, { options: "disable_auto_compactions=true;level0_stop_writes_trigger=100000;level0_slowdown_writes_trigger=100000" });
    for (let number = 0; number < LIMIT; number++) {
      await sink.operate("default", [{ kind: "put", key: keyOf(number % 7), value: keyOf(number) }]);
      await sink.flush();
    }
  }
  const { code, stderr } = await limited(["export", store, "-o", `${store}.kgd`]);
  t.is(code, 1);
  t.regex(stderr, /Too many open files \(EMFILE\) \[IO_FAILED\][^]*ulimit -n/);
});
