/** The engines that there are. None is loaded before it is used: export never loads sled, import never RocksDB, and inspect neither. */
import type { Engine } from "./engine.js";
import { ROCKSDB } from "./rocksdb/engine.js";
import { SLED } from "./sled/engine.js";
import type { EngineName } from "./store.js";

const ENGINES: Readonly<Record<EngineName, Engine>> = { rocksdb: ROCKSDB, sled: SLED };

/** The names of all engines. */
export const ENGINE_NAMES = Object.keys(ENGINES) as readonly EngineName[];

/** An engine by its name. */
export function engineNamed(name: EngineName): Engine {
  return ENGINES[name];
}

/** An engine's name as its makers write it. */
export function engineTitle(name: EngineName): string {
  return ENGINES[name].title;
}

/** Whether something is the name of an engine. */
export function isEngineName(name: unknown): name is EngineName {
  return typeof name === "string" && Object.hasOwn(ENGINES, name);
}

/** Whether the stores of an engine, by the name that a dump has of it, tell the options that they were made with. */
export function tellsOptions(name: string): boolean {
  return isEngineName(name) && ENGINES[name].tellsOptions;
}

/** Which engine wrote a directory with these names in it; null for none that kgdump reads. */
export function engineOf(names: readonly string[]): EngineName | null {
  return Object.values(ENGINES).find((engine) => engine.recognises(names))?.name ?? null;
}

/** Which engine left these names in a directory, although any of its store's files may be missing; null for none. */
export function engineOfRemains(names: readonly string[]): EngineName | null {
  return Object.values(ENGINES).find((engine) => engine.recognisesRemains(names))?.name ?? null;
}
