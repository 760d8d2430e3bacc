/** The logs of RocksDB stores that real writers made, in every way in which they are written: read whole, and missed when they are gone. */
import { copyFile, mkdir, readdir, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { digestOf } from "../../fixtures/digest.js";
import { fixtureDigests, unpackStore } from "../../fixtures/unpack.js";
import { differences, exportedOf } from "../../maker/exported.js";
import { hex, Maker } from "../../maker/run.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode } from "./support.js";

const [D, A] = [hex("default"), hex("a")];
const puts = (family: string, from: number, to: number, text = "v"): string[] =>
  Array.from({ length: to - from }, (_, index) => `put ${family} ${hex(`key${from + index}`)} ${hex(`${text}${from + index}`)}`);
const transaction = (name: string, family = D): string[] => [
  `begin ${hex(name)}`,
  `in ${hex(name)} put ${family} ${hex(`${name}1`)} ${hex(name)}`,
  `in ${hex(name)} put ${family} ${hex(`${name}2`)} ${hex(name)}`,
  `prepare ${hex(name)}`,
];

async function logsOf(store: string): Promise<string[]> {
  return (await readdir(store)).filter((name) => name.endsWith(".log")).sort();
}

async function warningsOf(store: string): Promise<readonly string[]> {
  await using source = await openRocksdbSource(store);
  return source.info.warnings;
}

test("transactions in two phases that overlap are read where they were committed", async (t) => {
  const path = await unpackStore(t, "log-two-phase-interleaved");
  const [wanted] = (await fixtureDigests()).filter(({ store }) => store === "log-two-phase-interleaved");
  const { records, bytes, digest } = await digestOf(path, "default", 65_536);
  t.deepEqual({ store: "log-two-phase-interleaved", family: "default", records, bytes, digest }, wanted);
  t.deepEqual(await warningsOf(path), []);
});

test("a transaction that is prepared and undecided is named, also when OPTIONS are lost", async (t) => {
  const path = await unpackStore(t, "log-two-phase-prepared");
  const [wanted] = (await fixtureDigests()).filter(({ store }) => store === "log-two-phase-prepared");
  for (const lost of [false, true]) {
    if (lost) for (const name of await readdir(path)) if (name.startsWith("OPTIONS-")) await rm(join(path, name));
    const { records, bytes, digest } = await digestOf(path, "default", 65_536);
    t.deepEqual({ store: "log-two-phase-prepared", family: "default", records, bytes, digest }, wanted);
    const said = (await warningsOf(path)).filter((warning) => warning.includes("prepared"));
    t.deepEqual(said, ['the transaction "waiting" (6 operations, in the log 000010.log) is prepared and neither committed nor rolled back: it is left out']);
  }
});

test("a log that stands in the place of another one is told by its content, where no entry has a number", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const store = join(directory, "graph");
  // The first log is kept for what is prepared in it; what is rolled back takes no number; the last log commits the first transaction.
  await maker.make(store, ["mode transactions committed", "open", ...transaction("A"), "crash", "open", ...transaction("B"), `rollback ${hex("B")}`, "crash", "open", `commit ${hex("A")}`, "crash"]);
  const [, second = "", third = "", ...more] = await logsOf(store);
  t.deepEqual(more, []);
  const said = async (): Promise<string> => (await warningsOf(store)).join("\n");
  t.notRegex(await said(), /same content/);
  await copyFile(join(store, second), join(store, third));
  t.regex(await said(), /the logs \S+ and \S+ have the same content: one of them may have replaced another log/);
});

test("a log that is not needed any more, and stands in the place of one that is, is told by its content", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const store = join(directory, "graph");
  await maker.make(store, ["mode transactions committed", "open", ...transaction("A"), `rollback ${hex("A")}`, "crash"]);
  const [first = ""] = await logsOf(store);
  const old = join(directory, "old.log");
  await copyFile(join(store, first), old);
  await maker.make(store, ["mode transactions committed", "open", `put ${hex("default")} ${hex("a")} ${hex("1")}`, `flush ${hex("default")}`, ...transaction("B"), "crash"]);
  const needed = (await logsOf(store)).at(-1) ?? "";
  await copyFile(old, join(store, first));
  t.notRegex((await warningsOf(store)).join("\n"), /same content/);
  await copyFile(old, join(store, needed));
  t.regex((await warningsOf(store)).join("\n"), /the logs \S+ and \S+ have the same content: one of them may have replaced another log/);
});

test("transactions of another write policy are refused by its name, with what to do", async (t) => {
  const error = await assertCode(t, "STORE_UNSUPPORTED", async () => openRocksdbSource(await unpackStore(t, "words-write-prepared")));
  t.regex(error.message, /WRITE_PREPARED/);
  t.regex(error.hint ?? "", /TransactionDB of the write policy WRITE_PREPARED.*flush.*close/);
});

test("a compressed log that is missing between others is noticed by its sequence numbers", async (t) => {
  const error = await assertCode(t, "STORE_LOG_DAMAGED", async () => openRocksdbSource(await unpackStore(t, "log-compressed-missing")));
  t.regex(error.message, /sequence numbers 31 to 60 are in no file/);
});

