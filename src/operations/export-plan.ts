/** What an export would do, without doing it. */
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { KeyOrder, StoreInfo } from "../engines/engine.js";
import { type ErrorCode, systemError } from "../errors.js";
import { closing } from "./closing.js";
import { type ExportSelection, selectionOf } from "./export.js";
import { selectKeyspaces } from "./keyspaces.js";
import { openSource } from "./load-engine.js";
import { nameIsTaken } from "./output-file.js";

/** One keyspace of the store, and whether it would be exported. */
export interface PlannedExport {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
  /** Null when the store does not tell: sled does not count. */
  readonly estimatedEntries: number | null;
  readonly estimatedBytes: number | null;
  readonly selected: boolean;
}

/** Why an export would fail. */
export interface ExportProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What an export would do. */
export interface ExportPlan {
  readonly store: StoreInfo;
  readonly keyspaces: readonly PlannedExport[];
  /** Sums over the selected keyspaces; they don't take key ranges, prefix and limit into account. Null when the store does not tell. */
  readonly estimatedEntries: number | null;
  readonly estimatedBytes: number | null;
  /** What a user should know, a sentence each. */
  readonly warnings: readonly string[];
  /** What would make the export fail. */
  readonly problems: readonly ExportProblem[];
}

/**
 * Plans an export: opens the store, so that one that can't be read whole is refused just as the export would, and
 * looks at the output.
 * @param options the selection, and the output file if there is one
 * @throws {KgdumpError} STORE_*, KEYSPACE_UNKNOWN, PERMISSION_DENIED, IO_FAILED
 */
export async function planExport(
  options: ExportSelection & { readonly output?: string | undefined; readonly force?: boolean | undefined },
): Promise<ExportPlan> {
  const info = await closing(await openSource(options.store, options, selectionOf(options)), (source) => Promise.resolve(source.info));
  const names = info.keyspaces.map((keyspace) => keyspace.name);
  const selected = selectKeyspaces(names, selectionOf(options));
  const tells = info.engine !== "sled";
  const known = (estimate: number): number | null => (tells ? estimate : null);
  const keyspaces = info.keyspaces.map(({ estimatedEntries, estimatedBytes: bytes, ...keyspace }, index) => ({
    ...keyspace, estimatedEntries: known(estimatedEntries), estimatedBytes: known(bytes), selected: selected[index] === true,
  }));
  const chosen = info.keyspaces.filter((_, index) => selected[index] === true);
  const estimatedBytes = chosen.reduce((total, keyspace) => total + keyspace.estimatedBytes, 0);
  const looked = options.output === undefined ? NOTHING : await lookAtOutput(resolve(options.output), options.force === true, estimatedBytes);
  return {
    store: info,
    keyspaces,
    estimatedEntries: known(chosen.reduce((total, keyspace) => total + keyspace.estimatedEntries, 0)),
    estimatedBytes: known(estimatedBytes),
    warnings: [...info.warnings, ...looked.warnings],
    problems: looked.problems,
  };
}

const NOTHING = { warnings: [], problems: [] };

async function lookAtOutput(
  path: string,
  force: boolean,
  estimatedBytes: number,
): Promise<{ warnings: string[]; problems: ExportProblem[] }> {
  const warnings: string[] = [];
  const problems: ExportProblem[] = [];
  if (!force && (await nameIsTaken(path))) problems.push({ code: "OUTPUT_EXISTS", message: `${path} exists already` });
  try {
    await access(dirname(path), constants.W_OK);
    const { bavail, bsize } = await statfs(dirname(path));
    if (bavail * bsize < estimatedBytes) {
      warnings.push(`${dirname(path)} has ${String(bavail * bsize)} bytes free; uncompressed, the entries take about ${String(estimatedBytes)}`);
    }
  } catch (error) {
    const { code, message } = systemError(error, `looking at ${dirname(path)}`);
    problems.push({ code, message });
  }
  return { warnings, problems };
}
