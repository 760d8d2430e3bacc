/** From which engine a migration leads to which: all that differs between the two directions is told by this, by what the engines are, and by who makes their stores. */
import type { EngineName } from "../../engines/store.js";

/** An engine that migrations lead from and to. */
export type MigratedEngine = Extract<EngineName, "rocksdb" | "sled">;

/** Engines of the old store and of the new one. */
export interface Direction {
  readonly from: MigratedEngine;
  readonly to: MigratedEngine;
}

/** The direction that is meant without a word. */
const [OLD, NEW]: readonly [MigratedEngine, MigratedEngine] = ["rocksdb", "sled"];

/** Whether migrations lead from and to an engine. */
export function isMigratedEngine(name: unknown): name is MigratedEngine {
  return name === OLD || name === NEW;
}

/** The direction that leads to an engine. @throws {TypeError} for one that no migration leads to */
export function directionTo(to: EngineName): Direction {
  if (!isMigratedEngine(to)) throw new TypeError("no migration leads to this engine");
  return { from: to === NEW ? OLD : NEW, to };
}

/** The direction of a migration, by what its journal says of the new store, or by what is asked for. */
export function directionOf({ engine = NEW }: { readonly engine?: EngineName | undefined }): Direction {
  return directionTo(engine);
}

/** Whether a direction is the one that needs no word, and that journals of the first version know alone. */
export function isUsual({ to }: Direction): boolean {
  return to === NEW;
}
