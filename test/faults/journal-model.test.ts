/**
 * A model of the journal: its states, the steps that each form of migrate and rollback takes in them, and each failure of each step (an error of the call,
 * or the end of the process before it). After each: status tells of it, the same command does what is left, and the other one undoes it; the old store or
 * the new one is in place at all times, whole.
 *
 * KGDUMP_FAULTS=all does the whole table; else KGDUMP_MODEL=n rows of each form are drawn by SEED, or always the same 2. KGDUMP_FORM=name does one form. Needs strace.
 */
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import type { MigrationStep } from "#src/operations/migrate/journal.js";
import { makeStore, numbered } from "../support/stores.js";
import { loggedSeed, REPEATED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { runWithFault } from "./inject.js";
import { FAILURES, type Form, FORMS, type Place, prepare, reset, type Step, stepsOf, wordsOf, wrongAfter, wrongEnd } from "./journal-model.js";
import { straceIsMissing } from "./series.js";
import { randomNumbers } from "./support.js";

const ALL = process.env.KGDUMP_FAULTS === "all";
/** So many failures of each form are tried, unless all are: by chance when a number is asked for, else the same each time. */
const { KGDUMP_MODEL: ASKED } = process.env;
const DRAWN = Number(ASKED ?? 2);
const USUAL_SEED = 20281128;
/** So often a form is run without a fault, until all of its states were seen. */
const MOST_ROUNDS = 12;
const CONTENT = { default: numbered("k", 40), nodes: numbered("n", 10) };
const STATES: Readonly<Record<MigrationStep, true>> = {
  copying: true, waiting: true, following: true, exporting: true, importing: true, imported: true, switching: true, confirming: true, done: true, "rolling-back": true, "rolled-back": true,
};

test("the forms pass through every state that a journal has", (t) => {
  const seen = new Set(FORMS.flatMap(({ states }) => states));
  t.deepEqual(Object.keys(STATES).filter((state) => !seen.has(state)), []);
});

/** A place for a form: its store, and dumps of what that and the written one hold. */
async function placeOf(t: ExecutionContext, { to, apart, away }: Form): Promise<Place | null> {
  const directory = await temporaryDirectory(t);
  const backups = away === true ? await mkdtemp("/dev/shm/kgdump-model-") : join(directory, "backups");
  t.teardown(() => rm(backups, { recursive: true, force: true }));
  if (away === true && (await stat(backups)).dev === (await stat(directory)).dev) return null;
  const [out, work] = [join(directory, "out"), join(directory, "work")];
  for (const path of [out, work, backups]) await mkdir(path, { recursive: true });
  const dumps: string[] = [];
  for (const [name, content] of Object.entries({ plain: CONTENT, written: { ...CONTENT, default: { ...CONTENT.default, written: "since" } } })) {
    const dump = join(directory, `${name}.kgd`);
    await exportStore({ store: await makeStore(directory, name, content), output: dump });
    dumps.push(dump);
  }
  const source = join(out, "graph");
  if (to === "sled") await makeStore(out, "graph", CONTENT);
  else await importDump({ target: source, input: dumps[0] ?? "" });
  return { out, backups, saved: join(directory, "saved"), work, source, target: apart === true ? join(out, "elsewhere") : source, dumps };
}

/** The paths that a run without faults uses, and its steps. */
async function table(t: ExecutionContext, form: Form, place: Place): Promise<{ paths: string[]; steps: Step[] }> {
  const paths = new Set<string>();
  for (let round = 1; ; round += 1) {
    await reset(place);
    const outcome = await runWithFault(place.work, wordsOf(form, place), place.out, null, [place.backups]);
    t.is(outcome.code, 0, outcome.stderr);
    for (const path of outcome.paths) paths.add(path);
    for (const { line } of outcome.trace) for (const [, path = ""] of line.matchAll(/["<]([^"<>]*)[">]/g)) if (path.startsWith(place.backups)) paths.add(path);
    const steps = stepsOf(outcome.trace, place, form.command === "migrate" ? "none" : "done");
    // A call that another thread's comes between is torn in two by strace, so that a state may go unseen.
    const isSeen = [...new Set(steps.map(({ state }) => state))].join() === form.states.join();
    if ((round > 1 && isSeen) || round === MOST_ROUNDS) return { paths: [...paths], steps };
  }
}

for (const form of FORMS) {
  if (process.env.KGDUMP_FORM !== undefined && process.env.KGDUMP_FORM !== form.name) continue;
  test.serial(`${form.name}: whatever fails at whatever step, the next run ends it or undoes it`, async (t) => {
    t.timeout(24 * 60 * 60_000);
    if (straceIsMissing(t)) return;
    const place = await placeOf(t, form);
    if (place === null) {
      t.log("SKIPPED: /dev/shm is no other file system");
      t.pass();
      return;
    }
    await prepare(form, place);
    const { paths, steps } = await table(t, form, place);
    t.deepEqual([...new Set(steps.map(({ state }) => state))], form.states);
    const rows = steps.flatMap(({ state, what, calls }) => {
      // Of many calls of a kind, such as those for each table, the first and the last.
      const ends = calls.length > 1 ? [calls[0], calls.at(-1)] : calls;
      return ends.flatMap((call) => (call === undefined ? [] : FAILURES.map((error) => ({ state, what, error, call }))));
    });
    const random = randomNumbers(ASKED === undefined && !REPEATED ? USUAL_SEED : loggedSeed(t));
    const tried = ALL ? rows : Array.from({ length: DRAWN }, () => rows[Math.floor(random() * rows.length)]).filter((row) => row !== undefined);
    const wrong: string[] = [];
    const missed = new Set<string>();
    let hits = 0;
    for (const { state, what, error, call } of tried) {
      await reset(place);
      const outcome = await runWithFault(place.work, wordsOf(form, place), place.out, { syscall: call.syscall, error, nth: call.nth, lasting: false }, paths);
      if (outcome.injected.length > 0 || outcome.signal === "SIGKILL") hits += 1;
      else missed.add(`${state}: ${what} (${call.syscall} ${String(call.nth)}), ${error}`);
      const found = [...wrongEnd({ error }, outcome), ...(await wrongAfter(form, place))];
      if (found.length > 0) wrong.push([`${state}: ${what} (${call.syscall} ${String(call.nth)}), ${error}, exit code ${String(outcome.code)}`, ...found, outcome.stderr.trim()].join("\n    "));
      if (found.length > 0 && ALL) process.stderr.write(`${form.name}: ${wrong.at(-1) ?? ""}\n`);
    }
    t.log(`${String(form.states.length)} states, ${String(steps.length)} steps, ${String(rows.length)} failures; ${String(tried.length)} tried, ${String(hits)} of them came`);
    if (missed.size > 0) t.log(`not reached: ${[...missed].join("; ")}`);
    t.true(hits > 0 || !ALL);
    t.deepEqual(wrong, []);
  });
}
