/**
 * What the many ways to wish for compression become with sled 0.34, which has zstd, on or off, and nothing else.
 *
 * `compression` and `use_compression` may each be a bool, the name of an algorithm, or a list of names in order of
 * preference: the first that sled has is taken, and "none" is one that it has.
 */
import { closest } from "./suggest.js";

/** A wish: on, off, or algorithms in order of preference. */
export type CompressionWish = boolean | readonly Algorithm[];

/** Algorithms that somebody may name. */
export type Algorithm = (typeof ALGORITHMS)[number];

const ALGORITHMS = ["none", "zstd", "lz4", "lz4hc", "snappy", "zlib", "gzip", "bzip2", "brotli", "deflate", "xpress"] as const;
const ALIASES: ReadonlyMap<string, Algorithm> = new Map([
  ["zstandard", "zstd"],
  ["no", "none"],
  ["off", "none"],
  ["uncompressed", "none"],
]);

/** The algorithm of that name, or what to say when there is none. */
export function readAlgorithm(name: string): Algorithm | { readonly wrong: string } {
  const plain = name.trim().toLowerCase();
  const known = ALIASES.get(plain) ?? ALGORITHMS.find((algorithm) => algorithm === plain);
  if (known !== undefined) return known;
  const guess = closest(plain, ALGORITHMS);
  return { wrong: `"${name}" is not a known compression${guess === undefined ? '; sled 0.34 has "zstd" and "none"' : `; did you mean "${guess}"?`}` };
}

/** What was decided, and why; contradiction: the two wishes exclude each other. */
export interface CompressionChoice {
  /** Undefined: nobody wished anything. */
  readonly compression: boolean | undefined;
  readonly note: string | null;
  readonly contradiction?: boolean;
}

/**
 * What both wishes together come to.
 * @param compression the setting `compression`
 * @param useCompression the setting `use_compression`
 */
export function chooseCompression(
  compression: CompressionWish | undefined,
  useCompression: CompressionWish | undefined,
): CompressionChoice {
  const wishes = [compression, useCompression].filter((wish) => wish !== undefined);
  const switched = wishes.filter((wish) => typeof wish === "boolean");
  const lists = wishes.filter((wish): wish is readonly Algorithm[] => typeof wish !== "boolean");
  const chosen = lists.map((list) => ({ list, pick: list.find((name) => name === "zstd" || name === "none") }));
  const votes = [...switched, ...chosen.filter(({ pick }) => pick !== undefined).map(({ pick }) => pick === "zstd")];
  // A list is about how, and yields to a bool that says off; but nobody can have both "on" and "none".
  const off = switched.includes(false);
  if (off && !switched.includes(true)) {
    const named = lists.some((list) => list.some((name) => name !== "none"));
    return { compression: false, note: named ? "compression = false: the store is not compressed, and the list of algorithms has no effect" : null };
  }
  if (votes.includes(true) && votes.includes(false)) return { compression: undefined, note: null, contradiction: true };
  if (lists.length === 0) return { compression: switched[0], note: null };
  const on = votes.includes(true);
  return { compression: on, note: listNote(lists.flat(), on) };
}

/** What a list came to, in words; null when it got its first choice, or is empty where a bool says "on". */
function listNote(list: readonly Algorithm[], on: boolean): string | null {
  const wanted = [...new Set(list)];
  const first = wanted.findIndex((name) => name === "zstd" || name === "none");
  const skipped = (first === -1 ? wanted : wanted.slice(0, first)).map((name) => `"${name}"`);
  const remedy = 'add "zstd", or say compression = true, to have it compressed';
  if (skipped.length === 0) return wanted.length > 0 || on ? null : `the list of compressions is empty: the store is not compressed; ${remedy}`;
  const facts = `sled 0.34 compresses with zstd only: ${skipped.join(", ")} ${skipped.length === 1 ? "was" : "were"} skipped`;
  if (on) return `${facts}, and the store is compressed with zstd${first === -1 ? ", as compression is switched on" : ""}`;
  return `${facts}, and the store is not compressed; ${remedy}`;
}
