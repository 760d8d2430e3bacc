// @ts-check
/**
 * How time and a store's size grow with the number of small keyspaces: each command with 1,000, 4,000 and 16,000 trees of two records. Each column
 * should be about four times the one before it, or less.
 *
 *     node bench/keyspaces.mjs [directory]
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DumpWriter, encodeEntries } from "../dist/format/index.js";

const COUNTS = [1000, 4000, 16_000];
const PROGRAM = fileURLToPath(new URL("../bin/kgdump.js", import.meta.url));

/**
 * Writes a dump of so many keyspaces.
 * @param {string} path
 * @param {number} count
 * @param {string} [value] of the first record
 */
function makeDump(path, count, value = "one") {
  const keyspaces = Array.from({ length: count }, (_, index) => ({ name: Buffer.from(`tree-${String(index).padStart(6, "0")}`), comparator: /** @type {const} */ ("bytewise"), estimatedEntries: 2, estimatedBytes: 8 }));
  const source = { engine: "sled", version: "0.34.7", databaseId: null, sequenceNumber: null };
  const writer = new DumpWriter({ formatVersion: { major: 1, minor: 1 }, dumpId: randomUUID(), createdAt: new Date(), producer: "bench", kind: "full", base: null, salvaged: null, source, codec: "none", blockSize: 4096, filter: null, keyspaces });
  const [first, last] = [Buffer.from("a"), Buffer.from("b")];
  const raw = encodeEntries([{ key: first, value: Buffer.from(value) }, { key: last, value: Buffer.from("two") }]);
  const chunks = [...writer.start()];
  for (let index = 0; index < count; index++) {
    chunks.push(...writer.startKeyspace(index));
    chunks.push(...writer.block({ entries: 2, keyBytes: 2, valueBytes: value.length + 3, firstKey: first, lastKey: last, codec: "none", data: raw, raw }));
    chunks.push(...writer.endKeyspace());
  }
  writeFileSync(path, Buffer.concat([...chunks, ...writer.finish()]));
}

/**
 * @param {readonly string[]} args
 * @returns {number} seconds
 */
function run(args) {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`kgdump ${args.join(" ")}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

/**
 * @param {string} directory
 * @returns {number} bytes of its files
 */
function sizeOf(directory) {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(directory, name))).reduce((sum, info) => sum + (info.isFile() ? info.size : 0), 0);
}

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), "kgdump-keyspaces-"));
try {
  /** @type {Record<string, Record<string, string>>} */
  const table = {};
  for (const count of COUNTS) {
    const place = (/** @type {string} */ name) => join(directory, `${String(count)}${name}`);
    const [input, one, store, output, delta, copy] = [place(".kgd"), place("-one.kgd"), place(""), place("-out.kgd"), place("-delta.kgd"), place("-copy")];
    makeDump(input, count);
    makeDump(one, 1, "three");
    const seconds = {
      import: run(["import", "-i", input, store, "-q"]),
      export: run(["export", store, "-o", output, "-q"]),
      verify: run(["verify", output, "--against", store, "-q"]),
      inspect: run(["inspect", output]),
      "merge one": run(["import", "--merge", "-i", one, store, "-q"]),
      "export a delta": run(["export", store, "--base", output, "-o", delta, "-q"]),
      "import it": run(["import", "-i", input, copy, "-q"]) * 0 + run(["import", "-i", delta, copy, "-q"]),
      compact: run(["compact", copy, "-q"]),
      "migrate to RocksDB": run(["migrate", "--from", store, "--engine", "rocksdb", "-q"]),
      "carry back": run(["rollback", store, "--carry-back", "-q"]),
    };
    table[count.toLocaleString("en")] = { ...Object.fromEntries(Object.entries(seconds).map(([name, value]) => [name, `${value.toFixed(1)} s`])), store: `${(sizeOf(store) / 1e6).toFixed(1)} MB` };
  }
  console.table(table);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
