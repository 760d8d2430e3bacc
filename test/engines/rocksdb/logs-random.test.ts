/**
 * Random stores in each way of writing logs, from which a log is removed or cut off: what is exported is what the store holds, or it is
 * an error or a warning; and an undamaged store is never refused.
 *
 * `SEED=n` repeats a round, `KGDUMP_LOGS=n` runs more of them.
 */
import { cp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { differences, exportedOf } from "../../maker/exported.js";
import { hex, type Made, Maker } from "../../maker/run.js";
import { loggedSeed, REPEATED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { randomNumbers } from "./live-support.js";

const ROUNDS = Number(process.env.KGDUMP_LOGS ?? 40);

type Random = (limit: number) => number;

const FAMILIES = ["default", "a", "b"].map(hex);
/** Ways of writing logs. */
const KEPT = "options info_log_level=INFO_LEVEL;avoid_flush_during_recovery=true";
const WAYS: Readonly<Record<string, readonly string[]>> = {
  plain: [KEPT],
  recycled: [`${KEPT};recycle_log_file_num=2`],
  compressed: [`${KEPT};wal_compression=kZSTD`],
  "two-phase": [KEPT, "mode transactions committed"],
  "two-phase, recycled": [`${KEPT};recycle_log_file_num=2`, "mode transactions committed"],
  "two-phase, compressed": [`${KEPT};wal_compression=kZSTD`, "mode transactions committed"],
  verified: [`${KEPT};track_and_verify_wals=true;track_and_verify_wals_in_manifest=true`],
};

/** The lines of a random plan, which ends with a crash. */
function planOf(way: readonly string[], random: Random): string[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const transactions = way.some((line) => line.startsWith("mode"));
  const lines = [...way, ...FAMILIES.slice(1).map((name) => `family ${name}`), "open"];
  const open: string[] = [];
  const prepared: string[] = [];
  let made = 0;
  const change = (): string => {
    const key = hex(`key${random(40)}`);
    return random(5) === 0 ? `delete ${pick(FAMILIES)} ${key}` : `fill ${pick(FAMILIES)} ${key} ${random(random(8) === 0 ? 40_000 : 40)} ${random(256)}`;
  };
  const take = (list: string[]): string => list.splice(random(list.length), 1)[0] ?? "";
  const steps: (() => void)[] = [
    () => lines.push(change()),
    () => lines.push("batch", ...Array.from({ length: 1 + random(9) }, change), "write"),
    () => lines.push(`flush ${pick(FAMILIES)}`),
    () => {
      open.length = 0;
      lines.push("crash", "open");
    },
  ];
  const begin = (): void => {
    const name = hex(`t${made++}`);
    // Keys of its own: it holds locks on them.
    lines.push(`begin ${name}`, ...Array.from({ length: 1 + random(4) }, (_, index) => `in ${name} put ${pick(FAMILIES)} ${hex(`t${made} ${index}`)} ${hex("t")}`));
    if (random(4) > 0) {
      lines.push(`prepare ${name}`);
      prepared.push(name);
    } else open.push(name);
  };
  const decide = (): void => {
    if (prepared.length > 0) lines.push(`${random(4) === 0 ? "rollback" : "commit"} ${take(prepared)}`);
    else if (open.length > 0) lines.push(`commit ${take(open)}`);
  };
  const weights = [0, 0, 0, 0, 1, 1, 2, 3];
  for (let step = 5 + random(40); step > 0; step--) {
    if (transactions && random(2) === 0) (random(2) === 0 ? begin : decide)();
    else steps[pick(weights)]?.();
  }
  return [...lines, "crash"];
}

/** Whether all was said: nothing is silently other than the model. */
async function outcomeOf(t: ExecutionContext, store: string, made: Made, known: readonly string[]): Promise<string | null> {
  try {
    const { exported, warnings } = await exportedOf(store);
    const wrong = differences(made, exported);
    const said = warnings.filter((warning) => !known.includes(warning));
    if (wrong.length === 0) return "equal";
    if (said.length > 0) return "warned";
    t.log(wrong.slice(0, 3));
    return null;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "STORE_LOG_DAMAGED" && code !== "STORE_DAMAGED") throw error;
    // The path is another one each time.
    return message.length > 0 ? "refused" : null;
  }
}

async function round(t: ExecutionContext, maker: Maker, directory: string, seed: number): Promise<string> {
  const random = randomNumbers(seed);
  const ways = Object.keys(WAYS);
  const way = ways[random(ways.length)] ?? "";
  const store = join(directory, "store");
  const plan = planOf(WAYS[way] ?? [], random);
  const made = await maker.make(store, plan);
  const { exported, warnings } = await exportedOf(store);
  t.deepEqual(differences(made, exported), [], `undamaged, ${way}, SEED=${seed}`);
  const left = warnings.flatMap((warning) => /^the transaction "(.*)" \((\d+) op/.exec(warning)?.slice(1, 3).join(" ") ?? []);
  t.deepEqual(left.sort(), made.prepared.map(({ name, changes }) => `${name.toString()} ${changes}`).sort(), `prepared, SEED=${seed}`);
  const logs = (await readdir(store)).filter((name) => name.endsWith(".log")).sort();
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(store, name))).size));
  // Of a log that nothing follows nobody can know how long it was.
  const filled = logs.filter((_, index) => (sizes[index] ?? 0) > 11);
  const target = filled[random(Math.max(1, filled.length - 1))];
  if (target === undefined || filled.length < 2) return `${way}: one log`;
  const copy = join(directory, "copy");
  await cp(store, copy, { recursive: true });
  const size = sizes[logs.indexOf(target)] ?? 0;
  const removed = random(2) === 0;
  if (removed) await rm(join(copy, target));
  else await truncate(join(copy, target), random(size));
  const outcome = await outcomeOf(t, copy, made, warnings);
  await rm(copy, { recursive: true });
  // docs/limits.md says what nobody can see: that the first log had more, when it is of a session before the last one, or when another log was
  // begun behind it although it was empty, as after an opening that keeps the logs that it reads. Later ones leave a gap in the numbers.
  const opening = Number((await readFile(join(store, "CURRENT"), "utf8")).slice("MANIFEST-".length)) - 1;
  const mayHide = target === logs[0] && (Number.parseInt(target, 10) < opening || (!removed && Number.parseInt(target, 10) === opening));
  if (outcome === null) t.log(`unseen: ${way}, ${target} of ${logs.join(" ")}, SEED=${seed}`);
  t.true(outcome !== null || mayHide, `unseen: ${way}, ${target} of ${logs.join(" ")}, SEED=${seed}`);
  return `${way}: ${outcome ?? "unseen"}`;
}

test("a log that is gone or cut off is never missed in silence", async (t) => {
  t.timeout(120_000 + ROUNDS * 3000);
  const first = loggedSeed(t);
  const outcomes = new Map<string, number>();
  await using maker = new Maker();
  const directory = await temporaryDirectory(t);
  for (let index = 0; index < (REPEATED ? 1 : ROUNDS); index++) {
    const outcome = await round(t, maker, directory, first + index).catch((error: unknown) => {
      t.log(`SEED=${first + index}`);
      throw error;
    });
    await rm(join(directory, "store"), { recursive: true });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.log(`SEED=${first}`, Object.fromEntries([...outcomes].sort()));
});
