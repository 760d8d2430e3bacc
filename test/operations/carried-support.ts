/** A store, what was exported of it, and the sled store that this became: what most operations work on. */
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

/** Entries of the store, in two keyspaces. */
export const ENTRIES = 3500;

/** Where each is. */
export interface Carried {
  readonly directory: string;
  readonly store: string;
  readonly sled: string;
  readonly dump: string;
}

/** Makes them, with many blocks in the dump. */
export async function carried(t: ExecutionContext): Promise<Carried> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 2000), nodes: numbered("n", ENTRIES - 2000) });
  const [sled, dump] = [join(directory, "sled"), join(directory, "dump.kgd")];
  await exportStore({ store, output: dump, blockSize: 4096 });
  await importDump({ target: sled, input: dump });
  return { directory, store, sled, dump };
}
