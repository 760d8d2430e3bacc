/** What an export would do, without doing it. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { engineNamed } from "../../engines/registry.js";
import type { EntrySource, KeyOrder, StoreInfo } from "../../engines/store.js";
import { type ErrorCode, systemError } from "../../errors.js";
import { nameIsTaken } from "../disk/names.js";
import { checkRoom } from "../disk/space.js";
import { openSource } from "../disk/stores.js";
import { refuseInStore } from "../output/output.js";
import { closing } from "../run/closing.js";
import { BLOCK_SIZE_RANGE, type ExportOptions, openBase } from "./export.js";
import { type ExportSelection, selectedKeyspaces, selectionOf } from "./selection.js";

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

/** What `planExport` looks at. */
export interface PlanOptions extends ExportSelection, Pick<ExportOptions, "base" | "maxBlockSize"> {
  /** The dump's file, if there is one. */
  readonly output?: string | undefined;
  /** Whether an output file that exists would be replaced; default false. */
  readonly force?: boolean | undefined;
}

/**
 * Plans an export: opens the store and reads the first entry of each selected keyspace, so that a store that can't be read is
 * refused just as the export would, and looks at the output and the base. Damage further on is met by the export only.
 * @param options the selection, and the output file if there is one
 * @throws {KgdumpError} STORE_*, DUMP_*, KEYSPACE_UNKNOWN, USAGE, PERMISSION_DENIED, IO_FAILED
 */
export async function planExport(options: PlanOptions): Promise<ExportPlan> {
  const base = await openBase(options);
  await base?.close();
  const { info, selected } = await closing(await openSource(options.store, { ...options, ...selectionOf(options) }), async (source) => {
    const chosen = new Set(selectedKeyspaces(source.info, options));
    await readFirstEntries(source, [...chosen].map(({ name }) => name), options.signal);
    return { info: source.info, selected: source.info.keyspaces.map((keyspace) => chosen.has(keyspace)) };
  });
  const tells = engineNamed(info.engine).estimates;
  const known = (estimate: number): number | null => (tells ? estimate : null);
  const keyspaces = info.keyspaces.map(({ estimatedEntries, estimatedBytes: bytes, ...keyspace }, index) => ({
    ...keyspace, estimatedEntries: known(estimatedEntries), estimatedBytes: known(bytes), selected: selected[index] === true,
  }));
  const chosen = info.keyspaces.filter((_, index) => selected[index] === true);
  const estimatedBytes = chosen.reduce((total, keyspace) => total + keyspace.estimatedBytes, 0);
  if (options.output !== undefined) await refuseInStore(options.output, options.store);
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

/** A store that opens may still hold what nobody here can read, such as tables of another format. */
async function readFirstEntries(source: EntrySource, keyspaces: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  for (const keyspace of keyspaces) {
    for await (const block of source.scan(keyspace, { blockSize: BLOCK_SIZE_RANGE.min, limit: 1, signal })) block.release();
  }
}

const NOTHING: Pick<ExportPlan, "warnings" | "problems"> = { warnings: [], problems: [] };

async function lookAtOutput(
  path: string,
  force: boolean,
  estimatedBytes: number,
): Promise<Pick<ExportPlan, "warnings" | "problems">> {
  const warnings: string[] = [];
  const problems: ExportProblem[] = [];
  const there = await stat(path).catch(() => null);
  // A device or a FIFO takes the bytes as they come.
  if (there !== null && !there.isFile() && !there.isDirectory()) return NOTHING;
  if (there?.isDirectory() === true || (!force && (await nameIsTaken(path)))) problems.push({ code: "OUTPUT_EXISTS", message: `${path} exists already` });
  try {
    await access(dirname(path), constants.W_OK);
    warnings.push(...(await checkRoom(dirname(path), "the dump", { least: 0, likely: estimatedBytes })));
  } catch (error) {
    const { code, message } = systemError(error, `looking at ${dirname(path)}`, { missing: `${dirname(path)} does not exist, so ${path} can't be written` });
    problems.push({ code, message });
  }
  return { warnings, problems };
}
