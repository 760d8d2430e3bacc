/** What commands that look into a dump or a store have in common. */
import { isErrorCode, KgdumpError } from "../../errors.js";
import type { DumpSummary } from "../../operations/dump/summary.js";
import { isDirectory } from "../../operations/disk/names.js";
import { type ReadingFlags, requireWith } from "../options.js";
import { refuseTerminalInput } from "../terminal/stdio.js";

/**
 * Whether the input is a store's directory, and not a dump; the options are those of the one that it is.
 * @param example a command that works, for who names no dump and pipes none
 * @throws {KgdumpError} USAGE
 */
export async function isStoreInput(input: string, { ttl, paranoid, maxBlockSize }: ReadingFlags & { readonly maxBlockSize?: number }, example: string): Promise<boolean> {
  if (input === "-") refuseTerminalInput(example);
  const store = input !== "-" && (await isDirectory(input));
  requireWith({ "--ttl": ttl !== undefined, "--paranoid": paranoid === true }, "a store", store);
  requireWith({ "--max-block-size": maxBlockSize !== undefined }, "a dump", !store);
  return store;
}

/**
 * Makes a command that showed an incomplete dump end with the exit code of its damage.
 * @param dump null for a store
 * @throws {KgdumpError} DUMP_*
 */
export function refuseIncomplete(dump: Pick<DumpSummary, "problem" | "path"> | null): void {
  const problem = dump?.problem ?? null;
  if (problem === null) return;
  const { code, message, offset, block } = problem;
  throw new KgdumpError(isErrorCode(code) ? code : "DUMP_TRUNCATED", message, { path: dump?.path ?? undefined, offset, block });
}
