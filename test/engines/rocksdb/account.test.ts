/** What a pass shows is compared with what tables and logs hold by their own words: nothing is hidden without an error. */
import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource, type RocksdbSourceOptions } from "#src/engines/rocksdb/rocksdb.js";
import type { ScanOptions } from "#src/engines/store.js";
import { iterateEntries } from "#src/format/entries.js";
import { scanSideBySide } from "#src/operations/entries/side-by-side.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { hex, type Made, Maker } from "../../maker/run.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, entriesOf, putEntries, readStore, type TextEntry } from "./support.js";

const [D, A] = [hex("default"), hex("a")];
const key = (number: number): string => `key${String(number).padStart(5, "0")}`;
const put = (family: string, number: number, text = "v"): string => `put ${family} ${hex(key(number))} ${hex(`${text}${String(number)}`)}`;
const puts = (family: string, from: number, to: number, text = "v"): string[] => Array.from({ length: to - from }, (_, index) => put(family, from + index, text));

async function made(t: ExecutionContext, ...plan: string[]): Promise<{ store: string; model: Made }> {
  const store = join(await temporaryDirectory(t), "store");
  const maker = new Maker();
  try {
    return { store, model: await maker.make(store, plan.includes("open") ? plan : ["open", ...plan]) };
  } finally {
    await maker.close();
  }
}

/** The entries of `default` that a pass shows. */
async function shown(store: string, scan: Partial<ScanOptions> = {}, options: RocksdbSourceOptions = {}): Promise<TextEntry[]> {
  const source = await openRocksdbSource(store, options);
  try {
    return await entriesOf(source, "default", scan);
  } finally {
    await source.close();
  }
}

const modelOf = ({ families }: Made): TextEntry[] =>
  (families.find(({ name }) => name.toString() === "default")?.entries ?? []).map(([name, value]) => [name.toString("latin1"), Buffer.isBuffer(value) ? value.toString("latin1") : ""]);

const ALL = puts(D, 0, 60);
const MOVED = {
  "too high": `order ${D} moved leveldb.BytewiseComparator ${hex(key(20))}=${hex(key(200))}`,
  "too low": `order ${D} moved leveldb.BytewiseComparator ${hex(key(20))}=${hex("a")}`,
  "the last, too low": `order ${D} moved leveldb.BytewiseComparator ${hex(key(59))}=${hex("a")}`,
  "the first, too high": `order ${D} moved leveldb.BytewiseComparator ${hex(key(0))}=${hex("z")}`,
  "swapped with the next": `order ${D} moved leveldb.BytewiseComparator ${hex(key(20))}=${hex(`${key(21)}!`)}`,
  "all, by their length": `order ${D} length leveldb.BytewiseComparator`,
  "all, reversed": `order ${D} reverse leveldb.BytewiseComparator`,
};

for (const [where, order] of Object.entries(MOVED)) {
  test(`a key that stands in the wrong place is an error: ${where}`, async (t) => {
    const long = where.includes("length") ? [`put ${D} ${hex("z")} 00`, `put ${D} ${hex(`a${"b".repeat(30)}`)} 00`] : [];
    const { store } = await made(t, order, "open", ...ALL, ...long, `flush ${D}`, "close");
    for (const scan of [{}, { prefix: bytes("key") }, { from: bytes(key(10)) }]) {
      const error = await assertCode(t, "STORE_DAMAGED", () => shown(store, scan));
      t.regex(error.message, /000\d+\.sst.*not in order.*hide \d+ of its \d+ entries/);
      t.regex(String(error.path), /000\d+\.sst$/);
    }
  });
}

test("a key that stands in the wrong place is an error where parts are read side by side, unless they find all that there is", async (t) => {
  let whole = 0;
  for (const order of Object.values(MOVED)) {
    const { store } = await made(t, order, "open", ...ALL, `flush ${D}`, "close");
    const source = await openRocksdbSource(store);
    for (const splits of [[], [5], [10, 19, 20, 21, 40]]) {
      const keys = new Set<string>();
      const scan = async (): Promise<void> => {
        for await (const block of scanSideBySide(source, bytes("default"), { blockSize: 200, splits: splits.map((number) => bytes(key(number))), jobs: 3 })) {
          for (const { key: name } of iterateEntries(block.data)) keys.add(Buffer.from(name).toString("latin1"));
          block.release();
        }
      };
      const error = await scan().then(() => null, (thrown: unknown) => thrown);
      if (error === null) t.is(keys.size, ALL.length, `${order} by ${splits.join()}`);
      else t.regex((error as Error).message, /not in order/);
      if (error === null) whole += 1;
    }
    await source.close();
  }
  t.true(whole < 4, "most of them hide something from every part");
});

test("a store of which one key was changed in memory is refused", async (t) => {
  const store = await unpackStore(t, "account-key-out-of-order");
  const error = await assertCode(t, "STORE_DAMAGED", () => shown(store));
  t.regex(error.message, /"kez0000100" is followed by "key0000101"; reading would hide 399 of its 500 entries/);
});

test("entries that are newer than the store's last sequence number are missed before anything is read", async (t) => {
  const store = await unpackStore(t, "account-sequence-from-the-future");
  const error = await assertCode(t, "STORE_DAMAGED", () => openRocksdbSource(store));
  t.regex(error.message, /000009\.sst has sequence numbers up to 500, but MANIFEST and the logs end with 100/);
});

test("a family whose order nobody knows is left out when it is not asked for", async (t) => {
  const store = await unpackStore(t, "account-odd-family-excluded");
  await assertCode(t, "STORE_COMPARATOR_UNSUPPORTED", () => shown(store));
  t.is((await shown(store, {}, { except: [bytes("odd")] })).length, 100);
});

