/**
 * MANIFEST, logs, OPTIONS, CURRENT and IDENTITY of somebody who means harm: changed, with checksums that are right again. Whatever they say, each
 * command ends well and leaves the store as it is. KGDUMP_HOSTILE=n tries so many, SEED=n others.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { unpackStore } from "../fixtures/unpack.js";
import { mutateBytes } from "../fuzz/mutate-bytes.js";
import { Random } from "../fuzz/random.js";
import { readRecords, writeRecords } from "../simulator/log-file.js";
import { SEED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { watch } from "./watchdog.js";

const TURNS = Number(process.env.KGDUMP_HOSTILE ?? 4);
/** Stores whose logs are plain, with much in MANIFEST and OPTIONS. */
const STORES = ["maya-unflushed", "maya-families", "odd-named", "odd-ttl", "odd-wide", "odd-merge-wal", "leveldb"];
/** Those that read all that a store has, in their own ways. */
const VERBS = new Set(["export", "verify", "inspect", "recover", "stats", "report", "graph", "browse", "find", "status", "migrate"]);
const VALUES = ["", "-1", "18446744073709551616", "0x7fffffff", "1e308", "nan", "true", "{".repeat(2000), "{a={b={c=", "\0", "\xff\xfe", ";;;=", "kNothing", "../../../etc/passwd", "9".repeat(400)];
const CURRENTS = ["", "\n", "MANIFEST-\n", "MANIFEST-000000\n", "../MANIFEST-000001\n", "/dev/zero\n", "MANIFEST-99999999999999999999\n", ".\n", "\0\n", "MANIFEST-000005", `${"M".repeat(5000)}\n`];

type Change = (store: string, random: Random) => Promise<boolean>;

const namesOf = async (store: string, form: RegExp): Promise<string[]> => (await readdir(store)).filter((name) => form.test(name)).sort();

/** Changes one to three records of a file of records, or their order. */
const inRecords = (form: RegExp): Change => async (store, random) => {
  const names = await namesOf(store, form);
  if (names.length === 0) return false;
  const path = join(store, random.pick(names));
  const records = readRecords(await readFile(path)).map(({ data }) => data);
  if (records.length === 0) return false;
  for (let times = random.pick([1, 1, 3]); times > 0; times -= 1) {
    const [at, other] = [random.below(records.length), random.below(records.length)];
    const [record, from] = [records[at] ?? Buffer.alloc(0), records[other] ?? Buffer.alloc(0)];
    if (random.once(8)) records.splice(at, 1, from, record);
    else records[at] = mutateBytes(record, random, from);
  }
  await writeFile(path, writeRecords(records));
  return true;
};

const inOptions: Change = async (store, random) => {
  const name = (await namesOf(store, /^OPTIONS-\d+$/)).at(-1);
  if (name === undefined) return false;
  const path = join(store, name);
  const lines = (await readFile(path, "latin1")).split("\n");
  for (let times = random.pick([1, 3, 20]); times > 0; times -= 1) {
    const at = random.below(lines.length);
    const line = lines[at] ?? "";
    const end = line.indexOf("=");
    if (random.once(6)) lines.splice(at, 1, ...random.pick([[], [line, line], [mutateBytes(Buffer.from(line, "latin1"), random).toString("latin1")]]));
    else if (end > 0) lines[at] = `${line.slice(0, end + 1)}${random.pick(VALUES)}`;
  }
  await writeFile(path, lines.join("\n"), "latin1");
  return true;
};

const inWhole = (name: string, values: readonly string[]): Change => async (store, random) => {
  const before = await readFile(join(store, name)).catch(() => null);
  if (before === null) return false;
  await writeFile(join(store, name), random.once(3) ? mutateBytes(before, random) : Buffer.from(random.pick(values), "latin1"));
  return true;
};

const CHANGES: Readonly<Record<string, Change>> = {
  MANIFEST: inRecords(/^MANIFEST-\d+$/),
  logs: inRecords(/^\d+\.log$/),
  OPTIONS: inOptions,
  CURRENT: inWhole("CURRENT", CURRENTS),
  IDENTITY: inWhole("IDENTITY", VALUES),
};

test(`whatever MANIFEST, logs, OPTIONS, CURRENT and IDENTITY say, every command ends well, SEED=${String(SEED)}`, async (t) => {
  t.timeout(24 * 60 * 60_000);
  t.log(`SEED=${String(SEED)}`);
  const wrong: string[] = [];
  const tried = new Map<string, number>();
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    const [name, what] = [random.pick(STORES), random.pick(["MANIFEST", "MANIFEST", "logs", "OPTIONS", "OPTIONS", "CURRENT", "IDENTITY"])];
    const store = await unpackStore(t, name);
    if (!(await CHANGES[what]?.(store, random))) continue;
    tried.set(what, (tried.get(what) ?? 0) + 1);
    const found = await watch(store, await temporaryDirectory(t), VERBS);
    wrong.push(...found.map((line) => `SEED=${String(SEED)}, number ${String(turn)} (${what} of ${name}, in ${dirname(store)}): ${line}`));
  }
  t.log([...tried].map(([what, count]) => `${what}: ${String(count)}`).join(", "));
  t.true(tried.size > 0);
  t.deepEqual(wrong, []);
});
