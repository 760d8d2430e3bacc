/** Stores that have been used for years: their files have long numbers, and their writes as well. */
import type { Random } from "../fuzz/random.js";
import { hex, type Maker } from "../maker/run.js";
import { numberField, readManifest, Tag, writeManifest } from "./manifest.js";

/** Beyond these, numbers of files are longer than six digits, than 32 bits, or than a number of JavaScript may be; RocksDB's end at 2^62. */
const FILES = [1_000_000n, 1_000_000n, 2n ** 32n, 2n ** 53n, 2n ** 61n];
/** Of logs in files that are used again, RocksDB writes 32 bits of the number, and reads none whose number has more. */
const RECYCLED = FILES.filter((number) => number < 2n ** 32n);
/** The same of writes, whose numbers end at 2^56. */
const WRITES = [2n ** 32n, 2n ** 53n];
/** The store is at most this far from them: it gets files and writes on both sides. */
const NEAR = 12;

/**
 * Makes a store that is closed old: what is written to it gets long numbers.
 * @param below a random number below the one it is given
 * @param recycles whether files of its logs may be used again
 */
export async function makeOld(path: string, below: (end: number) => number, { recycles }: { readonly recycles: boolean }): Promise<void> {
  const before = (numbers: readonly bigint[]): bigint => (numbers[below(numbers.length)] ?? 0n) - BigInt(1 + below(NEAR));
  const manifest = await readManifest(path);
  await writeManifest(manifest, [...manifest.edits, [numberField(Tag.nextFile, before(recycles ? RECYCLED : FILES)), numberField(Tag.lastSequence, before(WRITES))]]);
}

/** Whether the store of this plan can be made before it, by no options: neither its first family's order nor its logs' place can change. */
function canAge(plan: readonly string[]): boolean {
  return !plan.some((line) => line.startsWith(`order ${hex("default")} `) || line.includes("wal_dir="));
}

/** Makes an empty store that is old, for a plan to go on with; once in three times, and where the plan allows it. */
export async function age(maker: Maker, path: string, plan: readonly string[], random: Random): Promise<void> {
  if (!canAge(plan) || !random.once(3)) return;
  await maker.carryOut(path, ["open", "close"]);
  await makeOld(path, (end) => random.below(end), { recycles: plan.some((line) => line.includes("recycle_log_file_num=")) });
}
