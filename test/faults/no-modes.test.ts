/**
 * File systems that keep neither modes nor owners, such as exFAT, NTFS and CIFS: every change of a mode, a time or an owner fails there, as strace lets it fail
 * here. All commands get on, and leave nothing behind. Needs strace.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { gather, KGDUMP } from "../cli/support/run.js";
import { SIMULATION_DIRECTORY } from "../simulator/simulation.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { straceIsMissing } from "./series.js";

const REFUSED = "chmod,fchmod,fchmodat,utimensat";
const OLD = { default: numbered("k", 40), nodes: { a: "1" } };
const NEW = { default: { ...numbered("k", 40), k0000007: "another" }, nodes: { a: "1", b: "2" } };

/** Runs a command of which each such call fails. */
async function run(t: ExecutionContext, ...args: readonly string[]): Promise<void> {
  const child = spawn("strace", ["-f", "-o", "/dev/null", "-e", `trace=${REFUSED}`, "-e", `inject=${REFUSED}:error=EPERM`, process.execPath, KGDUMP, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  const { code, stderr } = await gather(child);
  t.is(code, 0, `${args.join(" ")}: ${stderr}`);
}

test("where modes, times and owners can't be changed, every command makes what it makes, and nothing else is left", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await realpath(await temporaryDirectory(t));
  const at = (name: string): string => join(directory, name);
  const [graph, later] = [await makeStore(directory, "graph", OLD), await makeStore(directory, "later", NEW)];
  // What is none of RocksDB's goes along.
  await writeFile(join(graph, "notes.txt"), "of the program");
  const [full, delta, next] = [at("full.kgd"), at("delta.kgd"), at("later.kgd")];
  await run(t, "export", graph, "-o", full);
  await run(t, "export", later, "-o", delta, "--base", full);
  await exportStore({ store: later, output: next });
  const holds = async (input: string, against: string): Promise<void> => {
    t.true((await verifyDump({ input, against })).against?.equal, against);
  };
  await run(t, "import", at("sled"), "-i", full);
  await holds(full, at("sled"));
  await run(t, "import", at("sled"), "-i", delta);
  await holds(next, at("sled"));
  await run(t, "restore", at("restored"), "-i", full);
  await holds(full, at("restored"));
  await run(t, "recover", full, "-o", at("saved.kgd"));
  await run(t, "recover", at("restored"), "--to", at("recovered"));
  await run(t, "compact", graph);
  await run(t, "compact", graph, "--undo");
  await run(t, "cleanup", graph);
  await run(t, "migrate", graph);
  await run(t, "rollback", graph);
  await run(t, "cleanup", graph);
  await holds(full, graph);
  // A backup on another disk is a copy.
  const backups = await mkdtemp(join(await realpath(SIMULATION_DIRECTORY), "kgdump-test-"));
  t.teardown(() => rm(backups, { recursive: true, force: true }));
  await run(t, "migrate", graph, "--backup-dir", backups, "--stream");
  await holds(full, graph);
  await run(t, "rollback", graph);
  await holds(full, graph);
  await run(t, "cleanup", graph);
  t.true((await readdir(graph)).includes("notes.txt"));
  t.deepEqual((await readdir(directory)).sort(), ["delta.kgd", "full.kgd", "graph", "later", "later.kgd", "recovered", "restored", "saved.kgd", "sled"]);
  t.deepEqual(await readdir(backups), []);
});
