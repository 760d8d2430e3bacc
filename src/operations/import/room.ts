/** Whether there is room for the store that a dump becomes. */
import { dirname, resolve } from "node:path";
import { MAX_PAYLOAD_LENGTH } from "../../format/index.js";
import { checkRoom } from "../disk/space.js";
import type { DumpInputs } from "../dump/events.js";
import { openDump } from "../dump/open-dump.js";
import { byName } from "../entries/keyspaces.js";
import type { WithWarnings } from "../run/progress.js";
import type { ImportPlan } from "./plan.js";

/** Where a store is made, and of what. */
interface Making extends WithWarnings {
  readonly target: string;
  readonly input: DumpInputs;
  readonly prefix?: Uint8Array | undefined;
}

/**
 * Looks whether a new store has room. It takes as much as its values at least when it does not compress them; keys can take less than they are long.
 * @param compresses whether the store compresses what it holds
 * @returns warnings, which were told
 * @throws {KgdumpError} NO_SPACE
 */
export async function checkRoomFor(plan: ImportPlan, work: string, { target, input, prefix, onWarning }: Making, compresses: boolean): Promise<string[]> {
  // Only the index of one dump tells what is in it. How much of a stream, of a chain, or behind a prefix there is, nobody knows.
  const sizes = typeof input === "string" && prefix === undefined ? await sizesOf(plan, input) : null;
  if (sizes === null) return [];
  const warnings = await checkRoom(dirname(resolve(target)), work, { least: compresses ? 0 : sizes.values, likely: sizes.all });
  for (const warning of warnings) onWarning?.(warning);
  return warnings;
}

/** Bytes of the values, and of keys and values, that are imported of a dump's file; null when it has no index that can be read. */
async function sizesOf(plan: ImportPlan, input: string): Promise<{ values: number; all: number } | null> {
  const dump = await openDump(input, { maxBlockSize: MAX_PAYLOAD_LENGTH }).catch(() => null);
  if (dump === null) return null;
  await using opened = dump;
  const held = byName(opened.footer.keyspaces);
  const sizes = { values: 0, all: 0 };
  for (const { name } of plan.selected) {
    const { keyBytes, valueBytes } = held.get(name) ?? { keyBytes: 0, valueBytes: 0 };
    sizes.values += valueBytes;
    sizes.all += keyBytes + valueBytes;
  }
  return sizes;
}
