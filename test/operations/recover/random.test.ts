/** Random damage, one to four kinds at once: recovery loses exactly the damaged blocks. KGDUMP_DAMAGES=n makes more; SEED repeats. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { KgdumpError } from "#src/errors.js";
import { compareKeys } from "#src/format/index.js";
import { recoverDump, type RecoverResult } from "#src/operations/recover/recover.js";
import type { FoundFrame } from "../../format/support/dumps.js";
import { REPEATED, SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { contentOf, damage, expectedOf, KEYSPACES, makeSample, Random, type Sample } from "./support.js";

const SAMPLES = 50;
const RUNS = Number(process.env.KGDUMP_DAMAGES ?? 300);
const FIRST = REPEATED ? SEED : 1000;

/** What is wrong with the gaps of a result; each gap that says how much is missing must be right, and none may be missing. */
function wrongGaps(result: RecoverResult, sample: Sample, kept: ReadonlySet<number>): string[] {
  const wrong: string[] = [];
  for (const [at, { gaps }] of result.keyspaces.entries()) {
    const order = KEYSPACES[at]?.comparator ?? "bytewise";
    const lost = sample.blocks.filter((block, index) => block.keyspace === at && !kept.has(index));
    const told = new Set<unknown>();
    for (const gap of gaps) {
      const inside = lost.filter(({ entries }) => {
        const key = entries[0]?.key ?? new Uint8Array(0);
        return (gap.after === null || compareKeys(order, gap.after, key) < 0) && (gap.before === null || compareKeys(order, key, gap.before) < 0);
      });
      for (const block of inside) told.add(block);
      const entries = inside.reduce((sum, block) => sum + block.entries.length, 0);
      if (gap.blocks !== null && gap.blocks !== inside.length) wrong.push(`keyspace ${String(at)}: ${String(gap.blocks)} blocks told, ${String(inside.length)} lost`);
      if (gap.entries !== null && gap.entries !== entries) wrong.push(`keyspace ${String(at)}: ${String(gap.entries)} entries told, ${String(entries)} lost`);
      if (gap.blocks === 0) wrong.push("a gap of nothing");
    }
    if (told.size < lost.length) wrong.push(`keyspace ${String(at)}: ${String(lost.length - told.size)} lost blocks in no gap`);
  }
  return wrong;
}

/** Whether the totals of all keyspaces survived, so that what is lost can be told for sure. */
function totalsSurvive(sample: Sample, damaged: Buffer): boolean {
  const whole = (kind: number): boolean => sample.frames.filter((frame) => frame.kind === kind).every((frame) => damaged.includes(frame.bytes));
  return whole(0x48) && (whole(0x46) || whole(0x45));
}

/** So many frames of another dump does a lone header at the file's beginning outweigh. */
const FEW = 4;

/**
 * Whether the file may as well be the sibling's dump: it has the dump's place, which is that of the first two sound frames
 * when the header is one, or more is left of it. A lone header counts for a few frames, unless another dump goes on behind it.
 */
function isOthers(sample: Sample, sibling: Sample, damaged: Buffer): boolean {
  const wholeOf = ({ frames }: Sample): FoundFrame[] => frames.filter((frame) => damaged.includes(frame.bytes));
  const [own, others] = [wholeOf(sample), wholeOf(sibling)];
  const begins = ({ frames: [first] }: Sample): boolean => first !== undefined && damaged.subarray(17, 17 + first.bytes.length).equals(first.bytes);
  const placesOf = (frames: readonly FoundFrame[]): number => Math.min(...frames.map((frame) => damaged.indexOf(frame.bytes, 18)).filter((at) => at >= 0));
  if (begins(sibling)) return own.length <= others.length + FEW || placesOf(others) < placesOf(own);
  if (!begins(sample)) return own.length <= others.length;
  if (placesOf(own) < placesOf(others)) return false;
  return others.length > own.length;
}

async function judge(sample: Sample, damaged: Buffer, input: string, output: string): Promise<string[]> {
  const { kept, keyspaces } = expectedOf(sample, damaged);
  let result: RecoverResult;
  try {
    result = await recoverDump({ input, output, force: true });
  } catch (error) {
    if (!(error instanceof KgdumpError) || !error.code.startsWith("DUMP_")) throw error;
    return kept.size === 0 ? [] : [`${error.code}: ${error.message}, but ${String(kept.size)} blocks are sound`];
  }
  const found = await contentOf(await readFile(output));
  const wrong: string[] = [];
  for (const [at, expected] of keyspaces.entries()) {
    const is = found.keyspaces[at];
    if (is === undefined ? expected.length > 0 : !is.equals(expected)) wrong.push(`keyspace ${String(at)}: ${String(is?.length)} bytes of entries, not ${String(expected.length)}`);
  }
  if (!found.salvaged) wrong.push("not marked as salvaged");
  if (found.gaps !== result.gaps) wrong.push("other gaps than told");
  const all = kept.size === sample.blocks.length;
  if (!all && !result.lost) wrong.push("lost blocks, and says that nothing is lost");
  if (all && result.lost && totalsSurvive(sample, damaged)) wrong.push("nothing is lost, and says that something is");
  if (result.sound !== damaged.equals(sample.dump)) wrong.push(`says sound: ${String(result.sound)}`);
  if (found.keyspaces.length === KEYSPACES.length) wrong.push(...wrongGaps(result, sample, kept));
  else if (!result.lost) wrong.push("keyspaces are missing, and says that nothing is lost");
  return wrong;
}

async function runs(t: ExecutionContext, codec: "none" | "lz4" | "zstd"): Promise<void> {
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "damaged.kgd"), join(directory, "new.kgd")];
  t.log(`SEED=${String(FIRST)}`);
  const failures: string[] = [];
  const samples = await Promise.all(Array.from({ length: SAMPLES }, (_, index) => Promise.all([makeSample(codec, index), makeSample(codec, index, "sibling")])));
  for (let run = 0; run < RUNS; run += 1) {
    const seed = FIRST + run;
    const [sample, sibling] = samples[seed % SAMPLES] ?? [];
    if (sample === undefined || sibling === undefined) throw new Error("no sample");
    const { dump, done } = damage(sample, sibling, new Random(seed));
    await writeFile(input, dump);
    let wrong = await judge(sample, dump, input, output);
    if (wrong.length > 0 && isOthers(sample, sibling, dump)) wrong = await judge(sibling, dump, input, output);
    if (wrong.length > 0) failures.push(`SEED=${String(seed)} ${done.join("+")}: ${wrong.join("; ")}`);
  }
  t.deepEqual(failures.slice(0, 15), [], `${String(failures.length)} of ${String(RUNS)}`);
}

for (const codec of ["none", "lz4", "zstd"] as const) {
  test(`${codec}: random damages cost exactly the damaged blocks`, async (t) => {
    t.timeout(3_600_000);
    await runs(t, codec);
  });
}
