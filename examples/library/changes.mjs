// @ts-check
/**
 * Tells what a delta changes in the dump that it builds on.
 *
 *     node changes.mjs BASE DELTA [PREFIX]
 */
import { KgdumpError, openDump } from "kgdump";

const [basePath = "", deltaPath = "", prefix] = process.argv.slice(2);
const base = await openDump(basePath);
const delta = await openDump(deltaPath);
try {
  if (delta.kind !== "delta" || delta.header.base.dumpId !== base.header.dumpId) throw new Error(`${deltaPath} does not build on ${basePath}`);
  for await (const { keyspace, keyspaceText, key, value } of delta.entries({ prefix })) {
    const before = await valueBefore(keyspace, key);
    const what = value === null ? "removed" : before === undefined ? "added" : "changed";
    console.log(`${what}\t${keyspaceText}\t${key.toString()}\t${before?.toString() ?? ""} -> ${value?.toString() ?? ""}`);
  }
} finally {
  await base.close();
  await delta.close();
}

/**
 * The base's value of a key; undefined also when it lacks the whole keyspace.
 * @param {Buffer} keyspace
 * @param {Buffer} key
 */
async function valueBefore(keyspace, key) {
  try {
    return await base.get(keyspace, key);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "KEYSPACE_UNKNOWN") return undefined;
    throw error;
  }
}
