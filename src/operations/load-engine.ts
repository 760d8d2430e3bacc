/**
 * The one place that loads an engine or a codec, and only when it is needed: export never loads sled, import never
 * loads RocksDB, and inspect loads neither.
 */
import { readdir } from "node:fs/promises";
import type { KeyspacePacker } from "../codecs/packer.js";
import { engineNamed, engineOf } from "../engines/registry.js";
import type { EngineName, EntrySource } from "../engines/store.js";
import { hasCode, KgdumpError, systemError } from "../errors.js";
import type { BlockUnpacker, Codec, CodecName, KeyspaceShape } from "../format/index.js";
import { refuseOddMembers } from "./disk/members.js";
import { type KeyspaceSelection, nameBytes } from "./entries/keyspaces.js";

/** What to do with the timestamps that end each value of a RocksDB TTL store. */
export type TtlMode = "strip" | "keep";

/** How a store is read. */
export interface ReadingOptions {
  /** A RocksDB TTL store is refused without this. */
  readonly ttl?: TtlMode | undefined;
  /** Check each RocksDB table by itself, key by key, also where all that it holds was shown. Default: only where something was hidden. */
  readonly paranoid?: boolean | undefined;
}

/**
 * Tells which engine's store lies at `path`, by the names of its files.
 * @throws {KgdumpError} STORE_NOT_FOUND when nothing is there, STORE_NOT_RECOGNIZED when it is no store of a known
 * engine, PERMISSION_DENIED, IO_FAILED
 */
export async function detectEngine(path: string): Promise<EngineName> {
  if (path === "") throw new KgdumpError("USAGE", "the path of the store is empty", { hint: "name the directory of the store" });
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      const { noStoreAt } = await import("./disk/missing.js");
      throw await noStoreAt(path, error);
    }
    if (hasCode(error, "ENOTDIR")) {
      const { noStoreButFile } = await import("./disk/recognize.js");
      throw await noStoreButFile(path, error);
    }
    throw systemError(error, `looking at ${path}`, { path });
  }
  const engine = engineOf(names);
  if (engine !== null) return engine;
  const { noStoreIn } = await import("./disk/recognize.js");
  throw await noStoreIn(path, names);
}

/**
 * Opens a store for reading with the engine that wrote it.
 * @param selection the keyspaces that will be read: RocksDB's other families are not even opened, and may be such as can't be read
 * @throws {KgdumpError} see detectEngine and the engine
 */
export async function openSource(path: string, { ttl, paranoid }: ReadingOptions, selection: KeyspaceSelection = {}): Promise<EntrySource> {
  const engine = await detectEngine(path);
  await refuseOddMembers(path);
  return engineNamed(engine).openSource(path, { ttl, paranoid, only: selection.only?.map(nameBytes), except: selection.except?.map(nameBytes) });
}

/** Loads a codec. @throws {KgdumpError} USAGE for a level that it does not have */
export async function loadCodec(name: CodecName, options: { level?: number | undefined } = {}): Promise<Codec> {
  const codecs = await import("../codecs/index.js");
  return codecs.loadCodec(name, options);
}

/** Makes what packs the blocks of a keyspace. */
export type PackerOf = (shape: KeyspaceShape) => KeyspacePacker;

/** Loads what packs blocks with a codec. @throws {KgdumpError} ADDON_MISSING */
export async function loadPacker(codec: Codec): Promise<PackerOf> {
  const { KeyspacePacker } = await import("../codecs/packer.js");
  return (shape) => new KeyspacePacker(codec, shape);
}

/** Makes what unpacks the blocks of each keyspace off the main thread; undefined where that can't be. */
export async function loadUnpackers(): Promise<((shape: KeyspaceShape) => BlockUnpacker) | undefined> {
  const { unpackers } = await import("../codecs/unpacker.js");
  return unpackers();
}
