#!/usr/bin/env node
// @ts-check
/**
 * Only the load of an import, from what the plain Rust programs start from too: a file of encoded entries becomes a sled store.
 * Nothing is decompressed, checked against a dump, or read back.
 *
 *     node bench/load.mjs ENTRIES STORE [--compression]
 */
import { readFile } from "node:fs/promises";
import { openSledLoader } from "../dist/engines/sled/loader.js";
import { EntryCursor } from "../dist/format/index.js";

const BLOCK_SIZE = 1024 * 1024;

const [entries = "", store = "", ...flags] = process.argv.slice(2);
const raw = await readFile(entries);
const loader = await openSledLoader(store, { compression: flags.includes("--compression") });
await loader.startKeyspace(Buffer.from("default"), "bytewise");
const cursor = new EntryCursor(raw);
let start = 0;
while (cursor.next()) {
  if (cursor.end - start < BLOCK_SIZE) continue;
  await loader.load(raw.subarray(start, cursor.end));
  start = cursor.end;
}
if (start < raw.length) await loader.load(raw.subarray(start));
const count = await loader.finishKeyspace();
await loader.finish();
console.log(count);
