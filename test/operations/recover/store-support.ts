/** Random RocksDB stores with all that was ever written to them, random damages, and what a recovery must be. */
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreLoss } from "#src/engines/salvage.js";
import type { RecoverStoreResult } from "#src/operations/recover/index.js";
import type { Exported } from "../../maker/exported.js";
import { hex, type Made } from "../../maker/run.js";

/** Random whole numbers below a limit, the same for the same seed. */
export type Random = (limit: number) => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)] as T;

const COMPRESSIONS = ["kNoCompression", "kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kZSTD"];
const CHECKSUMS = ["kCRC32c", "kxxHash", "kxxHash64", "kXXH3"];
const INDEXES = ["kBinarySearch", "kTwoLevelIndexSearch", "kBinarySearchWithFirstKey"];

/** Merge operators that RocksDB brings along, and what they make of a value and an operand. */
const OPERATORS: readonly (readonly [string, (before: Buffer | undefined, operand: Buffer) => Buffer])[] = [
  ["{id=StringAppendOperator;delimiter=|;}", (before, operand) => (before === undefined ? operand : Buffer.concat([before, Buffer.from("|"), operand]))],
  ["max", (before, operand) => (before !== undefined && Buffer.compare(before, operand) >= 0 ? before : operand)],
  ["uint64add", (before, operand) => {
    const sum = Buffer.alloc(8);
    const number = (bytes: Buffer | undefined): bigint => (bytes?.length === 8 ? bytes.readBigUInt64LE() : 0n);
    sum.writeBigUInt64LE(BigInt.asUintN(64, number(before) + number(operand)));
    return sum;
  }],
];

/** What a random store was made of: the maker's plan, and every value that was ever given to a key, by family and key in hexadecimal. */
export interface Life {
  readonly plan: readonly string[];
  readonly written: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A random life of a store: families, overwrites, removals, flushes, compactions, and a log that was not flushed. */
export function randomLife(next: Random): Life {
  const families = [hex("default"), hex("nodes"), hex("äöü")].slice(0, 1 + next(3));
  const table = `format_version=${String(2 + next(6))};checksum=${pick(next, CHECKSUMS)};index_type=${pick(next, INDEXES)};block_size=${String(256 << next(4))};metadata_block_size=256`;
  const options = [`compression=${pick(next, COMPRESSIONS)}`, `block_based_table_factory={${table}}`, "disable_auto_compactions=true"];
  if (next(4) === 0) options.push("enable_blob_files=true", "min_blob_size=60", `blob_compression_type=${pick(next, ["kNoCompression", "kLZ4Compression"])}`);
  if (next(4) === 0) options.push(`wal_compression=${pick(next, ["kNoCompression", "kZSTD"])}`);
  if (next(5) === 0) options.push("compression_opts={max_dict_bytes=4096}");
  const [operator, merged] = next(3) === 0 ? pick(next, OPERATORS) : [undefined, undefined];
  if (operator !== undefined) options.push(`merge_operator=${operator}`);
  const written = new Map<string, Set<string>>();
  const now = new Map<string, Buffer>();
  const set = (place: string, value: Buffer): void => {
    now.set(place, value);
    written.set(place, (written.get(place) ?? new Set()).add(hex(value)));
  };
  const steps: string[] = [];
  const key = (): string => hex(`${pick(next, ["edge", "node"])}:${String(next(150)).padStart(5, "0")}`);
  for (let step = 0, count = 100 + next(700); step < count; step += 1) {
    const family = pick(next, families);
    const kind = next(100);
    if (kind < 2) steps.push(`flush ${family}`);
    else if (kind < 3) steps.push(`compact ${family}`);
    else if (kind < 10) {
      const own = key();
      steps.push(`delete ${family} ${own}`);
      now.delete(`${family} ${own}`);
    } else if (kind < 11) {
      const [from = "", to = ""] = [key(), key()].sort();
      steps.push(`delete-range ${family} ${from} ${to}`);
      for (const place of now.keys()) if (place >= `${family} ${from}` && place < `${family} ${to}`) now.delete(place);
    } else if (kind < 50 && merged !== undefined) {
      const [own, operand] = [key(), operator === "uint64add" ? Buffer.from([next(256), next(9), 0, 0, 0, 0, 0, next(256)]) : Buffer.from(`${String(step)}${"+".repeat(next(9))}`)];
      steps.push(`merge ${family} ${own} ${hex(operand)}`);
      set(`${family} ${own}`, merged(now.get(`${family} ${own}`), operand));
    } else {
      const [own, value] = [key(), Buffer.from(`${String(step)} ${"value ".repeat(next(20))}`)];
      steps.push(`put ${family} ${own} ${hex(value)}`);
      set(`${family} ${own}`, value);
    }
  }
  const flushes = next(3) === 0 ? families.map((family) => `flush ${family}`) : [];
  return { plan: [`options ${options.join(";")}`, ...families.slice(1).map((family) => `family ${family}`), "open", ...steps, ...flushes, pick(next, ["close", "crash"])], written };
}

/** Damages a file of a store. @returns what was done, in words */
export async function damage(store: string, next: Random): Promise<string> {
  const names = (await readdir(store)).filter((name) => /^(?:CURRENT|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:sst|log|blob))$/.test(name)).sort();
  // Mostly where the entries are.
  const weighed = names.flatMap((name) => Array.from({ length: /\.(?:sst|log|blob)$/.test(name) ? 4 : 1 }, () => name));
  const name = pick(next, weighed);
  const path = join(store, name);
  const { size } = await stat(path);
  if (size === 0) return `${name} is empty`;
  const kind = next(10);
  // That a log is gone nobody may see.
  if (kind === 9 && !name.endsWith(".log")) {
    await rm(path);
    return `${name} removed`;
  }
  await using file = await open(path, "r+");
  if (kind >= 8) {
    let length = next(size);
    // Nor that it ends with a whole record that was not its last.
    if (name.endsWith(".log") && recordStarts(await readFile(path)).has(length)) length += 1;
    await file.truncate(length);
    return `${name} cut at ${String(length)} of ${String(size)}`;
  }
  if (kind >= 6) {
    const at = next(size);
    // A log's end of zeros may be room that was never written to.
    const length = Math.min(size - at - (name.endsWith(".log") && at > 0 ? 1 : 0), 1 + next(2048));
    await file.write(Buffer.alloc(length), 0, length, at);
    return `${name} zeroed at ${String(at)}, ${String(length)} bytes, of ${String(size)}`;
  }
  const at = next(size);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ (1 << next(8));
  await file.write(byte, 0, 1, at);
  return `${name} flipped at ${String(at)} of ${String(size)}`;
}

