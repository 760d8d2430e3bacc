/** What a MANIFEST, OPTIONS or logs tell of files and families that are lost; and that a sound store gets no word about any. */
import { copyFile, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { differences, exportedOf } from "../../maker/exported.js";
import { hex, type Made, Maker } from "../../maker/run.js";
import { liveTables, readManifest, Tag, writeManifest } from "../../simulator/manifest.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode } from "./support.js";

const [D, A, B] = [hex("default"), hex("a"), hex("b")];
const put = (family: string, ...keys: readonly number[]): string[] => keys.map((key) => `put ${family} ${hex(`k${String(key)}`)} ${hex(`v${String(key)}`)}`);
/** Logs of several sessions stay. */
const KEPT = "options disable_auto_compactions=true;avoid_flush_during_recovery=true";

async function made(t: ExecutionContext, ...plan: readonly string[]): Promise<{ store: string; model: Made }> {
  const store = join(await temporaryDirectory(t), "store");
  await using maker = new Maker();
  return { store, model: await maker.make(store, plan.map((line) => line.replace("$STORE", store))) };
}

const named = async (store: string, ending: string): Promise<string[]> => (await readdir(store)).filter((name) => name.endsWith(ending)).sort();

/** The warnings of a store whose content is what the model has, or not. */
async function warningsOf(t: ExecutionContext, store: string, model: Made, whole = true): Promise<string> {
  const { exported, warnings } = await exportedOf(store);
  t.is(differences(model, exported).length === 0, whole);
  return warnings.join("\n");
}

test("the log that an opening began is missed when it is gone, although tables have later numbers", async (t) => {
  const life = [...put(A, 1), ...put(D, 2), `flush ${D}`, ...put(D, 3)];
  for (const plan of [[`family ${A}`, "open", ...life], [KEPT, `family ${A}`, "open", ...put(D, 8), "crash", "open", ...life], [`family ${A}`, "open", ...put(A, 1)]]) {
    const { store } = await made(t, ...plan, "crash");
    const manifest = Number((await readFile(join(store, "CURRENT"), "utf8")).slice("MANIFEST-".length));
    const log = `${String(manifest - 1).padStart(6, "0")}.log`;
    await rm(join(store, log));
    const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
    t.true(error.message.includes(`${log} is missing`), error.message);
  }
});

test("the newest log that an opening kept is missed when it is gone, although nothing was written behind it and no LOG tells of it", async (t) => {
  // Families with entries in each of the two logs, and one without any: this needs the number behind them from the opening on.
  const life = [`family ${A}`, `family ${B}`, "open", ...put(B, 1), ...put(A, 2), `flush ${A}`];
  for (const [last, lost] of [[put(A, 3), true], [[], false]] as const) {
    const { store, model } = await made(t, KEPT, ...life, ...last, "close", "open", "checkpoint $STORE.copy", "crash");
    // An empty log is in no copy, and its lack is no error there.
    t.is(await warningsOf(t, `${store}.copy`, model), "");
    for (const name of await readdir(store)) if (name.startsWith("LOG")) await writeFile(join(store, name), "");
    t.is(await warningsOf(t, store, model), "");
    const [, log = ""] = await named(store, ".log");
    await rename(join(store, log), `${store}.aside`);
    if (lost) {
      const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
      t.true(error.message.includes(`${log} is missing`), error.message);
    }
  }
});

test("the newest log of an earlier session is told to be gone when every family has entries in such logs, and nothing else tells of it", async (t) => {
  const life = [`family ${A}`, `family ${B}`, "open", ...put(B, 1), ...put(A, 2), `flush ${A}`, ...put(A, 3), ...put(D, 4), "close", "open"];
  const { store, model } = await made(t, KEPT, ...life, "crash");
  for (const name of await readdir(store)) if (name.startsWith("LOG")) await writeFile(join(store, name), "");
  t.is(await warningsOf(t, store, model), "");
  const [, log = ""] = await named(store, ".log");
  await rename(join(store, log), `${store}.aside`);
  const said = await warningsOf(t, store, model, false);
  t.true(said.includes(`${log}, which the store's MANIFEST names, is not there`), said);
});

test("a copy leaves out no log but the newest: any other one that is gone is an error", async (t) => {
  const { store } = await made(t, `family ${A}`, "open", ...put(A, 1), ...put(D, 2), `flush ${D}`, ...put(A, 3), ...put(D, 4), `flush ${D}`, ...put(D, 5), "checkpoint $STORE.copy", "crash");
  const copy = `${store}.copy`;
  const logs = await named(copy, ".log");
  t.is(logs.length, 3);
  for (const log of logs.slice(0, 2)) {
    await rename(join(copy, log), join(copy, "aside"));
    const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(copy));
    t.true(error.message.includes(`${log} is missing`), error.message);
    await rename(join(copy, "aside"), join(copy, log));
  }
});