test("the newest log is missed by its name in MANIFEST; in a checkpoint, which may leave out an empty one, with a warning", async (t) => {
  const path = await unpackStore(t, "log-all-missing");
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
  t.regex(error.message, /000008\.log is missing/);
  t.is(error.path, join(path, "000008.log"));
  const store = join(await temporaryDirectory(t), "store");
  await using maker = new Maker();
  await maker.make(store, ["open", ...puts(D, 0, 5), `flush ${D}`, `checkpoint ${store}.copy`, "crash"]);
  for (const name of await logsOf(`${store}.copy`)) await rm(join(`${store}.copy`, name));
  t.regex((await warningsOf(`${store}.copy`)).join("\n"), /000008\.log.*is not there.*checkpoint or a backup/);
});

test("a log that lies in the archive is named as what may be missing", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using maker = new Maker();
  await maker.make(path, [`family ${A}`, "open", ...puts(D, 0, 5), ...puts(A, 0, 5), `flush ${D}`, ...puts(A, 5, 9), "crash"]);
  const [, newest = ""] = await logsOf(path);
  await mkdir(join(path, "archive"));
  await rename(join(path, newest), join(path, "archive", newest));
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
  t.regex(error.hint ?? "", new RegExp(`archive/${newest.replace(".", "\\.")} may be it`));
});

for (const policy of ["prepared", "unprepared"]) {
  test(`numbers that go back are those of the write policy write-${policy}, also without a prepared transaction`, async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await using maker = new Maker();
    const batch = ["batch", ...puts(D, 0, 3), "write", "batch", ...puts(D, 1, 4, "w"), "write"];
    await maker.make(path, [`mode transactions ${policy}`, "open", ...batch, "crash"]);
    const error = await assertCode(t, "STORE_UNSUPPORTED", () => openRocksdbSource(path));
    t.regex(error.message, /WRITE_PREPARED or WRITE_UNPREPARED/);
    t.regex(error.hint ?? "", /flush the store and close it/);
  });
}

test("what is committed is read when OPTIONS are lost, and the prepare is in a log that no family needs", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await using maker = new Maker();
  const plan = ["mode transactions committed", `family ${A}`, "open", ...puts(D, 0, 5), ...transaction("X"), ...transaction("Y", A), `flush ${D}`, `flush ${A}`, ...puts(D, 3, 7, "w"), `commit ${hex("X")}`, "crash"];
  const made = await maker.make(path, plan);
  t.true((await logsOf(path)).length >= 2);
  for (const name of await readdir(path)) if (name.startsWith("OPTIONS-")) await rm(join(path, name));
  const { exported, warnings } = await exportedOf(path);
  t.deepEqual(differences(made, exported), []);
  t.regex(warnings.join("\n"), /the transaction "Y" \(2 operations/);
  const [oldest = ""] = await logsOf(path);
  await rm(join(path, oldest));
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
  t.true(error.message.includes(`${oldest} is missing`));
});

test("numbers that transactions would have had are not missed once these are rolled back, in a log that is kept for its file", async (t) => {
  await using maker = new Maker();
  const rolledBack = (name: string): string[] => [...transaction(name), `rollback ${hex(name)}`];
  for (const ends of [rolledBack("X"), [...rolledBack("X"), ...rolledBack("Y")]]) {
    const path = join(await temporaryDirectory(t), "store");
    const before = ["options recycle_log_file_num=2;avoid_flush_during_recovery=true", "mode transactions committed", `family ${A}`, "open"];
    const plan = [...before, ...puts(D, 0, 5), ...puts(A, 0, 5), ...ends, `flush ${D}`, `flush ${A}`, ...transaction("Z"), "crash"];
    const made = await maker.make(path, plan);
    t.true((await logsOf(path)).length >= 2);
    const { exported, warnings } = await exportedOf(path);
    t.deepEqual(differences(made, exported), []);
    t.regex(warnings.join("\n"), /^the transaction "Z" [^\n]* is prepared[^\n]*$/);
  }
});

test("a log tells what the log before it had: its size, its last record, and that it is needed", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const plan = ["options track_and_verify_wals=true", `family ${A}`, "open", ...puts(A, 0, 20), ...puts(D, 0, 20), `flush ${D}`, ...puts(D, 20, 30), "crash"];
  const store = join(directory, "store");
  const made = await maker.make(store, plan);
  t.deepEqual(differences(made, (await exportedOf(store)).exported), []);
  const [first = ""] = await logsOf(store);
  await truncate(join(store, first), 100);
  await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
  await rm(join(store, first));
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
  t.regex(error.message, new RegExp(`${first.replace(".", "\\.")} is missing`));
});

test("a log that MANIFEST keeps track of must be there with all that was synced, the newest too", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const plan = ["options track_and_verify_wals_in_manifest=true;avoid_flush_during_recovery=true", `family ${A}`, "open", ...puts(A, 0, 20), "sync on", ...puts(A, 20, 21), `put ${D} 01 01`, `flush ${D}`, "crash"];
  const store = join(directory, "store");
  const made = await maker.make(store, plan);
  t.deepEqual(differences(made, (await exportedOf(store)).exported), []);
  const [first = ""] = await logsOf(store);
  await truncate(join(store, first), 100);
  const cut = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
  t.regex(cut.message, /has 100 bytes, but the store had \d+ of it on the disk/);
  await rm(join(store, first));
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
  t.regex(error.message, /MANIFEST keeps track of it/);
});
