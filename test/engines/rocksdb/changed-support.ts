/** What the test of changed keys compares: a store's whole contents, keys that were told, and passes over ranges. */
import type { RocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries, iterateEntries } from "#src/format/entries.js";
import { bytes, entriesOf } from "./support.js";

/** All entries by family, key and value as latin-1. */
export type Content = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The whole content of a store. */
export async function contentOf(source: RocksdbSource): Promise<Content> {
  const content = new Map<string, ReadonlyMap<string, string>>();
  for (const { name } of source.info.keyspaces) content.set(Buffer.from(name).toString(), new Map(await entriesOf(source, name)));
  return content;
}

/** The bins of a run of them, as latin-1. */
export function binsOf(run: Uint8Array): string[] {
  const keys: string[] = [];
  let at = 0;
  while (at < run.length) {
    // A key and a nil are an entry that deletes its key.
    const { length, header } = binHeader(run, at);
    keys.push(Buffer.from(run.subarray(at + header, at + header + length)).toString("latin1"));
    at += header + length;
  }
  return keys;
}

function binHeader(run: Uint8Array, at: number): { length: number; header: number } {
  const view = Buffer.from(run.buffer, run.byteOffset, run.byteLength);
  switch (run[at]) {
    case 0xc4:
      return { length: view.readUInt8(at + 1), header: 2 };
    case 0xc5:
      return { length: view.readUInt16BE(at + 1), header: 3 };
    case 0xc6:
      return { length: view.readUInt32BE(at + 1), header: 5 };
    default:
      throw new TypeError(`no bin at byte ${at}`);
  }
}

/** Whether a family's keys come in reverse. */
function isReverse(source: RocksdbSource, family: string): boolean {
  return source.info.keyspaces.some(({ name, comparator }) => Buffer.from(name).toString() === family && comparator === "reverse-bytewise");
}

function differing(old: ReadonlyMap<string, string> | undefined, now: ReadonlyMap<string, string> | undefined): string[] {
  const keys = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...keys].filter((key) => old?.get(key) !== now?.get(key));
}

/** How many keys differ between two contents. */
export function differencesOf(old: Content, now: Content): number {
  return [...now.keys()].reduce((sum, family) => sum + differing(old.get(family), now.get(family)).length, 0);
}

/** What is wrong with the keys that were told: those left out that differ, and those not in the family's order. */
export function faultsOf(old: Content, now: Content, source: RocksdbSource, told: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  for (const [family, entries] of now) {
    const keys = told.get(family) ?? [];
    const all = new Set(keys);
    for (const key of differing(old.get(family), entries)) {
      if (!all.has(key)) faults.push(`${family}: ${JSON.stringify(key.slice(0, 40))} was ${String(old.get(family)?.get(key))} and is ${String(entries.get(key))}`);
    }
    const sign = isReverse(source, family) ? -1 : 1;
    for (let index = 1; index < keys.length; index++) {
      if (Buffer.compare(bytes(keys[index - 1] ?? ""), bytes(keys[index] ?? "")) * sign >= 0) faults.push(`${family}: key ${index} is not in its place`);
    }
  }
  return faults;
}

/** Compares a pass over random ranges of each family with its whole content; what is wrong, or null. */
export async function rangesFault(source: RocksdbSource, now: Content, random: (limit: number) => number): Promise<string | null> {
  for (const [family, entries] of now) {
    const sign = isReverse(source, family) ? -1 : 1;
    const order = (a: string, b: string): number => sign * Buffer.compare(bytes(a), bytes(b));
    const known = [...entries.keys()];
    const bounds = Array.from({ length: 2 * (1 + random(4)) }, () =>
      random(3) === 0 || known.length === 0 ? String.fromCharCode(random(256)).repeat(random(3)) : (known[random(known.length)] ?? ""),
    ).sort(order);
    const ranges: [string | null, string | null][] = [];
    for (let index = 0; index < bounds.length; index += 2) ranges.push([bounds[index] ?? null, bounds[index + 1] ?? null]);
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (first !== undefined && random(4) === 0) first[0] = null;
    if (last !== undefined && random(4) === 0) last[1] = null;
    const bound = (key: string | null): Uint8Array => (key === null ? Uint8Array.of(0xc0) : encodeEntries([{ key: bytes(key), value: null }]).subarray(0, -1));
    const run = Buffer.concat(ranges.flat().map(bound));
    const found: string[] = [];
    for await (const block of source.scanRanges(Buffer.from(family), run, { blockSize: 4096 })) {
      for (const { key, value } of iterateEntries(block.data)) {
        const text = Buffer.from(key).toString("latin1");
        found.push(text);
        if (entries.get(text) !== Buffer.from(value ?? []).toString("latin1")) return `${family}: another value`;
      }
      block.release();
    }
    const inside = (key: string): boolean => ranges.some(([from, to]) => (from === null || order(key, from) >= 0) && (to === null || order(key, to) < 0));
    const wanted = known.filter(inside);
    if (found.join("\n") !== wanted.join("\n")) return `${family}: ${found.length} entries in ${JSON.stringify(ranges)}, ${wanted.length} wanted`;
  }
  return null;
}
