/**
 * Random stores with random damages: every entry of every sound block comes out, none is made up, and each loss is named.
 *
 * `KGDUMP_DAMAGES=1000` tries so many, `SEED=n` repeats a run. The model is that of the program that wrote the stores.
 */
import { createReadStream } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { recoverStore, type RecoverStoreResult } from "#src/operations/recover/index.js";
import { contentOfDump, exportedOf } from "../../maker/exported.js";
import { type Made, Maker } from "../../maker/run.js";
import { SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { damage, judge, type Life, random, randomLife } from "./store-support.js";

const DAMAGES = Number(process.env.KGDUMP_DAMAGES ?? 40);
/** Damages of each store. */
const EACH = 4;

/** What a recovery said, a line each. */
function toldOf({ losses, remarks }: RecoverStoreResult): string {
  const text = (bytes: Uint8Array | null): string => (bytes === null ? "(any)" : Buffer.from(bytes).toString());
  const lines = losses.map(({ keyspace, what, file, from, to, entries, reason }) => `${text(keyspace)} ${what} ${text(from)}..${text(to)} ${String(entries)} ${file}: ${reason}`);
  return [...lines, ...remarks].join("\n");
}

test("random damages of random stores", async (t) => {
  t.log(`SEED=${String(SEED)} KGDUMP_DAMAGES=${String(DAMAGES)}`);
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const repaired = { kept: 0, missing: 0, other: 0, failed: 0 };
  let [made, life]: [Made | undefined, Life | undefined] = [undefined, undefined];
  /** What RocksDB's own repair makes of the same store. */
  const yardstick = async (damaged: string, copy: string): Promise<void> => {
    await cp(damaged, copy, { recursive: true });
    try {
      await maker.carryOut(copy, [...(life?.plan ?? []).slice(0, (life?.plan ?? []).indexOf("open")), "repair"]);
      const { exported } = await exportedOf(copy);
      for (const { name, entries } of made?.families ?? []) {
        const found = new Map((exported.get(name.toString("hex")) ?? []).map(([key, value]) => [key.toString("hex"), value]));
        const kept = entries.filter(([key, value]) => found.get(key.toString("hex"))?.equals(value as Buffer) === true).length;
        const missing = entries.filter(([key]) => !found.has(key.toString("hex"))).length;
        repaired.kept += kept;
        repaired.missing += missing;
        repaired.other += found.size - kept;
      }
    } catch {
      repaired.failed += 1;
    }
    await rm(copy, { recursive: true, force: true });
  };
  const sums = { kept: 0, missing: 0, older: 0, whole: 0, nothing: 0 };
  for (let store = 0; store * EACH < DAMAGES; store += 1) {
    const next = random(SEED * 1000 + store);
    life = randomLife(next);
    const path = join(directory, `store-${String(store)}`);
    made = await maker.make(path, life.plan);
    for (let round = 0; round <= EACH; round += 1) {
      const damaged = join(directory, "damaged");
      await cp(path, damaged, { recursive: true });
      const done: string[] = [];
      // The first round is a store that is sound.
      for (let count = round === 0 ? 0 : 1 + next(2); count > 0; count -= 1) done.push(await damage(damaged, next));
      if (round > 0) await yardstick(damaged, join(directory, "repaired"));
      const output = join(directory, "recovered.kgd");
      const what = `SEED=${String(SEED)} store ${String(store)} round ${String(round)}: ${done.join("; ")}`;
      try {
        const result = await recoverStore({ store: damaged, output, force: true });
        const outcome = judge(made, life, result, await contentOfDump(createReadStream(output)));
        t.deepEqual(outcome.wrong.slice(0, 5), [], `${what}\n${life.plan[0] ?? ""}\n${toldOf(result)}`);
        if (round === 0) t.false(result.lost, what);
        if (round > 0) {
          sums.kept += outcome.kept;
          sums.missing += outcome.missing;
          sums.older += outcome.older;
        }
        sums.whole += outcome.missing + outcome.older === 0 ? 1 : 0;
      } catch (error) {
        // A store of which nothing is left at all.
        t.regex(String(error), /nothing of the store|holds no (?:table|file)/, what);
        sums.nothing += 1;
      }
      await rm(damaged, { recursive: true });
    }
    await rm(path, { recursive: true });
  }
  const { kept, missing, other, failed } = repaired;
  t.log(`RocksDB's repair: kept ${String(kept)}, missing ${String(missing)}, older or gone before ${String(other)}; failed, or can't be read then: ${String(failed)}`);
  t.log(`kgdump recover:   kept ${String(sums.kept)}, missing ${String(sums.missing)}, older ${String(sums.older)}; whole ${String(sums.whole)}, nothing left ${String(sums.nothing)}`);
});
