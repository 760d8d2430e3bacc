/**
 * Which keys may have changed since a mark, of stores with two-phase commit: transactions that are begun, prepared, committed and rolled back on either
 * side of the mark, by a real TransactionDB.
 *
 * `SEED=n` repeats a round, `KGDUMP_CHANGES=n` runs more of them.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import type { StoreMark } from "#src/engines/store.js";
import { hex, Maker } from "../../maker/run.js";
import { loggedSeed, REPEATED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { binsOf, type Content, contentOf, differencesOf, faultsOf, rangesFault } from "./changed-support.js";
import { randomNumbers } from "./live-support.js";

const ROUNDS = Math.ceil(Number(process.env.KGDUMP_CHANGES ?? 60) / 4);

type Random = (limit: number) => number;

const FAMILIES = ["default", "a"].map(hex);
const OPTIONS = ["", ";wal_compression=kZSTD", ";recycle_log_file_num=2", ";track_and_verify_wals=true;track_and_verify_wals_in_manifest=true", ";manual_wal_flush=true"];
/** So much that what is written later is little of it. */
const BASE = Array.from({ length: 300 }, (_, index) => `fill ${hex("base")} ${hex(`k${String(index)}`)} 1000 ${String(index % 256)}`);

/** Random steps of a TransactionDB. */
class Steps {
  readonly #random: Random;
  #made = 0;
  #open: string[] = [];
  #prepared: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** The lines of one step. */
  next(): string[] {
    const random = this.#random;
    const kind = random(12);
    if (kind < 3) return [this.#change()];
    if (kind < 6) return this.#begin();
    if (kind < 10) return this.#decide();
    if (kind < 11) return [`flush ${this.#family()}`];
    return ["batch", ...Array.from({ length: 1 + random(6) }, () => this.#change()), "write"];
  }

  /** Whether a transaction waits for its decision. */
  get waits(): boolean {
    return this.#prepared.length > 0;
  }

  #family(): string {
    return FAMILIES[this.#random(FAMILIES.length)] ?? "";
  }

  #change(): string {
    const [family, key] = [this.#family(), hex(`key${String(this.#random(60))}`)];
    return this.#random(4) === 0 ? `delete ${family} ${key}` : `fill ${family} ${key} ${String(this.#random(60))} ${String(this.#random(256))}`;
  }

  #begin(): string[] {
    const random = this.#random;
    const name = hex(`t${String(this.#made++)}`);
    // Keys of its own: it holds locks on them.
    const changes = Array.from({ length: 1 + random(5) }, (_, index) => `in ${name} put ${this.#family()} ${hex(`${String(this.#made % 9)} ${String(this.#made)} ${String(index)}`)} ${hex("t")}`);
    if (random(4) === 0) {
      this.#open.push(name);
      return [`begin ${name}`, ...changes];
    }
    this.#prepared.push(name);
    return [`begin ${name}`, ...changes, `prepare ${name}`];
  }

  #decide(): string[] {
    const list = this.#prepared.length > 0 && this.#random(4) > 0 ? this.#prepared : this.#open.length > 0 ? this.#open : this.#prepared;
    const name = list.splice(this.#random(list.length), 1)[0];
    if (name === undefined) return this.#begin();
    return [`${list === this.#prepared && this.#random(4) === 0 ? "rollback" : "commit"} ${name}`];
  }
}

interface Outcome {
  /** Whether a transaction that was prepared before the mark was decided behind it, or not at all. */
  readonly spans: boolean;
  readonly said: string;
}

/** One life of a store, with a mark within it. */
async function round(t: ExecutionContext, maker: Maker, seed: number): Promise<Outcome> {
  const random = randomNumbers(seed);
  const directory = await temporaryDirectory(t);
  const [path, marking, going] = ["store", "marking", "going"].map((name) => join(directory, name)) as [string, string, string];
  await promisify(execFile)("mkfifo", [marking, going]);
  const steps = new Steps(random);
  const some = (most: number): string[] => Array.from({ length: random(most) }, () => steps.next()).flat();
  const options = `options compression=kNoCompression;avoid_flush_during_recovery=true${OPTIONS[random(OPTIONS.length)] ?? ""}`;
  const before = [options, "mode transactions committed", `family ${hex("base")}`, `family ${hex("a")}`, "open", ...BASE, `flush ${hex("base")}`, ...some(14), "flush-log"];
  const spans = steps.waits;
  const after = [...some(14), ...(random(2) === 0 ? ["flush-log", "crash"] : [])];
  // The maker stands still where it writes its model into a pipe that nobody reads.
  const ended = maker.carryOut(path, [...before, `model ${marking}`, `model ${going}`, ...after]);
  const failed = ended.then(() => Promise.reject(new Error("there was no mark")));
  failed.catch(() => undefined);
  await Promise.race([readFile(marking), failed]);
  const { mark, old } = await markNow(path).finally(async () => {
    await readFile(going);
    await ended;
  });
  await using source = await openRocksdbSource(path);
  const changed = await source.changedSince(mark);
  if ("unclear" in changed) return { spans, said: changed.unclear };
  const now = await contentOf(source);
  const told = new Map(source.info.keyspaces.map(({ name }, index) => [Buffer.from(name).toString(), binsOf(changed.keys[index] ?? Buffer.alloc(0))]));
  t.deepEqual(faultsOf(old, now, source, told), [], `SEED=${String(seed)}: ${[...before.slice(BASE.length + 6), "MARK", ...after].join(", ")}`);
  t.is(await rangesFault(source, now, random), null, `SEED=${String(seed)}`);
  return { spans, said: differencesOf(old, now) > 0 ? "keys, some changed" : "keys, none changed" };
}

/** The mark of a store that is open elsewhere, and what it holds. */
async function markNow(path: string): Promise<{ mark: StoreMark; old: Content }> {
  await using source = await openRocksdbSource(path);
  return { mark: source.mark(), old: await contentOf(source) };
}

test("whatever transactions do on either side of a mark, no changed key is left out", async (t) => {
  t.timeout(120_000 + ROUNDS * 3000);
  const first = loggedSeed(t);
  const outcomes = new Map<string, number>();
  let spanning = 0;
  await using maker = new Maker();
  for (let index = 0; index < (REPEATED ? 1 : ROUNDS); index++) {
    const { spans, said } = await round(t, maker, first + index);
    outcomes.set(said, (outcomes.get(said) ?? 0) + 1);
    if (spans && said.startsWith("keys, some")) spanning += 1;
  }
  t.log(Object.fromEntries(outcomes), `with a transaction over the mark: ${String(spanning)}`);
  if (ROUNDS >= 15 && !REPEATED) t.true((outcomes.get("keys, some changed") ?? 0) * 3 >= ROUNDS && spanning > 0, "too few rounds tell keys");
});
