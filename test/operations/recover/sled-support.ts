/** Random sled stores with all that was ever written to them, random damages, and what a recovery must be. */
import { createReadStream } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { loadCodec } from "#src/codecs/index.js";
import type { StoreLoss } from "#src/engines/salvage.js";
import { readDump } from "#src/format/index.js";
import type { RecoverStoreResult } from "#src/operations/recover/index.js";
import { hex, sledCheck, type CheckerOptions, sledWrite } from "../../checker/run.js";
import type { Exported } from "../../maker/exported.js";
import type { Random } from "./store-support.js";

/** Gaps within doubtful stretches of a keyspace at most. */
const MOST_GAPS = 1000;
const TREES = ["default", "edges", "\u0000ÿ"];

/** A store's model: by keyspace (in hexadecimal) what it holds, and each value that a key was ever given. */
export interface SledLife {
  readonly now: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly ever: ReadonlyMap<string, ReadonlySet<string>>;
  readonly segment: number;
  /** Whether its snapshot is of the end: it tells then which empty segments of the log are such as sled leaves. */
  readonly isFresh: boolean;
}

/** Makes a random store with the unmodified crate: several lives, overwrites, removals, values in files of their own; its snapshot is of the end, or of an earlier time. */
export async function makeSledStore(store: string, next: Random): Promise<SledLife> {
  const segment = 4096 << (2 * next(3));
  const options: CheckerOptions = { compression: next(3) === 0, config: { segment_size: String(segment) } };
  const now = new Map(TREES.map((name) => [Buffer.from(name).toString("hex"), new Map<string, string>()]));
  const ever = new Map<string, Set<string>>();
  for (let life = 0, lives = 1 + next(3); life < lives; life += 1) {
    const lines: string[] = [];
    for (const name of TREES) {
      const keyspace = Buffer.from(name).toString("hex");
      const tree = now.get(keyspace) ?? new Map<string, string>();
      lines.push(`tree ${hex(Buffer.from(name === "default" ? "__sled__default" : name))}`);
      for (let step = 0, count = 20 + next(800); step < count; step += 1) {
        const key = Buffer.from(`${["edge", "node"][next(2)] ?? ""}:${String(next(900)).padStart(5, "0")}`).toString("hex");
        if (next(8) === 0) {
          lines.push(`delete ${key}`);
          tree.delete(key);
          continue;
        }
        const value = Buffer.from(`${String(life)} ${String(step)} ${"value ".repeat(next(200) === 0 ? next(9000) : next(20))}`).toString("hex");
        lines.push(`put ${key} ${value}`);
        tree.set(key, value);
        const place = `${keyspace} ${key}`;
        ever.set(place, (ever.get(place) ?? new Set()).add(value));
      }
    }
    await sledWrite(store, [...lines, "flush"], options);
  }
  // Else the snapshot is of the beginning of the last life.
  const isFresh = next(3) > 0;
  if (isFresh) await sledCheck(store, options);
  return { now, ever, segment, isFresh };
}

/** Damages a store. @returns what was done, in words */
export async function damageSled(store: string, segment: number, next: Random): Promise<string> {
  const names = await readdir(store);
  const blobs = (await readdir(join(store, "blobs"))).sort();
  const snapshots = names.filter((name) => name.startsWith("snap."));
  const kind = next(11);
  const blob = join("blobs", blobs[next(blobs.length || 1)] ?? "");
  if (kind <= 1 && blobs.length > 0) {
    if (kind === 0) await rm(join(store, blob));
    else await change(join(store, blob), next, (bytes, at) => (bytes[at] = (bytes[at] ?? 0) ^ 4));
    return `${blob} ${kind === 0 ? "removed" : "flipped"}`;
  }
  if (kind === 2) {
    await rm(join(store, "conf"), { force: true });
    return "conf removed";
  }
  if (kind === 3) {
    for (const name of snapshots) await rm(join(store, name));
    return "no snapshot";
  }
  if (kind === 4 && snapshots[0] !== undefined) {
    await change(join(store, snapshots[0]), next, (bytes, at) => (bytes[at] = (bytes[at] ?? 0) ^ 32));
    return "snapshot flipped";
  }
  const db = join(store, "db");
  const { size } = await stat(db);
  if (kind === 5) {
    await using file = await open(db, "r+");
    const bytes = await file.readFile();
    let length = next(size);
    while (mayBeginMessage(bytes, length)) length += 1;
    await file.truncate(length);
    return `db cut at ${String(length)} of ${String(size)}`;
  }
  const slot = Math.floor(next(size) / segment) * segment;
  const at = await change(db, next, (bytes, at) => {
    if (kind <= 7) bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
    else if (kind <= 9) bytes.fill(0, at, Math.min(bytes.length, at + 1 + next(4000)));
    else bytes.fill(0, slot, Math.min(bytes.length, slot + segment));
  });
  return `db ${kind <= 7 ? "flipped" : "zeroed"} at ${String(kind === 10 ? slot : at)} of ${String(size)}`;
}

