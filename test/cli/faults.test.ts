/** Faults of the program itself: they are told, and never look like success. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import anyTest, { type ExecutionContext } from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { writeGraph } from "./support/dumps.js";
import { assertOneError, type Ended, gather, kgdump, start } from "./support/run.js";

const test = anyTest.serial;

/** Runs `inspect` on a file with a module loaded before the program. */
async function inspectWith(t: ExecutionContext, module: string, args: readonly string[] = []): Promise<Ended> {
  const directory = await temporaryDirectory(t);
  const preload = join(directory, "preload.mjs");
  await writeFile(preload, module);
  await writeGraph(join(directory, "a.kgd"));
  return kgdump(["inspect", "a.kgd", ...args], { cwd: directory, env: { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` } });
}

const PATCH = 'import promises from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";';

test("work that never ends is never taken for done", async (t) => {
  const ended = await inspectWith(t, `${PATCH} promises.open = () => new Promise(() => {}); syncBuiltinESMExports();`);
  assertOneError(t, ended, 1, "INTERNAL");
  t.regex(ended.stderr, /ended before its work was done/);
});

test("an error of no known kind is internal, and without a stack", async (t) => {
  const module = `${PATCH} promises.open = async () => { undefined.x; }; syncBuiltinESMExports();`;
  const ended = await inspectWith(t, module);
  t.is(ended.code, 1);
  t.notRegex(ended.stderr, /^\s+at /m);
  const verbose = await inspectWith(t, module, ["-v"]);
  t.regex(verbose.stderr, /caused by: TypeError/);
});

test("an error that no operation caught ends the operation, exit code 1", async (t) => {
  const directory = await temporaryDirectory(t);
  const preload = join(directory, "preload.mjs");
  await writeFile(preload, 'setTimeout(() => { throw new Error("boom\\x1b[2J"); }, 1500);');
  const child = start(["import", "target"], {
    cwd: directory,
    input: "",
    env: { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` },
  });
  // Nothing ever comes.
  const ended = await gather(child);
  assertOneError(t, ended, 1, "INTERNAL");
  t.true(ended.stderr.includes("boom\\x1b[2J"));
});
