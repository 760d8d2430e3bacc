/**
 * Recovering sled stores: sound ones come out whole, and of damaged ones every sound entry, none is made up, and each loss is named.
 *
 * `KGDUMP_DAMAGES=1000` tries so many, `SEED=n` repeats a run. The model is that of the program that wrote the stores.
 */
import { createReadStream } from "node:fs";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { recoverInto, recoverStore } from "#src/operations/recover/index.js";
import { sledCheck, sledHold, sledWrite } from "../../checker/run.js";
import { contentOfDump, exportedOf } from "../../maker/exported.js";
import { SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { damageSled, gapsOf, judgeSled, makeSledStore } from "./sled-support.js";
import { random } from "./store-support.js";

const DAMAGES = Number(process.env.KGDUMP_DAMAGES ?? 40);
/** Damages of each store. */
const EACH = 8;

test("random damages of random sled stores", async (t) => {
  t.log(`SEED=${String(SEED)} KGDUMP_DAMAGES=${String(DAMAGES)}`);
  const directory = await temporaryDirectory(t);
  const sums = { kept: 0, missing: 0, older: 0, nothing: 0, whole: 0 };
  for (let number = 0; number * EACH < DAMAGES; number += 1) {
    const next = random(SEED * 1000 + number);
    const store = join(directory, `store-${String(number)}`);
    const life = await makeSledStore(store, next);
    for (let round = 0; round <= EACH; round += 1) {
      const damaged = join(directory, "damaged");
      await rm(damaged, { recursive: true, force: true });
      await cp(store, damaged, { recursive: true });
      const what: string[] = [];
      for (let count = round === 0 ? 0 : 1 + next(2); count > 0; count -= 1) what.push(await damageSled(damaged, life.segment, next));
      const label = `SEED=${String(SEED)}, store ${String(number)}, round ${String(round)}: ${what.join(", ")}`;
      const before = await contentOf(damaged);
      const output = join(directory, "saved.kgd");
      const result = await recoverStore({ store: damaged, output, force: true }).catch((error: unknown) => {
        t.like(error, { code: "STORE_DAMAGED" }, label);
        return null;
      });
      t.deepEqual(await contentOf(damaged), before, `${label}: the store was changed`);
      if (result === null) {
        sums.nothing += 1;
        continue;
      }
      const { wrong, kept, missing, older } = judgeSled(life, result, await contentOfDump(createReadStream(output)), await gapsOf(output));
      const told = result.losses.map(({ keyspace, from, to, file, reason }) => [keyspace, from, to].map((bytes) => (bytes === null ? "(any)" : Buffer.from(bytes).toString())).join(" ") + ` ${file} ${reason}`);
      t.deepEqual(wrong.slice(0, 10), [], `${label}\n${told.slice(0, 20).join("\n")}`);
      if (round === 0 && life.isFresh) t.like(result, { lost: false, doubtful: 0, gaps: 0, remarks: [] }, `${label}\n${told.join("\n")}`);
      sums.kept += kept;
      sums.missing += missing;
      sums.older += older;
      sums.whole += missing + older === 0 ? 1 : 0;
    }
  }
  t.log(JSON.stringify(sums));
  t.true(sums.kept > sums.missing, "most of what was written is saved");
});

/** All files of a directory, and what is in them. */
async function contentOf(directory: string): Promise<[string, string][]> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const read = files.map(async ({ parentPath, name }): Promise<[string, string]> => [join(parentPath, name), (await readFile(join(parentPath, name))).toString("latin1")]);
  return (await Promise.all(read)).sort();
}

const hex = (text: string): string => Buffer.from(text).toString("hex");
const OPTIONS = { compression: true, config: { segment_size: "65536" } };
/** A value that has a file of its own. */
const noise = (seed: number): string => Buffer.from(Array.from({ length: 100_000 }, random(seed).bind(null, 256))).toString("hex");

/** A store with three values in files of their own, the tree `default`, and settings that are not sled's defaults. */
async function bigStore(t: ExecutionContext): Promise<{ directory: string; store: string }> {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const puts = Array.from({ length: 2000 }, (_, index) => `put ${hex(`k${String(10_000 + index)}`)} ${hex(`value ${String(index)}`)}`);
  await sledWrite(store, [`tree ${hex("default")}`, ...puts, `tree ${hex("big")}`, `put ${hex("a")} ${noise(1)}`, "flush", `put ${hex("b")} ${noise(2)}`, "flush"], OPTIONS);
  await sledCheck(store, OPTIONS);
  return { directory, store };
}

test("a lost value file is named, with the keys of its page, and the rest is saved into a new store of the same settings", async (t) => {
  const { directory, store } = await bigStore(t);
  const [first = "", ...others] = (await readdir(join(store, "blobs"))).sort((a, b) => Number(b) - Number(a));
  await rm(join(store, "blobs", first));
  const target = join(directory, "new");
  const result = await recoverInto({ store, target });
  t.like(result, { engine: "sled", lost: true, target, settings: { compression: true, segmentSize: 65_536 } });
  const files = result.losses.map(({ file, keyspace }) => [file, keyspace === null ? null : Buffer.from(keyspace).toString()]);
  t.deepEqual(files, [[join("blobs", first), null], ["db", "big"]], JSON.stringify([first, others]));
  const trees = await sledCheck(target, OPTIONS);
  t.is(trees.find(({ name }) => name.toString() === "default")?.records, 2000);
  t.deepEqual((await readdir(directory)).sort(), ["new", "store"]);
});

