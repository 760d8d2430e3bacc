/** What a dump's index names, for completing a command line: nothing but the index is read. */
import { openIndexed } from "../dump/read.js";

/** Blocks of each keyspace whose keys are taken, at most. */
const BLOCKS = 10_000;

/** Names in a dump. */
export interface DumpNames {
  readonly keyspaces: readonly Uint8Array[];
  /** First and last keys of blocks. */
  readonly keys: readonly Uint8Array[];
}

/**
 * Names the keyspaces of a dump, and some of its keys.
 * @param withKeys whether keys are wanted
 * @returns no names for what is no regular file
 * @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged, NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function namesInDump(path: string, withKeys: boolean): Promise<DumpNames> {
  await using open = await openIndexed(path);
  if (open === null) return { keyspaces: [], keys: [] };
  const { dump } = open;
  const keys: Uint8Array[] = [];
  for (const index of withKeys ? dump.header.keyspaces.keys() : []) {
    let blocks = 0;
    for await (const { firstKey, lastKey } of dump.blocks(index)) {
      keys.push(firstKey, lastKey);
      blocks += 1;
      if (blocks === BLOCKS) break;
    }
  }
  return { keyspaces: dump.header.keyspaces.map(({ name }) => name), keys };
}