/** Whether a message may begin there, by the number of its kind. A log that is cut off exactly before one is what an older state looks like: nobody can tell. */
function mayBeginMessage(bytes: Buffer, at: number): boolean {
  const kind = bytes[at + 4] ?? 0;
  return kind >= 1 && kind <= 11;
}

async function change(path: string, next: Random, edit: (bytes: Buffer, at: number) => void): Promise<number> {
  await using file = await open(path, "r+");
  const bytes = await file.readFile();
  const at = next(bytes.length);
  edit(bytes, at);
  await file.write(bytes, 0, bytes.length, 0);
  return at;
}

/** A gap of a dump: its keyspace in hexadecimal, and the keys beside it. */
export interface Gap {
  readonly keyspace: string;
  readonly after: Uint8Array | null;
  readonly before: Uint8Array | null;
}

/** The gaps of a whole dump. */
export async function gapsOf(path: string): Promise<Gap[]> {
  const gaps: Gap[] = [];
  let names: string[] = [];
  for await (const event of readDump(createReadStream(path), { loadCodec })) {
    if (event.type === "header") names = event.header.keyspaces.map(({ name }) => Buffer.from(name).toString("hex"));
    if (event.type === "gap") gaps.push({ keyspace: names[event.gap.keyspace] ?? "", after: event.gap.after, before: event.gap.before });
  }
  return gaps;
}

function isWithin({ after, before }: Gap, key: string): boolean {
  const bytes = Buffer.from(key, "hex");
  return (after === null || Buffer.compare(after, bytes) < 0) && (before === null || Buffer.compare(bytes, before) < 0);
}

/** What became of a store's entries. */
export interface SledOutcome {
  /** What is wrong about the recovery; nothing when it is as it must be. */
  readonly wrong: readonly string[];
  readonly kept: number;
  readonly missing: number;
  /** Entries that are older than what the store held, or were removed from it. */
  readonly older: number;
}

/** Compares a recovery with what the store held, and with what was ever written to it. */
export function judgeSled({ now, ever }: SledLife, result: RecoverStoreResult, saved: Exported, gaps: readonly Gap[]): SledOutcome {
  const wrong: string[] = [];
  let [kept, missing, older] = [0, 0, 0];
  for (const [keyspace, model] of now) {
    const entries = saved.get(keyspace);
    if (entries === undefined) {
      missing += model.size;
      if (model.size > 0 && !result.losses.some((loss) => loss.keyspace === null)) wrong.push(`the tree ${keyspace} is lost, and no loss says so`);
      continue;
    }
    const found = new Map(entries.map(([key, value]) => [key.toString("hex"), value.toString("hex")]));
    const own = result.losses.filter((loss) => loss.keyspace !== null && Buffer.from(loss.keyspace).toString("hex") === keyspace);
    const check = (key: string, what: string): void => {
      if (!own.some((loss) => covers(loss, Buffer.from(key, "hex")))) wrong.push(`${keyspace} ${Buffer.from(key, "hex").toString()} ${what}, and no loss says so`);
    };
    for (const [key, value] of model) {
      const there = found.get(key);
      if (there === value) kept += 1;
      else if (there === undefined) {
        missing += 1;
        check(key, "is missing");
        const between = gaps.filter((gap) => gap.keyspace === keyspace);
        // From the thousandth gap on, doubtful entries share blocks, and there is none between them.
        if (between.length < MOST_GAPS && !between.some((gap) => isWithin(gap, key))) wrong.push(`${keyspace} ${Buffer.from(key, "hex").toString()} is missing, and in no gap`);
      } else {
        older += 1;
        check(key, "is older");
      }
    }
    for (const [key, value] of found) {
      if (ever.get(`${keyspace} ${key}`)?.has(value) !== true) wrong.push(`${keyspace} ${key} was never written with this value`);
      if (model.has(key)) continue;
      older += 1;
      check(key, "was removed");
    }
  }
  for (const [keyspace, entries] of saved) {
    if (now.has(keyspace)) continue;
    const known = ({ keyspace: name }: StoreLoss): boolean => name !== null && Buffer.from(name).toString("hex") === keyspace;
    if (!result.losses.some(known)) wrong.push(`${Buffer.from(keyspace, "hex").toString()} is no tree, and no loss says so`);
    for (const [key, value] of entries) {
      const written = [...now.keys()].some((tree) => ever.get(`${tree} ${key.toString("hex")}`)?.has(value.toString("hex")) === true);
      if (!written) wrong.push(`${key.toString()} was never written to any tree with this value`);
    }
  }
  if (older > result.doubtful) wrong.push(`${String(older)} entries are older, and only ${String(result.doubtful)} are called doubtful`);
  if (missing + older > 0 && !result.lost) wrong.push("the result says that nothing is lost");
  return { wrong, kept, missing, older };
}

function covers({ from, to }: StoreLoss, key: Buffer): boolean {
  return (from === null || Buffer.compare(from, key) <= 0) && (to === null || Buffer.compare(key, to) <= 0);
}
