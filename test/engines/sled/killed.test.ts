/**
 * Sled stores whose programs were killed are read as the unmodified crate reads them, which drops what was not written whole. What cannot be told
 * from damage is refused, and the cure that the refusal names works.
 *
 * `KGDUMP_KILLED=300` tries so many, `SEED=n` repeats the stores; the moments of the kills cannot be repeated.
 */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { type CheckerOptions, sledCheck, sledChurn, sledWrite, type TreeContent, unlessHung } from "../../checker/run.js";
import { random } from "../../operations/recover/store-support.js";
import { SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { readStore } from "./support.js";

const KILLED = Number(process.env.KGDUMP_KILLED ?? 12);
/** Lives that each store has, all of which end in a kill. */
const LIVES = 4;

test("a store whose program was killed is read as that program will find it", async (t) => {
  t.log(`SEED=${String(SEED)} KGDUMP_KILLED=${String(KILLED)}`);
  const directory = await temporaryDirectory(t);
  const [store, copy] = [join(directory, "store"), join(directory, "copy")];
  const next = random(SEED);
  let options: CheckerOptions = {};
  let refused = 0;
  const life = async (number: number, isNew: boolean): Promise<true> => {
    if (isNew) {
      options = { compression: next(3) === 0, config: { segment_size: String(256 << next(12)) } };
      for (const path of [store, copy]) await rm(path, { recursive: true, force: true });
      await sledWrite(store, [`random ${String(next(1000))} ${String(20 + next(800))}`, "tree 00ff", "random 8 300"], options);
    }
    await sledChurn(store, next(1_000_000), next(3) * next(150), options);
    await cp(store, copy, { recursive: true });
    const label = `kill ${String(number)}, ${JSON.stringify(options)}`;
    const found = await readStore(store).catch((error: unknown) => error);
    const expected = (await sledCheck(copy, options)).map(asKeyspace);
    if (found instanceof KgdumpError) {
      refused += 1;
      t.is(found.code, "STORE_DAMAGED", label);
      t.regex(found.message, /its program was killed while writing/, label);
      t.regex(found.hint ?? "", /let that program open and close it once/, label);
      t.deepEqual(await readStore(copy), expected, `${label}, opened and closed`);
    } else t.deepEqual(found, expected, label);
    await rm(copy, { recursive: true });
    return true;
  };
  let [hung, fails] = [0, false];
  for (let number = 0; number < KILLED; number += 1) {
    fails = (await unlessHung(() => life(number, fails || number % LIVES === 0))) === null;
    if (fails) hung += 1;
  }
  t.log(`${String(refused)} were refused, ${String(hung)} hung`);
  t.true(hung <= 1 + KILLED / 200);
  t.true(refused <= 2 + KILLED / 20, `${String(refused)} were refused`);
});

function asKeyspace({ name, records, digest }: TreeContent): unknown {
  return { name: name.toString("latin1").replace(/^__sled__default$/, "default"), records, digest };
}
