// @ts-check
/**
 * Counts the entries of a dump by the beginning of their keys, up to the first colon. A stream is read as it comes.
 *
 *     node prefixes.mjs DUMP
 *     kgdump export STORE | node prefixes.mjs
 */
import { listEntries } from "kgdump";

const [path] = process.argv.slice(2);
const COLON = 0x3a;

/** @type {Map<string, { entries: number, bytes: number }>} */
const counts = new Map();
for await (const { keyspaceText, key, value } of listEntries(path ?? process.stdin)) {
  const name = `${keyspaceText} ${key.subarray(0, key.indexOf(COLON) + 1).toString()}`;
  const count = counts.get(name) ?? { entries: 0, bytes: 0 };
  counts.set(name, count);
  count.entries += 1;
  count.bytes += value?.length ?? 0;
}
for (const [name, { entries, bytes }] of [...counts].sort(([, a], [, b]) => b.entries - a.entries)) console.log(`${name}\t${entries} entries\t${bytes} bytes`);
