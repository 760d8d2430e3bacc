/**
 * Bringing a copy up to date with its original: the copy is read once while the service still runs, and when that has stopped, the original is
 * read whole, in one ordered pass, and compared with what was read of the copy. What differs goes into the copy, and into a delta.
 */
import { createHash } from "node:crypto";
import type { EntrySource, KeyspaceInfo } from "../../engines/engine.js";
import type { FoundChanges, SledFollower } from "../../engines/sled-follower.js";
import type { SledSink } from "../../engines/sled.js";
import { KgdumpError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { nameText, sameName } from "../keyspaces.js";
import { openDump } from "../open-dump.js";
import { type OnProgress, ProgressMeter } from "../progress.js";
import { scanSideBySide } from "../side-by-side.js";
import type { DeltaOutput } from "./delta-output.js";
import type { JournalKeyspace } from "./journal.js";
import type { ChangeCounts } from "./options.js";

/** Who wants to know, and who may stop it. */
export interface FollowOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a copy was brought to. */
export interface Followed {
  readonly keyspaces: readonly JournalKeyspace[];
  readonly counts: ChangeCounts;
}

/** Bytes of sled's cache: each page is read once, or when it is changed; what is in the cache has to be let go when the store is closed. */
const CACHE = 16 * 1024 * 1024;
const LEARN_BLOCK = 1024 * 1024;
/** Mostly holds what lies between two splits. */
const FOLLOW_BLOCK = 2 * 1024 * 1024;
/** Scans of the original that run side by side; one more thread compares. */
const SCANS = 3;

interface Learned {
  readonly name: Uint8Array;
  readonly keyspace: JournalKeyspace;
  readonly follower: SledFollower;
  /** Keys a MiB of entries or more apart, between which the original may be read in parts. */
  readonly splits: readonly Uint8Array[];
}

/** A copy that is open, and of which everything is known that was in it. */
export class CopyFollower {
  readonly #sink: SledSink;
  readonly #learned: readonly Learned[];

  private constructor(sink: SledSink, learned: readonly Learned[]) {
    this.#sink = sink;
    this.#learned = learned;
  }

  /**
   * Opens a copy and reads it.
   * @param keyspaces what it must hold
   * @throws {KgdumpError} VERIFY_DIFFERENCE when it holds something else; STORE_*
   * @throws the signal's reason when it aborts
   */
  static async open(path: string, settings: SledSettings, keyspaces: readonly JournalKeyspace[], options: FollowOptions): Promise<CopyFollower> {
    const sink = await openCopy(path, settings);
    try {
      const meter = new ProgressMeter("verify", options.onProgress, { entries: keyspaces.reduce((sum, { entries }) => sum + entries, 0), bytes: null });
      const learned: Learned[] = [];
      for (const keyspace of keyspaces) learned.push(await learn(sink, keyspace, meter, options));
      meter.end();
      return new CopyFollower(sink, learned);
    } catch (error) {
      await sink.close().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Reads the original whole and makes the copy equal to it. Both are in nobody else's hands.
   * @param delta takes the changes; neither finished nor discarded here
   * @throws {KgdumpError} STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …: the copy is of no use then
   * @throws the signal's reason when it aborts
   */
  async follow(original: EntrySource, delta: DeltaOutput, options: FollowOptions): Promise<Followed> {
    const meter = new ProgressMeter("verify", options.onProgress, { entries: this.#learned.reduce((sum, { keyspace }) => sum + keyspace.entries, 0), bytes: null });
    const counts = { added: 0, changed: 0, removed: 0 };
    const keyspaces: JournalKeyspace[] = [];
    for (const { name, keyspace } of this.#learned) {
      if (original.info.keyspaces.some((found) => sameName(found.name, name))) continue;
      await this.#sink.dropKeyspace(name);
      counts.removed += keyspace.entries;
    }
    for (const [index, keyspace] of original.info.keyspaces.entries()) {
      meter.enter(keyspace.name);
      await delta.startKeyspace(index);
      const found = await this.#followKeyspace(original, keyspace, delta, meter, options);
      await delta.endKeyspace({ entries: found.entries, digest: found.digest });
      for (const name of ["added", "changed", "removed"] as const) counts[name] += found[name];
      keyspaces.push({
        name: Buffer.from(keyspace.name).toString("hex"),
        comparator: keyspace.comparator,
        entries: found.entries,
        digest: Buffer.from(found.digest).toString("hex"),
      });
    }
    meter.end();
    await this.#sink.flush();
    return { keyspaces, counts };
  }

  /** Closes the copy; a second call does nothing. */
  async close(): Promise<void> {
    await this.#sink.close();
  }

  async #followKeyspace(
    original: EntrySource,
    { name, comparator }: KeyspaceInfo,
    delta: DeltaOutput,
    meter: ProgressMeter,
    { signal }: FollowOptions,
  ): Promise<ChangeCounts & { readonly entries: number; readonly digest: Uint8Array }> {
    const known = this.#learned.find((learned) => sameName(learned.name, name));
    if (known === undefined) await this.#sink.createKeyspace(name);
    else if (known.keyspace.comparator !== comparator) throw otherOrder(name);
    const follower = known?.follower ?? this.#sink.follow(name, comparator);
    if (known === undefined) await follower.learned();
    const counts = { added: 0, changed: 0, removed: 0 };
    const take = async (found: FoundChanges): Promise<void> => {
      for (const block of found.blocks) {
        await this.#sink.apply(name, block.data, "overwrite");
        await delta.add(block);
      }
      for (const count of ["added", "changed", "removed"] as const) counts[count] += found[count];
    };
    const hash = createHash("sha256");
    let entries = 0;
    // While one block is compared, what differs in the one before it is written, the next ones are read and the digest is made.
    let comparing: Promise<unknown> = Promise.resolve();
    let writing: Promise<void> = Promise.resolve();
    let writingBefore = writing;
    try {
      for await (const block of scanSideBySide(original, name, { blockSize: FOLLOW_BLOCK, splits: known?.splits ?? [], jobs: SCANS, signal })) {
        await comparing;
        await writingBefore;
        const found = follower.follow(block.data);
        comparing = found.finally(() => { block.release(); });
        writingBefore = writing;
        writing = Promise.all([found, writing]).then(([changes]) => take(changes));
        // Their failures are met by the blocks that follow, or at the end.
        comparing.catch(() => undefined);
        writing.catch(() => undefined);
        hash.update(block.data);
        entries += block.entries;
        meter.add(block.entries, block.data.length);
      }
      await comparing;
      await writing;
    } finally {
      await Promise.allSettled([comparing, writing]);
    }
    await take(await follower.end());
    const before = known?.keyspace.entries ?? 0;
    if (before + counts.added - counts.removed !== entries) {
      throw new KgdumpError("VERIFY_DIFFERENCE", `"${nameText(name)}" had ${String(before)} entries in the copy, ${String(counts.added)} were added and ${String(counts.removed)} removed, but the store has ${String(entries)}`, {
        keyspace: name,
        hint: "nothing was switched: check the memory of this machine, then migrate again",
      });
    }
    return { ...counts, entries, digest: new Uint8Array(hash.digest()) };
  }
}

/**
 * Opens the copy anew and looks up each change of the delta in it.
 * @throws {KgdumpError} VERIFY_DIFFERENCE; DUMP_* when the delta can't be read again; STORE_*
 */
export async function verifyChanges(path: string, settings: SledSettings, deltaFile: string, { signal }: FollowOptions): Promise<void> {
  await using delta = await openDump(deltaFile);
  const sink = await openCopy(path, settings);
  try {
    const names = delta.header.keyspaces.map(({ name }) => name);
    const foreign = sink.info.keyspaces.find(({ name }) => !names.some((other) => sameName(other, name)));
    if (foreign !== undefined) throw different(foreign.name, "it is still there, although the store does not have it any more");
    for (const name of names) {
      const looking = new Set<Promise<void>>();
      for await (const block of delta.blocks(name)) {
        signal?.throwIfAborted();
        const raw = await delta.readBlock(block);
        const look = sink.compare(name, raw).then((found) => {
          looking.delete(look);
          if (found.missing + found.changed > 0) throw different(name, `of ${String(block.entries)} changes ${String(found.missing + found.changed)} are not in it`);
        });
        look.catch(() => undefined);
        looking.add(look);
        if (looking.size >= SCANS) await Promise.race(looking);
      }
      await Promise.all(looking);
    }
  } finally {
    await sink.close();
  }
}

async function openCopy(path: string, settings: SledSettings): Promise<SledSink> {
  const { openSledSink } = await import("../../engines/sled.js");
  const { compression, compressionLevel: compressionFactor, segmentSize } = settings;
  const cacheCapacity = Math.min(settings.cacheCapacity ?? CACHE, CACHE);
  // It was read back when it was made, and is read again: that tells more than the check of its files.
  return openSledSink(path, { create: false, check: false, cacheCapacity, compression, compressionFactor, segmentSize });
}

async function learn(sink: SledSink, keyspace: JournalKeyspace, meter: ProgressMeter, { signal }: FollowOptions): Promise<Learned> {
  const name = Buffer.from(keyspace.name, "hex");
  meter.enter(name);
  const follower = sink.follow(name, keyspace.comparator);
  const splits: Uint8Array[] = [];
  let sinceSplit = 0;
  for await (const block of sink.scan(name, { blockSize: LEARN_BLOCK, order: keyspace.comparator, signal })) {
    await follower.learn(block.data);
    // A long key has more between it and the next one, so that these take little of the memory.
    if (sinceSplit >= Math.max(LEARN_BLOCK, 256 * block.firstKey.length)) {
      splits.push(new Uint8Array(block.firstKey));
      sinceSplit = 0;
    }
    sinceSplit += block.data.length;
    meter.add(block.entries, block.data.length);
    block.release();
  }
  const { entries, digest } = await follower.learned();
  if (entries === keyspace.entries && Buffer.from(digest).toString("hex") === keyspace.digest) return { name, keyspace, follower, splits };
  throw different(name, `it holds ${String(entries)} entries with another digest than when it was made`);
}

function different(name: Uint8Array, what: string): KgdumpError {
  return new KgdumpError("VERIFY_DIFFERENCE", `the new store is wrong in "${nameText(name)}": ${what}`, {
    keyspace: name,
    hint: "nothing was switched: check the disk and the memory of this machine, then migrate again",
  });
}

function otherOrder(name: Uint8Array): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", `"${nameText(name)}" was made anew in another order of keys while the store was copied`, {
    keyspace: name,
    hint: "nothing was switched: migrate again",
  });
}
