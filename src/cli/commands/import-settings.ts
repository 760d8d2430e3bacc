/** Where an import goes and with which settings: flags over environment over storage.toml. */
import { KgdumpError } from "../../errors.js";
import { adviceOn, environmentSettings, layered, readStorageFile, type SledSettings, type StorageFile } from "../../settings/index.js";
import type { SledFlags } from "../options.js";

/** What an import shall do. */
export interface ImportSettings {
  readonly target: string;
  readonly settings: SledSettings;
  /** The settings file, in a list of one; none without. Who may change it says what is worked on. */
  readonly files: readonly string[];
  /** What the user should know of the settings, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Puts target and settings together.
 * @param target as given; undefined when it was not
 * @param flags the options; `merge` and `ifExists` tell whether the store is there already
 * @param env the environment
 * @throws {KgdumpError} USAGE; CONFIG_INVALID, NOT_FOUND, PERMISSION_DENIED, IO_FAILED for the settings file
 */
export async function importSettings(
  target: string | undefined,
  flags: SledFlags & { readonly merge?: boolean; readonly ifExists?: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImportSettings> {
  if (flags.config === "") throw new KgdumpError("USAGE", "--config is empty", { hint: "name the service's storage.toml" });
  const environment = environmentSettings(env);
  const config = flags.config ?? environment.config;
  const file = config === undefined ? undefined : await readStorageFile(config);
  const { cacheCapacity, compression, compressionLevel, flushEveryMs, segmentSize } = flags;
  const above = layered({ cacheCapacity, compression, compressionLevel, flushEveryMs, segmentSize }, environment.settings);
  const settings = layered(above, file?.settings ?? {});
  const merges = flags.merge === true || flags.ifExists !== undefined;
  if (compressionLevel !== undefined && settings.compression !== true && !merges) {
    throw new KgdumpError("USAGE", "--compression-level can only be used with --compression", { hint: "give both or neither" });
  }
  const told = (file?.notes ?? []).filter(({ setting }) => setting === null || above[setting] === undefined);
  const notes = told.map(({ line, column, message }) => `${config ?? ""}:${line.toString()}:${column.toString()}: ${message}`);
  return { target: targetOf(target, file, config), settings, files: config === undefined ? [] : [config], notes: [...notes, ...adviceOn(above)] };
}

function targetOf(given: string | undefined, file: StorageFile | undefined, config: string | undefined): string {
  const target = given ?? file?.path;
  if (target === "") throw new KgdumpError("USAGE", "the target's path is empty", { hint: "name a directory" });
  if (target !== undefined) return target;
  const lacking = config === undefined ? "" : `, and ${config} has no path in [storage]`;
  throw new KgdumpError("USAGE", `no target was given${lacking}`, {
    hint: "name the store's directory, or with --config a storage.toml that has a path",
  });
}
