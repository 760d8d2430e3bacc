// @ts-check
/**
 * Moves a RocksDB store into a new sled store, and compares the two.
 *
 *     node move.mjs STORE TARGET
 */
import { rm } from "node:fs/promises";
import { exportStore, importDump, KgdumpError, verifyDump } from "kgdump";

const [store = "", target = ""] = process.argv.slice(2);
const dump = `${target}.kgd`;

// Ctrl-C ends what runs; nothing half done is left.
const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new Error("stopped")));
const { signal } = controller;

/** @param {import("kgdump").Progress} progress */
const onProgress = ({ phase, entries, totalEntries }) => console.error(`${phase}: ${entries} of ${totalEntries ?? "?"}`);

try {
  const exported = await exportStore(store, { output: dump, onProgress, signal });
  const imported = await importDump(dump, { target, onProgress, signal });
  const { against } = await verifyDump(dump, { against: target, onProgress, signal });
  for (const { nameText, entries, digest } of exported.keyspaces) console.log(nameText, entries, digest.slice(0, 12));
  console.log(`${imported.entries} entries are in ${imported.target}, ${against?.equal === true ? "equal" : "DIFFERENT"}`);
  console.log(`open it with ${imported.reopen.rust}`);
  await rm(dump);
} catch (error) {
  if (!(error instanceof KgdumpError)) throw error;
  console.error(`${error.message} [${error.code}]`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
  process.exitCode = error.exitCode;
}
