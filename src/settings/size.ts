/** Sizes as a person writes them, on the command line and in a settings file alike. */

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["k", 1024],
  ["kib", 1024],
  ["kb", 1000],
  ["m", 1024 ** 2],
  ["mib", 1024 ** 2],
  ["mb", 1000 ** 2],
  ["g", 1024 ** 3],
  ["gib", 1024 ** 3],
  ["gb", 1000 ** 3],
]);

/** How sizes are written, for hints. */
export const SIZE_HINT = "write a number with B, k, KiB, kB, M, MiB, MB, G, GiB or GB, such as 4MiB";

/** The bytes that `4MiB`, `512k` or `1.5 MB` mean, which may be no whole number; null when it is no size. */
export function readSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(text.trim());
  const unit = UNITS.get((match?.[2] ?? "").toLowerCase());
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}
