#!/usr/bin/env node
// @ts-check
/**
 * Sends a store round: RocksDB to a dump, to sled, to a dump again, to RocksDB, to a dump; and compares what the three dumps hold.
 *
 *     npm run round-trip                          a gigabyte: a sample graph of 4 million records
 *     npm run round-trip -- --records 100K        less
 *     npm run round-trip -- --store DIRECTORY     a store of yours, which is only read
 *     npm run round-trip -- --in DIRECTORY        in this directory, not in the system's for temporary files
 */
import "./setup/node-version.mjs";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeSampleStore, parseCount } from "../bench/graph.mjs";
import { runScript, setUp } from "./setup.mjs";
import { inProject } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

/** @typedef {{ name: { text?: string, hex?: string }, entries: number, digest: string }} Keyspace */

/**
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 */
async function kgdump(...args) {
  const started = performance.now();
  const child = spawn(process.execPath, [inProject("bin", "kgdump.js"), "--progress", "never", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
    output += text;
  });
  const status = await new Promise((done) => {
    child.on("close", (code, signal) => {
      done(signal ?? code);
    });
  });
  if (status !== 0) throw new SetupError(`kgdump ${args.join(" ")} ended with ${String(status)}`);
  process.stdout.write(`${args[0] ?? ""}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return output;
}

/**
 * @param {string} dump
 * @returns {Promise<{ name: string, entries: number, digest: string }[]>} those that have entries, by name: a store of sled or RocksDB always has a default one
 */
async function contentOf(dump) {
  /** @type {{ keyspaces: Keyspace[] }} */
  const { keyspaces } = JSON.parse(await kgdump("inspect", "--json", dump));
  return keyspaces
    .filter(({ entries }) => entries > 0)
    .map(({ name, entries, digest }) => ({ name: JSON.stringify(name), entries, digest }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {readonly string[]} args */
async function main(args) {
  const options = /** @type {const} */ ({ records: { type: "string", default: "4M" }, store: { type: "string" }, in: { type: "string", default: tmpdir() } });
  const { values } = parseArgs({ args: [...args], options });
  await setUp();
  const directory = await mkdtemp(join(resolve(values.in), "kgdump-round-trip-"));
  /** @param {string} name */
  const at = (name) => join(directory, name);
  try {
    const store = values.store ?? at("graph");
    if (values.store === undefined) {
      const { records, bytes } = await makeSampleStore(store, { records: parseCount(values.records) });
      process.stdout.write(`a sample graph: ${String(records)} records, ${(bytes / 1e6).toFixed(1)} MB\n`);
    }
    await kgdump("export", store, "-o", at("1.kgd"), "-q");
    await kgdump("import", at("sled"), "-i", at("1.kgd"), "-q");
    await kgdump("export", at("sled"), "-o", at("2.kgd"), "-q");
    await kgdump("restore", at("rocksdb"), "-i", at("2.kgd"), "--options-from", at("1.kgd"), "-q");
    await kgdump("export", at("rocksdb"), "-o", at("3.kgd"), "-q");
    const [first, ...others] = [await contentOf(at("1.kgd")), await contentOf(at("2.kgd")), await contentOf(at("3.kgd"))];
    const expected = JSON.stringify(first);
    if (others.some((content) => JSON.stringify(content) !== expected)) {
      throw new SetupError(`what came back is not what was sent:\n${[first, ...others].map((content) => JSON.stringify(content)).join("\n")}`);
    }
    for (const { name, entries, digest } of first) process.stdout.write(`${name}: ${String(entries)} entries, SHA-256 ${digest}: equal in all three dumps\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await runScript("round-trip", () => main(process.argv.slice(2)));
