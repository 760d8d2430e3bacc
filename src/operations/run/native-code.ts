/** Which native code this machine has for kgdump, and what becomes of the work without the rest. */
import { addonPath, loadAddon } from "../../addon.js";
import { loadZstd } from "../../codecs/zstd-binding.js";
import { KgdumpError } from "../../errors.js";
import { modulePath } from "../../looking/module.js";
import type { AddonName } from "../../prebuilt.js";

/** A part of the work that native code does. */
export interface NativePart {
  readonly name: string;
  /** Of the engine's library; null where its name tells enough, or it is missing. */
  readonly version: string | null;
  /** Where its code is; null when it is missing. */
  readonly place: string | null;
  /** How the work is done without it. */
  readonly without: string;
  /** Why it is missing, and what to do. */
  readonly why: string | null;
}

/**
 * Looks for what reading a dump is sooner with.
 * @throws {KgdumpError} USAGE when the environment makes no sense
 */
export async function nativeReaders(): Promise<readonly NativePart[]> {
  return [await part("lz4", "in JavaScript", () => addon("blocks")), await part("zstd", "in WebAssembly", zstd)];
}

/** Looks for all of it. @throws {KgdumpError} USAGE when the environment makes no sense */
export async function nativeParts(): Promise<readonly NativePart[]> {
  const statistics = await part("statistics", modulePath() === null ? "missing" : "in WebAssembly", () => addon("blocks"));
  const engines = [await part("RocksDB", "missing", () => addon("rocksdb", ({ libraryVersion }) => libraryVersion?.())), await part("sled", "missing", () => addon("sled", ({ version }) => version?.()))];
  return [...(await nativeReaders()), statistics, ...engines];
}

/** What tells the version of a library, in each addon that has one. */
interface TellsVersion {
  readonly libraryVersion?: () => string;
  readonly version?: () => string;
}

type Found = Pick<NativePart, "place" | "version">;

function addon(name: AddonName, versionOf: (addon: TellsVersion) => string | undefined = () => undefined): Found {
  const version = versionOf(loadAddon(name) as TellsVersion) ?? null;
  return { place: addonPath(name), version };
}

async function zstd(): Promise<Found> {
  await loadZstd();
  return { place: "@mongodb-js/zstd", version: null };
}

async function part(name: string, without: string, find: () => Promise<Found> | Found): Promise<NativePart> {
  try {
    return { name, without, ...(await find()), why: null };
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code !== "ADDON_MISSING") throw error;
    return { name, without, version: null, place: null, why: error.hint === undefined ? error.message : `${error.message}; ${error.hint}` };
  }
}
