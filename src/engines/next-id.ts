/** The id from which a store's own counter goes on, as a dump carries it. */

/** The name by which a dump knows the id from which sled's `generate_id` goes on. */
export const NEXT_ID = "sled.nextId";

/** The largest that sled's counter has. */
const LARGEST = 2n ** 64n - 1n;

/** The id from which the store goes on that a dump was made of: below it, its program would overwrite what it has made before. */
export function nextIdOf({ source }: { readonly source: { readonly options?: ReadonlyMap<string, string> | undefined } }): string | undefined {
  const next = source.options?.get(NEXT_ID);
  return next !== undefined && /^[0-9]{1,20}$/.test(next) && BigInt(next) <= LARGEST ? next : undefined;
}
