/**
 * Import of deltas into a sled store that holds what the first of them builds on.
 *
 * The store itself is only read, and nobody else can open it meanwhile: a copy beside it is brought to the new state, read back and found equal, and
 * then takes its place in one system call. So whatever is killed or fails, and at whatever moment, the store is there as it was or as it is to
 * be, and another call begins anew. That takes the room of a second store (none, where the file system shares what copies have in
 * common), but a sled store that was killed while it was written to may not open again.
 */
import { lstat, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { nextIdOf } from "../../engines/next-id.js";
import type { SledSink } from "../../engines/sled/sled.js";
import type { EntrySource, KeyOrder } from "../../engines/store.js";
import { KgdumpError, systemError } from "../../errors.js";
import type { BaseKeyspace } from "../../format/index.js";
import { reopenSettings } from "../../settings/reopen.js";
import { copyTree } from "../disk/copy-tree.js";
import { makeLike } from "../disk/likeness.js";
import { renameName } from "../disk/name-changes.js";
import { nameIsTaken, refuseLongName } from "../disk/names.js";
import { refuseFilesElsewhere } from "../disk/own-files.js";
import { removedName } from "../disk/places.js";
import { Staging } from "../disk/staging.js";
import { syncDirectory } from "../disk/sync.js";
import { exchangeDirectories } from "../disk/system-calls.js";
import { refuseOtherVersion } from "../disk/trouble.js";
import { mayDecide } from "../disk/trusted.js";
import { type ChainKeyspace, DumpChain, stateAfter } from "../dump/chain.js";
import { openDump } from "../dump/open-dump.js";
import { readEvents } from "../dump/read.js";
import { type ByName, byName, nameSet, nameText } from "../entries/keyspaces.js";
import { type KeyspaceDigest, StoreScan } from "../entries/store-scan.js";
import { closing } from "../run/closing.js";
import { ProgressMeter } from "../run/progress.js";
import { through } from "../run/seams.js";
import { IMPORT_ENGINE, type ImportedKeyspace, type ImportOptions, type ImportResult } from "./options.js";

/** Whether the first of these files is a delta. @throws {KgdumpError} DUMP_*, NOT_FOUND, PERMISSION_DENIED, IO_FAILED */
export async function isDelta(path: string, { maxBlockSize }: Pick<ImportOptions, "maxBlockSize">): Promise<boolean> {
  await using dump = await openDump(path, maxBlockSize === undefined ? {} : { maxBlockSize });
  return dump.header.kind === "delta";
}

/**
 * Puts a store back in its place that an import was about to replace when it was killed. That is only so where the system can't exchange two directories.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function restoreInterrupted(target: string): Promise<void> {
  const path = resolve(target);
  const aside = asideOf(path);
  try {
    if ((await nameIsTaken(path)) || !(await nameIsTaken(aside))) return;
    await refuseForeign(aside, path);
    await renameName(aside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw systemError(error, `putting ${aside} back in its place`, { path });
  }
}

/** What was put aside was the user's own store, or that of who owns the directory: nobody else may put one in its place. */
async function refuseForeign(aside: string, path: string): Promise<void> {
  const found = await lstat(aside);
  if (found.isDirectory() && mayDecide(found.uid, path)) return;
  throw new KgdumpError("TARGET_EXISTS", `${aside} looks like a store that an import put aside, and is ${found.isDirectory() ? "another user's" : "not a directory"}`, { path: aside, hint: "find out who put it there, and remove it" });
}

/**
 * Brings a store to the state that deltas lead to.
 * @param files deltas that build on one another, in their order
 * @throws {KgdumpError} DELTA_BASE_DIFFERENT when the store holds none of the states that they lead from; DUMP_*, STORE_*, VERIFY_DIFFERENCE, NO_SPACE,
 * …: the store is as it was, unless all but making the change durable was done
 * @throws the signal's reason when it aborts
 */
export async function importDeltas(options: ImportOptions, files: readonly string[]): Promise<ImportResult> {
  const started = performance.now();
  // A symbolic link would change places with the store, and not what it leads to.
  const target = await realpath(options.target);
  refuseSelection(options);
  await refuseLongName(target, removedName(asideOf("")));
  await refuseFilesElsewhere(target, IMPORT_ENGINE);
  await refuseOtherVersion(IMPORT_ENGINE, target);
  // All of them are checked whole before anything is done.
  for (const input of files) for await (const _ of readEvents({ input, maxBlockSize: options.maxBlockSize, signal: options.signal }, true)) options.signal?.throwIfAborted();
  return closing(await DumpChain.open(files, { maxBlockSize: options.maxBlockSize, deltasOnly: true }), async (chain) => {
    const { lockSled } = await import("../../engines/sled/lock.js");
    const lock = await lockSled(target);
    try {
      await using staging = await Staging.create(target);
      await copyStore(target, staging.storePath);
      const nextId = nextIdOf(chain.last.header);
      // A delta may change nothing but the counter.
      const isBehind = nextId !== undefined && (await nextIdAt(staging.storePath)) < BigInt(nextId);
      const sink = await openCopy(staging.storePath, options, true, nextId);
      const brought = await closing(sink, (copy) => bringUpToDate(through(options.seams?.sink, copy), chain, options));
      const done = { ...brought, changed: brought.changed || isBehind };
      if (done.changed) {
        await closing(await openCopy(staging.storePath, options, false), (copy) => verifyState(copy, chain.keyspaces, options));
        options.signal?.throwIfAborted();
        await makeLike(staging.storePath, target, IMPORT_ENGINE);
        await staging.replace(exchangeDirectories, asideOf(target), () => { lock.release(); });
      }
      return resultOf(options, chain, done, sink.settings, started);
    } finally {
      lock.release();
    }
  });
}

function asideOf(target: string): string {
  return `${target}.kgdump-before`;
}

function refuseSelection({ keyspaces, prefix, map, ifExists, verify }: ImportOptions): void {
  const given = Object.entries({ keyspaces, prefix, map, ifExists }).find(([, value]) => value !== undefined);
  if (given === undefined && verify !== false) return;
  throw new KgdumpError("USAGE", "a delta is applied whole, to the store as it is, and always read back", {
    hint: "leave out what selects keyspaces or keys, renames them, or keeps what is there",
  });
}

async function copyStore(from: string, to: string): Promise<void> {
  try {
    // Once more: it may have been changed before its lock was taken.
    await refuseFilesElsewhere(from, IMPORT_ENGINE);
    await copyTree(from, to);
  } catch (error) {
    throw systemError(error, `copying ${from} to ${to}`, { path: from, hint: "a delta is applied to a copy of the store, which takes its place then: make room for it" });
  }
}

/** The id from which a store goes on. */
async function nextIdAt(path: string): Promise<bigint> {
  const { openSledSource } = await import("../../engines/sled/reader.js");
  return closing(await openSledSource(path), async ({ info }) => BigInt(nextIdOf({ source: info }) ?? 0));
}

async function openCopy(path: string, options: ImportOptions, check: boolean, nextId?: string): Promise<SledSink> {
  const { openSledSink } = await import("../../engines/sled/sled.js");
  const { cacheCapacity, compression, compressionLevel: compressionFactor, segmentSize } = options;
  return openSledSink(path, { create: false, check, cacheCapacity, compression, compressionFactor, segmentSize, nextId });
}

interface Done {
  readonly changed: boolean;
  /** Changes of each keyspace by its number in the last delta. */
  readonly written: readonly number[];
  readonly bytes: number;
}

/** Finds out which state the store has, and applies the deltas that lead on from it. */
async function bringUpToDate(copy: SledSink, chain: DumpChain, options: ImportOptions): Promise<Done> {
  const first = chain.dumps[0]?.header;
  const states: (readonly BaseKeyspace[])[] = [first?.base?.keyspaces ?? [], ...chain.dumps.map(stateAfter)];
  const described = byName(chain.dumps.flatMap(({ header }) => header.keyspaces));
  const digests = new StateDigests(copy, (name) => described.get(name)?.comparator, options);
  let from = states.length - 1;
  let difference: string | null = null;
  for (; from >= 0; from--) {
    difference = await digests.difference(states[from] ?? []);
    if (difference === null) break;
  }
  digests.end();
  if (from < 0) {
    throw new KgdumpError("DELTA_BASE_DIFFERENT", `${options.target} does not hold what the delta builds on: ${difference ?? ""}`, {
      path: options.target,
      hint: "nothing was changed; import the full dump and its deltas into a new store, or make a delta with a dump of this store as its base",
    });
  }
  const written = new Map<string, number>();
  let bytes = 0;
  const meter = new ProgressMeter("load", options.onProgress, { entries: null, bytes: null });
  for (const [index, delta] of chain.dumps.entries()) {
    if (index < from) continue;
    const kept = byName(delta.header.keyspaces);
    for (const { name } of states[index] ?? []) if (!kept.has(name)) await copy.dropKeyspace(name);
    await copy.createKeyspaces(delta.header.keyspaces.map(({ name }) => name));
    for (const { name } of delta.header.keyspaces) {
      meter.enter(name);
      for await (const block of delta.blocks(name)) {
        options.signal?.throwIfAborted();
        const raw = await delta.readBlock(block);
        await copy.apply(name, raw, "overwrite");
        const key = Buffer.from(name).toString("hex");
        written.set(key, (written.get(key) ?? 0) + block.entries);
        bytes += raw.length;
        meter.add(block.entries, raw.length, block.frameLength);
      }
    }
  }
  meter.end();
  await copy.flush();
  return { changed: from < chain.dumps.length, written: chain.keyspaces.map(({ name }) => written.get(Buffer.from(name).toString("hex")) ?? 0), bytes };
}

/** Reads the store back. @throws {KgdumpError} VERIFY_DIFFERENCE */
async function verifyState(copy: SledSink, wanted: readonly ChainKeyspace[], options: ImportOptions): Promise<void> {
  const described = byName(wanted);
  const digests = new StateDigests(copy, (name) => described.get(name)?.described.comparator, options);
  const difference = await digests.difference(wanted);
  digests.end();
  if (difference === null) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", `the changed copy of the store is not what the delta leads to: ${difference}`, {
    path: options.target,
    hint: "the store was not changed; check the disk and the memory of this machine, and that the delta is whole, then import again",
  });
}

