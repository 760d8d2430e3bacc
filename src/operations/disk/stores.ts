/** What lies at a path, and opening it with the engine that wrote it. */
import { readdir } from "node:fs/promises";
import { engineNamed, engineOf, engineOfRemains } from "../../engines/registry.js";
import type { EngineName, EntrySource, SourceOptions } from "../../engines/store.js";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { refuseOddMembers } from "./members.js";

/** What to do with the timestamps that end each value of a RocksDB TTL store. */
export type TtlMode = "strip" | "keep";

/** How a store is read. */
export type ReadingOptions = Pick<SourceOptions, "ttl" | "paranoid">;

/**
 * Tells which engine's store lies at `path`, by the names of its files.
 * @throws {KgdumpError} STORE_NOT_FOUND when nothing is there, STORE_NOT_RECOGNIZED when it is no store of a known
 * engine, PERMISSION_DENIED, IO_FAILED
 */
export async function detectEngine(path: string): Promise<EngineName> {
  const names = await namesIn(path);
  const engine = engineOf(names);
  if (engine !== null) return engine;
  const { noStoreIn } = await import("./recognize.js");
  throw await noStoreIn(path, names);
}

/**
 * Tells which engine's store lies at `path`, although files of it may be missing.
 * @throws {KgdumpError} as detectEngine; STORE_DAMAGED for a member that is no file
 */
export async function engineOfDamaged(path: string): Promise<EngineName> {
  const names = await namesIn(path);
  const { foreignStoreIn, noStoreIn } = await import("./recognize.js");
  const foreign = foreignStoreIn(path, names);
  if (foreign !== null) throw foreign;
  await refuseOddMembers(path);
  const engine = engineOfRemains(names);
  if (engine !== null) return engine;
  throw await noStoreIn(path, names);
}

async function namesIn(path: string): Promise<string[]> {
  if (path === "") throw new KgdumpError("USAGE", "the path of the store is empty", { hint: "name the directory of the store" });
  try {
    return await readdir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      const { noStoreAt } = await import("./missing.js");
      throw await noStoreAt(path, error);
    }
    if (hasCode(error, "ENOTDIR")) {
      const { noStoreButFile } = await import("./recognize.js");
      throw await noStoreButFile(path, error);
    }
    throw systemError(error, `looking at ${path}`, { path });
  }
}

/**
 * Opens a store for reading with the engine that wrote it.
 * @param options which keyspaces will be read, too: RocksDB's other families are not even opened, and may be such as can't be read
 * @throws {KgdumpError} see detectEngine and the engine
 */
export async function openSource(path: string, { ttl, paranoid, only, except }: SourceOptions): Promise<EntrySource> {
  const engine = await detectEngine(path);
  await refuseOddMembers(path);
  return engineNamed(engine).openSource(path, { ttl, paranoid, only, except });
}
