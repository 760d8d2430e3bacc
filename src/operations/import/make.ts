/** Making a new store of an engine from a dump, for who knows the engine only by its name: migrations, recoveries, and what tells of commands. */
import type { Engine } from "../../engines/engine.js";
import { NEXT_ID } from "../../engines/next-id.js";
import { engineNamed, engineTitle } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import type { TtlMode } from "../disk/stores.js";
import { closing } from "../run/closing.js";
import { importDump, type ImportResult } from "./import.js";
import { fillNew, plainly, takeIntoNew } from "./new-store.js";
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

/** A command that makes stores of an engine, and what it does. */
interface Maker {
  /** The command that makes one of a dump. */
  readonly command: string;
  make(options: MakeOptions): Promise<Loaded>;
  /** Makes one as another of the engine is. */
  makeLike(original: Original, options: MakeOptions): Promise<Loaded>;
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
  },
};

async function makeRocksdb(options: RestoreOptions): Promise<Loaded> {
  return { ...(await restoreDump(options)), reopen: null };
}

function makerOf(engine: EngineName): Maker {
  const maker = MAKERS[engine];
  if (maker !== undefined) return maker;
  throw new KgdumpError("STORE_UNSUPPORTED", `no command of its own makes ${engineTitle(engine)} stores`, { hint: "make a store of another engine from a dump" });
}

/** The command that makes a store of an engine from a dump. @throws {KgdumpError} STORE_UNSUPPORTED where there is none */
export function makingCommand(engine: EngineName): string {
  return makerOf(engine).command;
}

/** Makes a store of an engine from a dump. @throws {KgdumpError} as importDump and restoreDump; STORE_UNSUPPORTED where its stores are only read */
export function makeStore(engine: EngineName, options: MakeOptions): Promise<Loaded> {
  return MAKERS[engine]?.make(options) ?? makePlainly(engineNamed(engine), options);
}

/** Makes a store by what its engine itself can do. @throws {KgdumpError} as makeStore */
export async function makePlainly(engine: Engine, options: MakeOptions): Promise<Loaded> {
  const made = await takeIntoNew(engine, "recover", options, async (reading) => ({ warnings: await fillNew(reading, plainly(engine, reading.plan, { ...options, what: "the new store" }), options) }));
  return { ...made, reopen: null };
}

/** Makes a store of a dump as another store of the engine is. @throws {KgdumpError} as makeStore, and as openSource for the other store */
export function makeStoreLike(engine: EngineName, original: Original, options: MakeOptions): Promise<Loaded> {
  return makerOf(engine).makeLike(original, options);
}
