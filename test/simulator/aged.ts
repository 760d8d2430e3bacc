/** Stores that have been used for years: their files have long numbers, and their writes as well. */
import type { Random } from "../fuzz/random.js";
import { hex, type Maker } from "../maker/run.js";
import { numberField, readManifest, Tag, writeManifest } from "./manifest.js";

/** Numbers beyond which those of files are: names become longer than six digits, numbers longer than 32 bits, too long for one of JavaScript; RocksDB's end at 2^62. */
const FILES = [1_000_000n, 1_000_000n, 2n ** 32n, 2n ** 53n, 2n ** 61n];
/** Of logs in files that are used again, RocksDB writes 32 bits of the number, and reads none whose number has more. */
const RECYCLED = FILES.filter((number) => number < 2n ** 32n);
/** The same of writes, whose numbers end at 2^56. */
const WRITES = [2n ** 32n, 2n ** 53n];
/** The store is at most this far from them: it has files and writes on both sides. */
const NEAR = 12;

/** Whether the store of this plan can be made before it, by no options: neither its first family's order nor its logs' place can change. */
function canAge(plan: readonly string[]): boolean {
  return !plan.some((line) => line.startsWith(`order ${hex("default")} `) || line.includes("wal_dir="));
}

/** Makes an empty store that is this old, for a plan to go on with; once in three times, and where the plan allows it. */
export async function age(maker: Maker, path: string, plan: readonly string[], random: Random): Promise<void> {
  if (!canAge(plan) || !random.once(3)) return;
  const before = (numbers: readonly bigint[]): bigint => random.pick(numbers) - BigInt(1 + random.below(NEAR));
  const numbers = [numberField(Tag.nextFile, before(plan.some((line) => line.includes("recycle_log_file_num=")) ? RECYCLED : FILES)), numberField(Tag.lastSequence, before(WRITES))];
  await maker.carryOut(path, ["open", "close"]);
  const manifest = await readManifest(path);
  await writeManifest(manifest, [...manifest.edits, numbers]);
}