/** What a store holds, each keyspace read once in each order that is asked for. */
class StateDigests {
  readonly #store: Pick<EntrySource, "info" | "scan">;
  readonly #there: Pick<ByName<Uint8Array>, "has">;
  readonly #orderOf: (name: Uint8Array) => KeyOrder | undefined;
  readonly #options: ImportOptions;
  readonly #meter: ProgressMeter;
  readonly #known = new Map<string, KeyspaceDigest>();

  constructor(store: Pick<EntrySource, "info" | "scan">, orderOf: (name: Uint8Array) => KeyOrder | undefined, options: ImportOptions) {
    this.#store = store;
    this.#there = nameSet(store.info.keyspaces.map(({ name }) => name));
    this.#orderOf = orderOf;
    this.#options = options;
    this.#meter = new ProgressMeter("verify", options.onProgress, { entries: null, bytes: null });
  }

  /** Reports the end of the reading. */
  end(): void {
    this.#meter.end();
  }

  /** Why the store does not hold exactly this; null when it does. */
  async difference(state: readonly BaseKeyspace[]): Promise<string | null> {
    for (const keyspace of state) {
      if (!(await this.#equals(keyspace))) return `keyspace "${nameText(keyspace.name)}" is not there, or holds other entries`;
    }
    const wanted = byName(state);
    for (const { name } of this.#store.info.keyspaces) {
      if (wanted.has(name)) continue;
      // Sled always has its default tree.
      if (nameText(name) === "default" && (await this.#read(name, "bytewise")).entries === 0) continue;
      return `keyspace "${nameText(name)}" is there besides`;
    }
    return null;
  }

  async #equals({ name, entries, digest }: BaseKeyspace): Promise<boolean> {
    if (!this.#there.has(name)) return false;
    const order = this.#orderOf(name);
    // A keyspace that the delta removes is not described by it: its order is not known.
    for (const possible of order === undefined ? (["bytewise", "reverse-bytewise"] as const) : [order]) {
      const found = await this.#read(name, possible);
      if (found.entries !== entries) return false;
      if (found.digest === Buffer.from(digest).toString("hex")) return true;
    }
    return false;
  }

  async #read(name: Uint8Array, order: KeyOrder): Promise<KeyspaceDigest> {
    const id = `${order} ${Buffer.from(name).toString("hex")}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#meter.enter(name);
    const found = await new StoreScan(this.#store, name, order, this.#options.signal, this.#meter).whole();
    this.#known.set(id, found);
    return found;
  }
}

function resultOf(options: ImportOptions, chain: DumpChain, { changed, written, bytes }: Done, made: SledSink["settings"], started: number): ImportResult {
  const keyspaces = chain.keyspaces.map(
    ({ name, digest }, index): ImportedKeyspace => ({ name, tree: name, entries: written[index] ?? 0, written: written[index] ?? 0, kept: 0, digest: Buffer.from(digest).toString("hex") }),
  );
  return {
    target: options.target,
    dumpId: chain.last.header.dumpId,
    merged: true,
    delta: changed ? "applied" : "already",
    verified: true,
    keyspaces,
    entries: written.reduce((sum, count) => sum + count, 0),
    rawBytes: bytes,
    seconds: (performance.now() - started) / 1000,
    reopen: reopenSettings(resolve(options.target), made, options),
    missing: { gaps: 0, entries: 0 },
    warnings: [],
  };
}