test("what is lost is told of its tree, whichever that is of the store's", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const trees = ["__sled__default", "a", "m", "z"];
  for (const [seed, tree] of trees.entries()) await sledWrite(store, [`tree ${hex(tree)}`, `put ${hex("k")} ${noise(seed)}`, "flush"], OPTIONS);
  await sledCheck(store, OPTIONS);
  for (const name of await readdir(join(store, "blobs"))) await rm(join(store, "blobs", name));
  const { losses } = await recoverStore({ store, output: join(store, "..", "saved.kgd") });
  const told = losses.filter(({ file }) => file === "db").map(({ keyspace }) => (keyspace === null ? null : Buffer.from(keyspace).toString()));
  t.deepEqual([...new Set(told)].sort(), ["a", "default", "m", "z"]);
});

test("without their list, trees are saved under names of their own, and every entry is doubtful", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const output = join(store, "..", "saved.kgd");
  const puts = (count: number, value: string): string[] => Array.from({ length: count }, (_, index) => `put ${hex(`k${String(10_000 + index)}`)} ${hex(value)}`);
  await sledWrite(store, [`tree ${hex("one")}`, ...puts(300, "1"), `tree ${hex("two")}`, ...puts(200, "2"), "flush"]);
  await sledCheck(store);
  const log = await readFile(join(store, "db"));
  for (let at = log.indexOf("__sled__default"); at >= 0; at = log.indexOf("__sled__default", at + 1)) log[at] = 0;
  await writeFile(join(store, "db"), log);
  const result = await recoverStore({ store, output });
  t.like(result, { lost: true, entries: 500, doubtful: 500 });
  const saved = [...(await contentOfDump(createReadStream(output)))].map(([name, entries]) => [Buffer.from(name, "hex").toString().replace(/\d+$/, "N"), new Set(entries.map(([, value]) => value.toString())).size]);
  t.true(saved.every(([name, values]) => name === "recovered-without-tree-N" && Number(values) <= 1), JSON.stringify(saved));
  t.true(result.losses.some(({ keyspace, reason }) => keyspace === null && reason.includes("names of its trees are lost")));
});

test("nothing is lost of a sound store whose program ran long since its last snapshot, and has used parts of its log again", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const options = { config: { segment_size: "4096" } };
  await sledWrite(store, ["random 7 200"], options);
  await sledCheck(store, options);
  await sledWrite(store, [...Array.from({ length: 25 }, () => ["overwrite 7 200", "random 7 200", "flush"]).flat()], { ...options, noFlush: true });
  const output = join(store, "..", "saved.kgd");
  const sound = await exportedOf(store);
  t.like(await recoverStore({ store, output }), { lost: false, gaps: 0, doubtful: 0, entries: 200 });
  t.deepEqual(await contentOfDump(createReadStream(output)), sound.exported);
});

/** A store whose program ran for some rounds since its last snapshot, and how many segments of its log are empty. */
async function withRoomLeft(store: string, rounds: number): Promise<number> {
  const options = { config: { segment_size: "4096" } };
  // What is dropped leaves room for many rounds, between what stays.
  await sledWrite(store, [`tree ${hex("first")}`, "random 9 100", `tree ${hex("dropped")}`, "random 7 2000", "flush", `tree ${hex("last")}`, "random 11 100", "flush", `drop ${hex("dropped")}`, "flush"], options);
  await sledCheck(store, options);
  const round = [`tree ${hex("first")}`, "overwrite 9 100", "random 9 100", "flush"];
  await sledWrite(store, Array.from({ length: rounds }, () => round).flat(), { ...options, noFlush: true });
  const log = await readFile(join(store, "db"));
  const segments = Array.from({ length: Math.floor(log.length / 4096) }, (_, index) => log.subarray(index * 4096, (index + 1) * 4096));
  return segments.filter((segment) => segment.every((byte) => byte === 0)).length;
}

test("nothing is lost of such a store that has empty segments left", async (t) => {
  const directory = await temporaryDirectory(t);
  // Sled decides by chance how much it leaves; and behind a last segment that is just full, an empty one may be the next, which a disk has lost.
  for (const [attempt, rounds] of [8, 4, 2, 2, 1, 1].entries()) {
    const [store, output] = [join(directory, `store-${String(attempt)}`), join(directory, `saved-${String(attempt)}.kgd`)];
    const empty = await withRoomLeft(store, rounds);
    const sound = await exportedOf(store);
    const { lost, gaps, doubtful } = await recoverStore({ store, output });
    t.deepEqual(await contentOfDump(createReadStream(output)), sound.exported);
    if (empty > 0 && !lost && gaps === 0 && doubtful === 0) return;
  }
  t.fail("each of six stores was called doubtful");
});

test("a sound store comes out as it is exported; one in use, or without its log, is refused", async (t) => {
  const { directory, store } = await bigStore(t);
  const output = join(directory, "saved.kgd");
  const sound = await exportedOf(store);
  t.like(await recoverStore({ store, output }), { lost: false, gaps: 0 });
  t.deepEqual(await contentOfDump(createReadStream(output)), sound.exported);
  const holder = await sledHold(store, OPTIONS);
  await t.throwsAsync(recoverStore({ store, output, force: true }), { code: "STORE_IN_USE" });
  await holder.release();
  await rm(join(store, "db"));
  await t.throwsAsync(recoverStore({ store, output, force: true }), { code: "STORE_DAMAGED" });
});
