/** Making a new store of an engine from a dump, for who knows the engine only by its name: migrations, recoveries, and what tells of commands. */
import { NEXT_ID } from "../../engines/next-id.js";
import { engineTitle } from "../../engines/registry.js";
import type { EngineName, EntrySource } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { openSource, type TtlMode } from "../disk/stores.js";
import { closing } from "../run/closing.js";
import { importDump, type ImportResult } from "./import.js";
import { restoreDump, type RestoreOptions } from "./restore.js";

/** What a new store is made of, and how; what an engine does not know is nothing to it. */
export interface MakeOptions extends Pick<RestoreOptions, "target" | "input" | "map" | "maxBlockSize" | "owner" | "mode" | "optionsFrom" | "ttl" | "onProgress" | "signal" | "seams"> {
  /** With which settings a sled store is made. */
  readonly settings?: SledSettings | undefined;
}

/** What was loaded into the new store, which was read back. */
export interface Loaded extends Pick<ImportResult, "entries" | "seconds" | "warnings"> {
  readonly keyspaces: readonly Pick<ImportResult["keyspaces"][number], "name" | "entries" | "digest">[];
  /** With which `sled::Config` the store is opened; null for a store of another engine. */
  readonly reopen: ImportResult["reopen"] | null;
}

/** A store that a new one is made like. */
export interface Original {
  readonly path: string;
  /** How the times that end its values were read, where that is known; else `findTtl` tells it when the dump does not. */
  readonly ttl: TtlMode | undefined;
  readonly findTtl: () => Promise<TtlMode>;
}

/** How the stores of an engine are made. */
interface Maker {
  /** The command that makes one of a dump. */
  readonly command: string;
  make(options: MakeOptions): Promise<Loaded>;
  /** Makes one as another of the engine is. */
  makeLike(original: Original, options: MakeOptions): Promise<Loaded>;
  /** Opens one that was just made and read back, in whichever way is quickest. */
  open(path: string, ttl: TtlMode | undefined): Promise<EntrySource>;
}

const MAKERS: Readonly<Partial<Record<EngineName, Maker>>> = {
  rocksdb: {
    command: "restore",
    make: makeRocksdb,
    makeLike: ({ path, ttl, findTtl }, made) => {
      const options = { ...made, optionsFrom: path };
      return makeRocksdb({ ...options, ttl }).catch(async (error: unknown) => {
        if (ttl !== undefined || !(error instanceof KgdumpError) || error.code !== "STORE_TTL") throw error;
        return makeRocksdb({ ...options, ttl: await findTtl() });
      });
    },
    open: (path, ttl = "keep") => openSource(path, { ttl }),
  },
  sled: {
    command: "import",
    make: ({ settings, ...options }) => importDump({ ...settings, ...options }),
    // Whatever filled the store that the dump was made of, it made no ids of sled's: the original's counter goes on where it was.
    makeLike: async ({ path }, options) => {
      const { openSledSource } = await import("../../engines/sled/reader.js");
      const { settings, nextId } = await closing(await openSledSource(path), (original) => Promise.resolve({ settings: original.settings, nextId: original.info.options?.get(NEXT_ID) }));
      return importDump({ ...options, ...settings, nextId });
    },
    open: async (path) => (await import("../../engines/sled/sled.js")).readBackSled(path, { check: false }),
  },
};

async function makeRocksdb(options: RestoreOptions): Promise<Loaded> {
  return { ...(await restoreDump(options)), reopen: null };
}

function makerOf(engine: EngineName): Maker {
  const maker = MAKERS[engine];
  if (maker !== undefined) return maker;
  throw new KgdumpError("STORE_UNSUPPORTED", `kgdump reads ${engineTitle(engine)} stores but does not make them`, { hint: "make a store of another engine from a dump" });
}

/** The command that makes a store of an engine from a dump. @throws {KgdumpError} STORE_UNSUPPORTED where there is none */
export function makingCommand(engine: EngineName): string {
  return makerOf(engine).command;
}

/** Makes a store of an engine from a dump. @throws {KgdumpError} as importDump and restoreDump */
export function makeStore(engine: EngineName, options: MakeOptions): Promise<Loaded> {
  return makerOf(engine).make(options);
}

/** Makes a store of a dump as another store of the engine is. @throws {KgdumpError} as makeStore, and as openSource for the other store */
export function makeStoreLike(engine: EngineName, original: Original, options: MakeOptions): Promise<Loaded> {
  return makerOf(engine).makeLike(original, options);
}

/** Opens a store that was just made and read back. @throws {KgdumpError} STORE_*, IO_FAILED, ADDON_MISSING */
export function openMade(engine: EngineName, path: string, ttl?: TtlMode): Promise<EntrySource> {
  return makerOf(engine).open(path, ttl);
}