test("values from before a time to live are warned of", async (t) => {
  const store = await unpackStore(t, "account-ttl-mixed");
  const { warnings } = await readStore(store, "strip");
  t.true(warnings.some((warning) => warning.includes("had no time to live when it was opened before")), warnings.join("; "));
});

test("versions, removals, ranges and several tables are no faults", async (t) => {
  const plan = [...ALL, `flush ${D}`, ...puts(D, 10, 40, "w"), `delete ${D} ${hex(key(15))}`, `flush ${D}`, `delete-range ${D} ${hex(key(30))} ${hex(key(35))}`, ...puts(D, 33, 34, "x"), `flush ${D}`, ...puts(D, 58, 70, "y"), `delete ${D} ${hex(key(1))}`, "crash"];
  const { store, model } = await made(t, ...plan);
  t.deepEqual(await shown(store), modelOf(model));
  t.deepEqual(await shown(store, {}, { paranoid: true }), modelOf(model));
  t.deepEqual(await shown(store, { prefix: bytes("key0001") }), modelOf(model).filter(([name]) => name.startsWith("key0001")));
});

test("a pass that a limit ends has no account", async (t) => {
  const { store } = await made(t, MOVED["too high"], "open", ...ALL, `flush ${D}`, "close");
  t.is((await shown(store, { limit: 5 })).length, 5);
});

test("tables that a program deletes while they are read are accounted for all the same", async (t) => {
  const { store, model } = await made(t, ...ALL, `flush ${D}`, ...puts(D, 0, 20, "w"), `flush ${D}`, "close");
  for (const paranoid of [false, true]) {
    const source = await openRocksdbSource(store, { paranoid });
    for (const name of paranoid ? await readdir(store) : []) if (name.endsWith(".sst")) await rm(join(store, name));
    t.deepEqual(await entriesOf(source, "default"), modelOf(model));
    await source.close();
  }
});

test("only the families that are asked for are opened, whatever the others are", async (t) => {
  const { store } = await made(t, `family ${A}`, `order ${A} length maker.Length`, "open", ...ALL, ...puts(A, 0, 9), `flush ${D}`, `flush ${A}`, "close");
  await assertCode(t, "STORE_COMPARATOR_UNSUPPORTED", () => readStore(store));
  t.is((await shown(store, {}, { except: [bytes("a")] })).length, 60);
  t.is((await shown(store, {}, { only: [bytes("default")] })).length, 60);
  const source = await openRocksdbSource(store, { only: [bytes("default")] });
  t.deepEqual(source.info.keyspaces.map(({ name }) => Buffer.from(name).toString()), ["default", "a"]);
  await assertCode(t, "INTERNAL", () => entriesOf(source, "a"));
  await source.close();
});

test("the default family may be one that can't be read", async (t) => {
  const { store } = await made(t, `family ${A}`, `order ${D} length maker.Length`, "open", ...ALL, ...puts(A, 0, 9), `flush ${D}`, "crash");
  const source = await openRocksdbSource(store, { except: [bytes("default")] });
  t.is((await entriesOf(source, "a")).length, 9);
  await source.close();
});

const OPERATORS = { max: "ef", "{id=StringAppendOperator;delimiter=|}": "ab|cd|ef", stringappend: "ab,cd,ef" };

for (const [operator, value] of Object.entries(OPERATORS)) {
  test(`operands of RocksDB's own operator ${operator} become values`, async (t) => {
    const { store, model } = await made(t, `options merge_operator=${operator}`, "open", `put ${D} 01 ${hex("ab")}`, `flush ${D}`, `merge ${D} 01 ${hex("cd")}`, `flush ${D}`, `merge ${D} 01 ${hex("ef")}`, "crash");
    t.deepEqual(modelOf(model).map(([, text]) => text), [value]);
    t.deepEqual(await shown(store), modelOf(model));
  });
}

test("operands of an operator that only its program has are refused by its name", async (t) => {
  const { store } = await made(t, `operator ${D} maker.concat`, "open", `merge ${D} 01 ${hex("cd")}`, `merge ${D} 01 ${hex("ef")}`, `flush ${D}`, "close");
  const error = await assertCode(t, "STORE_MERGE_OPERATOR", () => shown(store));
  t.regex(error.message, /maker\.concat/);
});

test("a store that is opened again and again is read whole", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  for (let turn = 0; turn < 3; turn += 1) await putEntries(store, [[`k${String(turn)}`, "x"], ["same", String(turn)]], { flush: turn !== 1 });
  t.is((await shown(store)).length, 4);
});

test("a table that MANIFEST lost, with numbers that no other file has, is warned of; what a crash left is not", async (t) => {
  const { store, model } = await made(t, ...puts(D, 0, 20), `flush ${D}`, ...puts(D, 20, 40), `flush ${D}`, "close");
  const known = await readdir(store);
  t.deepEqual((await readStore(store)).warnings, []);
  // A copy of a table under another number is what a compaction that was not finished leaves.
  const [table = ""] = known.filter((name) => name.endsWith(".sst"));
  await copyFile(join(store, table), join(store, "000001.sst"));
  t.deepEqual((await readStore(store)).warnings, []);
  const other = await made(t, ...puts(D, 0, 500), ...puts(D, 0, 500, "w"), `flush ${D}`, "close");
  const [foreign = ""] = (await readdir(other.store)).filter((name) => name.endsWith(".sst"));
  await copyFile(join(other.store, foreign), join(store, "000002.sst"));
  const { entries, warnings } = await readStore(store);
  t.deepEqual(entries.get("default"), modelOf(model));
  t.is(warnings.length, 1);
  t.regex(String(warnings[0]), /000002\.sst has \d+ entries with sequence numbers up to \d+, which no other file has/);
});
