/** The programs of examples/library, each run with every version of Node that can be had; and the page that is made of the library's comments. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/index.js";
import { sledCheck } from "../checker/run.js";
import { gather } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const PROGRAMS = join(process.cwd(), "examples", "library");

interface Versions {
  readonly MAJORS: readonly number[];
  readonly nodeOf: (major: number) => Promise<string>;
}

const { MAJORS, nodeOf } = (await import(pathToFileURL(join(process.cwd(), "scripts", "setup", "node-versions.mjs")).href)) as Versions;

interface Ran {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly code: number | null;
}

async function run(node: string, name: string, args: readonly string[], input?: string): Promise<Ran> {
  const child = spawn(node, [join(PROGRAMS, name), ...args], { cwd: PROGRAMS, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  if (input === undefined) child.stdin.end();
  else createReadStream(input).pipe(child.stdin);
  const { code, stdout, stderr } = await gather(child);
  return { lines: stdout.toString().replace(/\n$/, "").split("\n"), stderr, code };
}

async function runAll(t: ExecutionContext, node: string): Promise<void> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { ...numbered("node:", 30), ...numbered("edge:", 70) }, nodes: { a: "1", gone: "2" } });
  const base = join(directory, "base.kgd");
  await exportStore(store, { output: base });

  const moved = await run(node, "move.mjs", [store, join(directory, "sled")]);
  t.is(moved.code, 0, moved.stderr);
  t.regex(moved.lines.join("\n"), /^default 100 [0-9a-f]{12}\nnodes 2 [0-9a-f]{12}\n102 entries are in .*sled, equal\nopen it with sled::Config::new\(\)/);
  t.is((await sledCheck(join(directory, "sled"))).reduce((sum, { records }) => sum + records, 0), 102);
  t.deepEqual((await readdir(directory)).sort(), ["base.kgd", "sled", "store"]);
  const again = await run(node, "move.mjs", [store, join(directory, "sled")]);
  t.is(again.code, 1);
  t.regex(again.stderr, /exists already \[TARGET_EXISTS\]\nhint: /);

  const wanted = ["default edge:\t70 entries\t", "default node:\t30 entries\t", "nodes \t2 entries\t2 bytes"];
  for (const [args, input] of [[[base], undefined], [[], base]] as const) {
    const { lines, code, stderr } = await run(node, "prefixes.mjs", args, input);
    t.is(code, 0, stderr);
    t.true(lines.length === 3 && lines.every((line, index) => line.startsWith(wanted[index] ?? "?")), lines.join("\n"));
  }

  const later = await makeStore(directory, "later", { default: { ...numbered("node:", 30), ...numbered("edge:", 71) }, nodes: { a: "3" } });
  const delta = join(directory, "delta.kgd");
  await exportStore(later, { output: delta, base: [base] });
  const told = await run(node, "changes.mjs", [base, delta]);
  t.is(told.code, 0, told.stderr);
  t.deepEqual(told.lines, ["added\tdefault\tedge:0000070\t -> value 70", "changed\tnodes\ta\t1 -> 3", "removed\tnodes\tgone\t2 -> "]);
  t.deepEqual((await run(node, "changes.mjs", [base, delta, "go"])).lines, ["removed\tnodes\tgone\t2 -> "]);
  t.regex((await run(node, "changes.mjs", [delta, base])).stderr, /does not build on/);
}

test("the programs run with the Node that is at hand", async (t) => {
  t.deepEqual((await readdir(PROGRAMS)).filter((name) => name.endsWith(".mjs")).sort(), ["changes.mjs", "move.mjs", "prefixes.mjs"]);
  await runAll(t, process.execPath);
});

const own = Number(process.versions.node.split(".")[0]);
for (const major of MAJORS.filter((one) => one !== own)) {
  test(`the programs run with Node ${String(major)}`, async (t) => {
    // It may have to be fetched.
    t.timeout(600_000);
    let node: string;
    try {
      node = await nodeOf(major);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "SetupError") throw error;
      t.log(`SKIPPED: ${error.message}`);
      t.pass();
      return;
    }
    const child = spawn(node, ["--version"], { stdio: ["ignore", "pipe", "pipe"] });
    t.regex((await gather(child)).stdout.toString(), new RegExp(`^v${String(major)}\\.`));
    await runAll(t, node);
  });
}
