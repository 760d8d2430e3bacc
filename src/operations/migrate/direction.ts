/** From which engine a migration leads to which: all that differs between the two directions is told by this, and by who opens and makes stores. */
import type { EngineName } from "../../engines/store.js";

/** Engines of the old store and of the new one. */
export interface Direction {
  readonly from: EngineName;
  readonly to: EngineName;
}

/** The direction that leads to an engine. */
export function directionTo(to: EngineName): Direction {
  return { from: to === "sled" ? "rocksdb" : "sled", to };
}

/** The direction of a migration, by what its journal says of the new store. */
export function directionOf({ engine }: { readonly engine?: EngineName | undefined }): Direction {
  return directionTo(engine ?? "sled");
}
