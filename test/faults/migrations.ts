/** What must be true of a migration or a rollback that was interrupted, and after the next. */
import { readdir, readFile } from "node:fs/promises";
import { occupantOf } from "#src/operations/disk/places.js";
import { directionTo, type MigratedEngine } from "#src/operations/migrate/direction.js";
import type { Journal } from "#src/operations/migrate/journal.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { kgdump } from "../cli/support/run.js";
import { must } from "./kills.js";

/** Fails unless a store of that engine is at a path and holds everything. */
export async function mustHold(path: string, engine: MigratedEngine, dump: string, when: string): Promise<void> {
  const found = await occupantOf(path);
  must(found === engine, `${when}, ${path} is ${found} and not ${engine}`);
  const { against } = await verifyDump({ input: dump, against: path });
  must(against?.equal === true, `${when}, the ${engine} store is not whole`);
}

/** What is at the path of the service right after a kill. */
export async function inPlace(graph: string, dump: string): Promise<MigratedEngine> {
  const found = await occupantOf(graph);
  must(found === "rocksdb" || found === "sled", `after the kill, ${found} is in place`);
  const engine = found === "sled" ? "sled" : "rocksdb";
  await mustHold(graph, engine, dump, "after the kill");
  return engine;
}

/** Runs what comes next of a migration to an engine, and checks all that it promises. */
export async function finishWith(command: "migrate" | "rollback", cwd: string, graph: string, dump: string, to: MigratedEngine = "sled"): Promise<void> {
  const { from } = directionTo(to);
  const args = command === "migrate" ? ["migrate", "--from", graph, "--engine", to] : ["rollback", graph];
  const next = await kgdump([...args, "--no-input", "-q"], { cwd });
  // Killed before it had a journal, there is nothing to roll back.
  if (command === "rollback" && next.code === 1 && next.stderr.includes("NOT_FOUND")) {
    await mustHold(graph, from, dump, "without a journal");
    return;
  }
  must(next.code === 0, `the next ${command}: ${next.stderr}`);
  await mustHold(graph, command === "migrate" ? to : from, dump, `after the next ${command}`);
  const journal = JSON.parse(await readFile(`${graph}.kgdump-migration.json`, "utf8")) as Journal;
  must(journal.step === (command === "migrate" ? "done" : "rolled-back"), `the journal says ${journal.step}`);
  if (command === "migrate") await mustHold(journal.backup ?? "", from, dump, "as the backup");
  const left = (await readdir(cwd)).filter((name) => /kgdump-new|kgdump-back|partial|removed|\.tmp$/.test(name));
  must(left.length === 0, `the next ${command} left ${left.join(", ")}`);
  const again = await kgdump([...args, "--no-input", "-q"], { cwd });
  must(again.code === 0, `once more: ${again.stderr}`);
}
