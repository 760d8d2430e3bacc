#!/usr/bin/env node
// @ts-check
/**
 * Shows the whole way of a graph: a sample store in RocksDB, its dump, the same in sled, the proof that they are equal, and a report of what it holds.
 * Everything happens in demo/, and only what an earlier run made there is removed.
 */
import "./setup/node-version.mjs";
import { spawn } from "node:child_process";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { makeSampleStore } from "../bench/graph.mjs";
import { runScript, setUp } from "./setup.mjs";
import { filesBelow, ignoreAbsent } from "./setup/fingerprint.mjs";
import { inProject } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

const RECORDS = 100_000;
const FOLDER = "demo";
const MARKER = ".made-by-kgdump-demo";
const [STORE, DUMP, TARGET, REPORT] = [`${FOLDER}/rocksdb`, `${FOLDER}/graph.kgd`, `${FOLDER}/sled`, `${FOLDER}/report.html`];

/** Ctrl-C was pressed. The child that runs gets it too and cleans up; this script waits for it. */
let interrupted = false;

/** Makes the folder, or clears what an earlier run left in it. */
async function prepareFolder() {
  const folder = inProject(FOLDER);
  const names = (await readdir(folder).catch(ignoreAbsent)) ?? [];
  if (names.length > 0 && !names.includes(MARKER)) {
    throw new SetupError(`${folder} holds files that the demo did not make: move them away, then run it again`);
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, MARKER), "npm run demo made this folder and removes what it made here before it runs again\n");
  for (const made of [STORE, DUMP, TARGET, REPORT]) await rm(inProject(made), { recursive: true, force: true });
}

/**
 * Runs kgdump as a user would, on the user's terminal.
 * @param {readonly string[]} args
 * @throws {SetupError} when it fails
 */
async function kgdump(...args) {
  process.stdout.write(`\n$ kgdump ${args.join(" ")}\n`);
  const child = spawn(process.execPath, [inProject("bin", "kgdump.js"), ...args], { cwd: inProject(), stdio: "inherit" });
  const status = await new Promise((done) => {
    child.on("error", done);
    child.on("close", (code, signal) => {
      done(signal ?? code);
    });
  });
  checkInterrupted();
  if (status !== 0) throw new SetupError(`\`kgdump ${args.join(" ")}\` ended with ${String(status)}`);
}

function checkInterrupted() {
  if (interrupted) throw new SetupError("interrupted; `npm run demo` starts afresh", "", 130);
}

/** @param {string} path @returns {Promise<string>} its size in MB or kB, with all that is in it */
async function sizeOf(path) {
  const info = await stat(path);
  const files = info.isDirectory() ? await filesBelow(path) : [path];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

async function main() {
  await setUp();
  const start = performance.now();
  await prepareFolder();
  process.on("SIGINT", () => (interrupted = true));
  process.stdout.write(`Making a sample graph in a RocksDB store, ${relative(process.cwd(), inProject(STORE)) || STORE} …\n`);
  const made = await makeSampleStore(inProject(STORE), { records: RECORDS, onProgress: checkInterrupted });
  const records = made.records.toLocaleString("en");
  process.stdout.write(`Made ${records} records (${(made.bytes / 1e6).toFixed(1)} MB of keys and values).\n`);

  await kgdump("export", STORE, "-o", DUMP);
  await kgdump("inspect", DUMP);
  await kgdump("import", TARGET, "-i", DUMP);
  await kgdump("verify", DUMP, "--against", TARGET);
  await kgdump("report", DUMP, "-o", REPORT);

  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const places = [
    ["RocksDB store", STORE],
    ["dump", DUMP],
    ["sled store", TARGET],
    ["report", REPORT],
  ];
  process.stdout.write(`\nDone in ${seconds} s: ${records} records left RocksDB as a dump, arrived in sled, and are equal there.\n\n`);
  for (const [what = "", path = ""] of places) {
    process.stdout.write(`  ${what.padEnd(14)} ${path.padEnd(17)} ${await sizeOf(inProject(path))}\n`);
  }
  process.stdout.write(`
See what is in it, in a browser: ${pathToFileURL(inProject(REPORT)).href}

Try next:
  node bin/kgdump.js inspect ${DUMP} --entries --prefix node: --limit 3
  node bin/kgdump.js export ${STORE} | node bin/kgdump.js import ${FOLDER}/sled-2
  node bin/kgdump.js export YOUR_STORE -o graph.kgd       (it never writes to the store)
  npm link                                             to have it as \`kgdump\`
`);
}

await runScript("demo", main);
