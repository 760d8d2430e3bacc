#!/usr/bin/env node
// @ts-check
/**
 * Measures the downtime of `kgdump migrate --live` beside a whole `kgdump migrate`, in turns, on copies of one store.
 *
 *     node bench/downtime.mjs [--records 1M] [--rounds 3] [--changed 1] [--directory DIR]
 *
 * The service is a program of its own that has the store open. When it is asked to stop, it changes so many percent of the records, spread over all
 * keys (puts, overwrites and removals in equal parts), and closes the store. The downtime is what the command itself tells: from when it has
 * locked the store until the sled store is in place. The whole migration is the command's own time, too, without the start of its process.
 */
import "../scripts/setup/node-version.mjs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runScript, setUp } from "../scripts/setup.mjs";
import { makeSampleStore, parseCount } from "./graph.mjs";
import { median } from "./stats.mjs";

const KGDUMP = fileURLToPath(new URL("../bin/kgdump.js", import.meta.url));
const SERVICE = fileURLToPath(new URL("./downtime-service.mjs", import.meta.url));

/** @typedef {{ total: number, downtime: number, changes: { added: number, changed: number, removed: number } | null }} Run */

/**
 * @param {string} store
 * @param {number | null} percent of the records that change while the service runs; null for a store without a service
 * @returns {Promise<Run>}
 */
async function migrate(store, percent) {
  const service = percent === null ? null : spawn(process.execPath, [SERVICE, store, String(percent)], { stdio: ["pipe", "pipe", "inherit"] });
  if (service !== null) await once(service.stdout, "data");
  const live = service === null ? [] : ["--live"];
  const command = spawn(process.execPath, [KGDUMP, "migrate", "--from", store, ...live, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  command.stdout.on("data", (chunk) => {
    said += String(chunk);
    if (said.includes('"phase":"stop"')) service?.stdin.end();
  });
  const [code] = await once(command, "close");
  service?.stdin.end();
  if (code !== 0) throw new Error(`kgdump migrate exited with ${String(code)}: ${said}`);
  /** @type {{ migration: { seconds: number, downtimeSeconds: number, changes: Run["changes"] } }} */
  const { migration } = JSON.parse(said.trimEnd().split("\n").at(-1) ?? "");
  return { total: migration.seconds, downtime: migration.downtimeSeconds, changes: migration.changes };
}

async function main() {
  const options = /** @type {const} */ ({
    records: { type: "string", default: "1M" },
    rounds: { type: "string", default: "3" },
    changed: { type: "string", default: "1" },
    directory: { type: "string", default: tmpdir() },
  });
  const { records, rounds, changed, directory } = parseArgs({ options }).values;
  await setUp();
  const ground = await mkdtemp(join(directory, "kgdump-downtime-"));
  try {
    const store = join(ground, "store");
    const made = await makeSampleStore(store, { records: parseCount(records) });
    process.stdout.write(`${String(made.records)} records, ${(made.bytes / 1e6).toFixed(1)} MB, ${changed} % changed\n`);
    /** @type {{ whole: number[], downtime: number[] }} */
    const seconds = { whole: [], downtime: [] };
    for (let round = 1; round <= Number(rounds); round++) {
      for (const percent of [null, Number(changed)]) {
        const place = join(ground, "run");
        await cp(store, join(place, "store"), { recursive: true });
        const run = await migrate(join(place, "store"), percent);
        await rm(place, { recursive: true, force: true });
        if (percent === null) seconds.whole.push(run.downtime);
        else seconds.downtime.push(run.downtime);
        const what = percent === null ? "whole migration" : `live, ${run.total.toFixed(2)} s in all, ${JSON.stringify(run.changes)}`;
        process.stdout.write(`round ${String(round)}: ${run.downtime.toFixed(2)} s down (${what})\n`);
      }
    }
    const [whole, downtime] = [median(seconds.whole), median(seconds.downtime)];
    process.stdout.write(`median: ${downtime.toFixed(2)} s of downtime, ${whole.toFixed(2)} s for the whole migration: ${(downtime / whole).toFixed(2)} of it\n`);
  } finally {
    await rm(ground, { recursive: true, force: true });
  }
}

await runScript("downtime", main);