test("recycled logs that changed places are told by the one that is not needed any more", async (t) => {
  const { store } = await made(t, "options recycle_log_file_num=3", "open", ...put(D, 1, 2), `flush ${D}`, ...put(D, 3, 4), `flush ${D}`, ...put(D, 5), "crash");
  const [first = "", second = ""] = (await named(store, ".log")).slice(-2).map((name) => join(store, name));
  t.not(second, "");
  await rename(first, `${first}.other`);
  await rename(second, first);
  await rename(`${first}.other`, second);
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(store));
  t.regex(error.message, /holds (records of a later log|what is in)/);
});

test("tables that were ingested and compacted since leave no gap in the logs that needs a word", async (t) => {
  const ingested = [`row put ${hex("k3")} 03`, `ingest ${D}`];
  const { store, model } = await made(t, `family ${A}`, "open", ...put(A, 1), ...put(D, 2), ...ingested, ...put(A, 4), `compact ${D}`, ...put(A, 5), "crash");
  t.is(await warningsOf(t, store, model), "");
});

test("a prepared transaction is not missed because of a number that no log ever had", async (t) => {
  const life = ["begin 01", `in 01 put ${A} 01 01`, "prepare 01", "commit 01", ...put(D, 2), `flush ${D}`];
  const plan = [KEPT, "mode transactions committed", `family ${A}`, `family ${B}`, "open", ...life, "crash", "open", ...put(B, 3), ...life, "crash", "open", ...put(D, 4)];
  const { store, model } = await made(t, ...plan, "crash");
  t.is(await warningsOf(t, store, model), "");
});

test("a family that MANIFEST lost is named, by OPTIONS and by logs; one that was dropped is not", async (t) => {
  const { store, model } = await made(t, `family ${A}`, `family ${B}`, "open", ...put(A, 1), ...put(D, 2), "crash");
  t.is(await warningsOf(t, store, model), "");
  const manifest = await readManifest(store);
  await writeManifest(manifest, manifest.edits.filter((edit) => !edit.some(({ tag, bytes }) => tag === Tag.familyAdded && bytes.toString().endsWith("a"))));
  const said = await warningsOf(t, store, model, false);
  t.regex(said, /OPTIONS names the family "a", which the store's MANIFEST does not have/);
  const dropped = await made(t, `family ${A}`, `family ${B}`, "open", ...put(A, 1), ...put(D, 2), `drop ${A}`, ...put(D, 3), "crash");
  t.is(await warningsOf(t, dropped.store, dropped.model), "");
  const again = await made(t, `family ${A}`, "open", ...put(A, 1), `drop ${A}`, "close", `family ${A}`, "open", ...put(A, 2), `drop ${A}`, "close", "open", ...put(D, 3), "crash");
  t.is(await warningsOf(t, again.store, again.model), "");
});

test("a table that MANIFEST lost is told though the numbers of others go around its own; what another table has is not", async (t) => {
  const { store, model } = await made(t, `family ${A}`, "open", ...put(D, 1), ...put(D, 5, 6), `flush ${D}`, ...put(D, 2, 3), `flush ${D}`, ...put(D, 4), `flush ${D}`, ...put(D, 7), "crash");
  const manifest = await readManifest(store);
  const [first, lost] = liveTables(manifest).sort((left, right) => Number(left - right));
  t.true(first !== undefined && lost !== undefined);
  const name = (number = 0n): string => join(store, `${String(number).padStart(6, "0")}.sst`);
  await copyFile(name(first), name(900n));
  t.regex(await warningsOf(t, store, model), /^the file 000900\.sst is newer than all that the store's MANIFEST knows; it is not part of the store$/);
  await rm(name(900n));
  // The first table says that it has all numbers.
  await writeManifest(manifest, manifest.edits.map((edit) => edit.filter(({ tag, number }) => tag !== Tag.newFile || number !== lost)));
  t.regex(await warningsOf(t, store, model, false), new RegExp(`${String(lost)}\\.sst has 2 entries with sequence numbers up to 5, which no other file has`));
});

test("removals of ranges in a table that MANIFEST lost are told, too", async (t) => {
  const { store, model } = await made(t, "open", ...put(D, 1, 2, 3), `flush ${D}`, `delete-range ${D} ${hex("k1")} ${hex("k3")}`, `flush ${D}`, ...put(D, 7), `flush ${D}`, "close");
  const manifest = await readManifest(store);
  const [, lost = 0n] = liveTables(manifest).sort((left, right) => Number(left - right));
  await writeManifest(manifest, manifest.edits.map((edit) => edit.filter(({ tag, number }) => tag !== Tag.newFile || number !== lost)));
  t.regex(await warningsOf(t, store, model, false), /has 1 entries with sequence numbers up to 4, which no other file has/);
  // Its bytes are not read when they are none.
  await writeFile(join(store, `${String(lost).padStart(6, "0")}.sst`), "");
  t.is(await warningsOf(t, store, model, false), "");
});
