/** What an import reads: a dump, or a chain of dumps as if it were the one full dump that it leads to. */
import type { BlockInfo, DumpHeader, Gap, KeyspaceTotals } from "../../format/index.js";
import { DumpChain } from "./chain.js";
import type { DumpInput } from "./input.js";
import { readEvents, type ReadOptions } from "./read.js";

/** What is to be read: one dump, or the files of a full dump and of the deltas that follow it. */
export type DumpInputs = DumpInput | readonly string[];

/** The part of what reading a dump yields that an import needs. */
export type EntryEvent =
  | { readonly type: "header"; readonly header: DumpHeader }
  | { readonly type: "keyspace-start"; readonly keyspace: number }
  | { readonly type: "block"; readonly block: Pick<BlockInfo, "keyspace" | "entries" | "firstKey" | "frameLength">; readonly raw: Uint8Array | null }
  | { readonly type: "gap"; readonly gap: Pick<Gap, "keyspace" | "entries"> }
  | { readonly type: "keyspace-end"; readonly keyspace: number; readonly totals: Pick<KeyspaceTotals, "entries" | "digest"> }
  | { readonly type: "footer" };

/** Whether the inputs can be read more than once. */
export function areFiles(input: DumpInputs): input is string | readonly string[] {
  return typeof input === "string" || Array.isArray(input);
}

/**
 * Reads one dump or a chain of them, with every check.
 * @throws {KgdumpError} DUMP_*, DELTA_BASE_DIFFERENT when dumps don't build on one another, and what readInput throws; while iterating
 */
export async function* readEntries(options: Omit<ReadOptions, "input"> & { readonly input: DumpInputs }): AsyncGenerator<EntryEvent> {
  const { input } = options;
  const files = Array.isArray(input) ? (input as readonly string[]) : null;
  const [only, ...more] = files ?? [];
  if (files === null || (only !== undefined && more.length === 0)) {
    yield* readEvents({ ...options, input: only ?? (input as DumpInput) }, true);
    return;
  }
  await using chain = await DumpChain.open(files, options);
  yield* chainEvents(chain);
}

async function* chainEvents(chain: DumpChain): AsyncGenerator<EntryEvent> {
  const keyspaces = chain.keyspaces.map(({ described, entries }) => ({ ...described, estimatedEntries: entries }));
  yield { type: "header", header: { ...chain.last.header, kind: "full", base: null, keyspaces } };
  for (const [index, keyspace] of chain.keyspaces.entries()) {
    yield { type: "keyspace-start", keyspace: index };
    for await (const { data, entries, firstKey } of chain.blocks(keyspace)) {
      yield { type: "block", block: { keyspace: index, entries, firstKey, frameLength: data.length }, raw: data };
    }
    yield { type: "keyspace-end", keyspace: index, totals: keyspace };
  }
  yield { type: "footer" };
}

/** Takes the header, which comes first. */
export async function readHeader(events: AsyncGenerator<EntryEvent>): Promise<DumpHeader> {
  const first = await events.next();
  if (first.done === true || first.value.type !== "header") throw new TypeError("a dump begins with its header");
  return first.value.header;
}
