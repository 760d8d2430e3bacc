/** What a dump says of the sled store that it was made of, and whether sled of today opens that store. */
import { NEXT_ID } from "./next-id.js";

/** Name of the option for the version of sled that wrote the store, when it is another than that of the stores that kgdump makes. */
export const SLED_VERSION = "sled.version";

/** The version of sled whose stores kgdump makes, changes and opens. */
const CURRENT = "0.34";

/** Whether sled of the current version opens the stores of this one. */
export function isCurrentSled(version: string): boolean {
  return version === CURRENT;
}

/**
 * The options of a store.
 * @param version of the sled that wrote it, major and minor
 * @param nextId what its `generate_id` gives next; null when it has no counter
 */
export function sledFacts(version: string, nextId: string | null): ReadonlyMap<string, string> | undefined {
  const facts = new Map<string, string>();
  if (nextId !== null) facts.set(NEXT_ID, nextId);
  if (!isCurrentSled(version)) facts.set(SLED_VERSION, version);
  return facts.size === 0 ? undefined : facts;
}

/** The version of sled that wrote a store which no sled of the current version opens; undefined for all other stores. */
export function olderSled({ info }: { readonly info: { readonly options?: ReadonlyMap<string, string> | undefined } }): string | undefined {
  return info.options?.get(SLED_VERSION);
}