/** Where the records of a log start, and where its blocks do. */
function recordStarts(log: Buffer): Set<number> {
  const BLOCK = 32 * 1024;
  const starts = new Set<number>();
  for (let at = 0; at < log.length;) {
    starts.add(at);
    const left = BLOCK - (at % BLOCK);
    if (left < 7 || at + 7 > log.length) at += left;
    else at += log.readUInt16LE(at + 4) + ([5, 6, 7, 8, 11, 131].includes(log[at + 6] ?? 0) ? 11 : 7);
  }
  return starts;
}

/** What became of a store's entries. */
export interface Outcome {
  /** What is wrong about the recovery; nothing when it is as it must be. */
  readonly wrong: readonly string[];
  readonly missing: number;
  readonly older: number;
  readonly kept: number;
}

/** Compares what was recovered with what the store held, and every difference with what the recovery said. */
export function judge(made: Made, { written }: Life, result: RecoverStoreResult, recovered: Exported): Outcome {
  const wrong: string[] = [];
  let [missing, older, kept] = [0, 0, 0];
  for (const { name, entries } of made.families) {
    const family = name.toString("hex");
    const held = new Map(entries.map(([key, value]) => [key.toString("hex"), value as Buffer]));
    const found = new Map((recovered.get(family) ?? []).map(([key, value]) => [key.toString("hex"), value]));
    const named = (key: string): boolean => result.unsure || result.losses.some((loss) => covers(loss, name, Buffer.from(key, "hex")));
    for (const [key, value] of held) {
      const there = found.get(key);
      if (there?.equals(value) === true) kept += 1;
      else if (there === undefined) missing += 1;
      else older += 1;
      if (there?.equals(value) !== true && !named(key)) wrong.push(`${family} ${key} is ${there === undefined ? "missing" : "older"}, and no loss says so`);
    }
    for (const [key, value] of found) {
      const ever = written.get(`${hex(name)} ${key}`)?.has(hex(value)) === true;
      if (!ever) wrong.push(`${family} ${key} was never written with this value`);
      if (held.has(key)) continue;
      older += 1;
      if (!named(key)) wrong.push(`${family} ${key} was removed, and no loss says that this may be lost`);
    }
  }
  const anywhere = result.losses.some(({ from, to, keyspace }) => from === null && to === null && keyspace === null);
  if (older > result.doubtful && !result.unsure && !anywhere) wrong.push(`${String(older)} entries are older, and only ${String(result.doubtful)} are called doubtful`);
  if (missing + older > 0 && !result.lost) wrong.push("the result says that nothing is lost");
  return { wrong, missing, older, kept };
}

function covers({ keyspace, what, from, to }: StoreLoss, family: Buffer, key: Buffer): boolean {
  if (what === "odd" || (keyspace !== null && !family.equals(keyspace))) return false;
  return (from === null || Buffer.compare(from, key) <= 0) && (to === null || Buffer.compare(key, to) <= 0);
}
