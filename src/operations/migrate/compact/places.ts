/** Where the stores of a compaction are. */
import { basename, dirname, join } from "node:path";
import { namesIn } from "../../disk/names.js";

const KEPT = ".before-compact-";
const UNDONE = ".after-compact-";

/** Where the original of a compaction is kept. */
export function keptPath(store: string, stamp: string): string {
  return `${store}${KEPT}${stamp}`;
}

/** Where what was compacted is kept when the original is put back. */
export function compactedPath(store: string, stamp: string): string {
  return `${store}${UNDONE}${stamp}`;
}

/** When a compaction was done, or undone, as it stands in the name of what was kept. */
export function stampOf(kept: string): string {
  return kept.slice(kept.lastIndexOf("-") + 1);
}

/** The originals that are kept of a store, the newest last. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export function keptOf(store: string): Promise<string[]> {
  return named(store, KEPT);
}

/** The compacted stores that were put aside again, the newest last. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export function undoneOf(store: string): Promise<string[]> {
  return named(store, UNDONE);
}

async function named(store: string, middle: string): Promise<string[]> {
  const [directory, prefix] = [dirname(store), `${basename(store)}${middle}`];
  const names = (await namesIn(directory)).filter((name) => name.startsWith(prefix) && /^\d{8}T\d{6}Z$/.test(name.slice(prefix.length)));
  return names.sort().map((name) => join(directory, name));
}
