/**
 * Bringing a copy up to date with its original: the copy is read once while the service still runs, and when that has stopped, the original is read
 * in one ordered pass, whole, or only where keys may have changed, and compared with what was read of the copy. What differs goes into the copy.
 */
import type { RocksdbSource } from "../../../engines/rocksdb/rocksdb.js";
import type { ChangeBlock, SledFollower } from "../../../engines/sled/follower.js";
import type { SledSink } from "../../../engines/sled/sled.js";
import type { EntryBlock, EntrySource, KeyspaceInfo } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import type { SledSettings } from "../../../settings/sled-settings.js";
import { ByName, byName, nameSet, nameText } from "../../entries/keyspaces.js";
import { scanSideBySide } from "../../entries/side-by-side.js";
import { Tally } from "../../entries/store-scan.js";
import { ProgressMeter, type WithProgress } from "../../run/progress.js";
import { through, type WithSeams } from "../../run/seams.js";
import type { JournalKeyspace } from "../journal.js";
import type { ChangeCounts } from "../options.js";
import { Trees } from "../trees.js";
import { addTo, compareBlocks, type GrowingCounts, noChanges } from "./compare-blocks.js";
import { different, filled, hasEntries, notCarriedOver, otherOrder } from "./follow-errors.js";

/** Who wants to know, and who may stop it. */
export type FollowOptions = WithSeams & WithProgress;

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
/** Calls that read the copy side by side, and how many groups of entries each. */
const LOOKING = 2;
const GROUPS = 1000;

interface Learned {
  readonly name: Uint8Array;
  readonly tree: Uint8Array;
  readonly keyspace: JournalKeyspace;
  readonly follower: SledFollower;
  /** Keys a MiB of entries or more apart, between which the original may be read in parts. */
  readonly splits: readonly Uint8Array[];
}

/** A copy that is open, and of which everything is known that was in it. */
export class CopyFollower {
  readonly #sink: SledSink;
  readonly #path: string;
  readonly #settings: SledSettings;
  readonly #trees: Trees;
  #learned: readonly Learned[] = [];
  #byName = new ByName<Learned>();
  /** Trees of what was learned. */
  #taken = nameSet([]);
  /** Keyspaces without entries, whose tree another one became. */
  #without = new ByName<JournalKeyspace>();
  /** Since it was learned. */
  #followed: Pick<Learned, "tree" | "follower">[] = [];

  private constructor(sink: SledSink, path: string, settings: SledSettings, trees: Trees) {
    this.#trees = trees;
    this.#sink = sink;
    this.#path = path;
    this.#settings = settings;
  }

  /**
   * Opens a copy and reads it.
   * @param keyspaces what it must hold
   * @throws {KgdumpError} VERIFY_DIFFERENCE when it holds something else; STORE_*
   * @throws the signal's reason when it aborts
   */
  static async open(path: string, settings: SledSettings, keyspaces: readonly JournalKeyspace[], options: FollowOptions, trees = new Trees({})): Promise<CopyFollower> {
    const sink = through(options.seams?.sink, await openCopy(path, settings));
    try {
      const follower = new CopyFollower(sink, path, settings, trees);
      await follower.learn(keyspaces, options);
      return follower;
    } catch (error) {
      await sink.close().catch(() => undefined);
      throw error;
    }
  }

  /** Reads the copy again. @param keyspaces what it must hold @throws as `open` */
  async learn(keyspaces: readonly JournalKeyspace[], options: FollowOptions): Promise<void> {
    const meter = meterOf(keyspaces, options);
    const learned: Learned[] = [];
    const own = this.#trees.own(keyspaces);
    for (const keyspace of own) learned.push(await learn(this.#sink, keyspace, this.#trees, meter, options));
    const owners = new Set(own);
    this.#without = new ByName(keyspaces.filter((keyspace) => !owners.has(keyspace)).map((keyspace) => [Buffer.from(keyspace.name, "hex"), keyspace]));
    meter.end();
    this.#learned = learned;
    this.#byName = byName(learned);
    this.#taken = nameSet(learned.map(({ tree }) => tree));
    this.#followed = [];
  }

  /**
   * Reads the original whole and makes the copy equal to it, which must be learned before it is followed again.
   * @throws {KgdumpError} STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …: the copy is of no use then
   * @throws the signal's reason when it aborts
   */
  async follow(original: EntrySource, options: FollowOptions): Promise<Followed> {
    const meter = this.#meter(options);
    const counts = noChanges();
    const keyspaces: JournalKeyspace[] = [];
    const there = nameSet(original.info.keyspaces.map(({ name }) => name));
    for (const { name, tree, keyspace } of this.#learned) {
      if (there.has(name)) continue;
      await this.#sink.dropKeyspace(tree);
      counts.removed += keyspace.entries;
    }
    for (const keyspace of original.info.keyspaces) {
      meter.enter(keyspace.name);
      const found = await this.#followKeyspace(original, keyspace, meter, options);
      addTo(counts, found);
      keyspaces.push({
        name: Buffer.from(keyspace.name).toString("hex"),
        comparator: keyspace.comparator,
        entries: found.entries,
        digest: found.digest,
      });
    }
    meter.end();
    await this.#sink.flush();
    return { keyspaces, counts };
  }

  /**
   * The same, when it is known which keys may have changed: of the original only that is read which is where they are.
   * @param keys those of each keyspace of the original, of which the copy has the same
   * @throws as `follow`
   */
  async followChanged(original: RocksdbSource, keys: readonly Uint8Array[], options: FollowOptions): Promise<ChangeCounts> {
    const meter = this.#meter(options);
    const counts = noChanges();
    for (const [index, { name }] of original.info.keyspaces.entries()) {
      const changed = keys[index];
      const known = this.#byName.get(name);
      if (known !== undefined) this.#followed.push(known);
      if (known === undefined && this.#without.has(name) && changed?.length === 0) continue;
      if (this.#without.has(name)) throw filled(name);
      if (changed === undefined || known === undefined) throw new TypeError("the copy has other keyspaces than the original");
      if (changed.length === 0) continue;
      meter.enter(name);
      const { groups, of, ranges } = await known.follower.touch(changed);
      const blocks = groups < of ? original.scanRanges(name, ranges, { blockSize: FOLLOW_BLOCK, signal: options.signal }) : this.#scan(original, known, options);
      const onBlock = (block: EntryBlock): void => { meter.add(block.entries, block.data.length); };
      await compareBlocks(known.follower, blocks, (block) => this.#put(known.tree, block, counts), onBlock);
    }
    meter.end();
    await this.#sink.flush();
    return counts;
  }

  /**
   * Opens the copy anew, after `follow` or `followChanged` and `close`, reads all of it that was written, and compares it with what the original
   * had there.
   * @throws {KgdumpError} VERIFY_DIFFERENCE; STORE_*
   * @throws the signal's reason when it aborts
   */
  async verify({ signal }: FollowOptions): Promise<void> {
    const sink = await openCopy(this.#path, this.#settings);
    try {
      const followed = nameSet(this.#followed.map(({ tree }) => tree));
      const foreign = sink.info.keyspaces.find(({ name }) => !followed.has(name));
      if (foreign !== undefined) throw different(foreign.name, "it is still there, although the store does not have it any more");
      for (const { tree: name, follower } of this.#followed) {
        const groups = follower.writtenGroups;
        for (let at = 0; at < groups; at += LOOKING * GROUPS) {
          signal?.throwIfAborted();
          const starts = Array.from({ length: LOOKING }, (_, part) => at + part * GROUPS).filter((start) => start < groups);
          const looks = await Promise.allSettled(starts.map((start) => sink.differingGroups(follower, start, Math.min(start + GROUPS, groups))));
          for (const look of looks) {
            if (look.status === "rejected") throw look.reason;
            if (look.value > 0) throw different(name, `what was carried over is not in it, in ${String(look.value)} of ${String(groups)} places`);
          }
        }
      }
    } finally {
      await sink.close();
    }
  }

  /**
   * Reads the original whole, after `followChanged`: it must be as the copy was left. The copy is not read, and may be closed, and used.
   * @returns what it holds
   * @throws {KgdumpError} VERIFY_DIFFERENCE; STORE_*
   * @throws the signal's reason when it aborts
   */
  async confirm(original: EntrySource, options: FollowOptions): Promise<JournalKeyspace[]> {
    const meter = this.#meter(options);
    const keyspaces: JournalKeyspace[] = [];
    this.#mustHaveSame(original);
    for (const known of this.#learned) {
      const { name, keyspace, follower } = known;
      meter.enter(name);
      follower.confirm();
      const tally = new Tally(meter);
      const differing = await compareBlocks(follower, this.#scan(original, known, options), () => Promise.resolve(), (block) => {
        tally.add(block);
      });
      if (differing > 0) throw notCarriedOver(name, `more of "${nameText(name)}" had changed since it was copied than was carried over to the new store`);
      keyspaces.push({ ...keyspace, entries: tally.entries, digest: tally.digest() });
    }
    for (const keyspace of this.#without.things()) {
      if (await hasEntries(original, Buffer.from(keyspace.name, "hex"), options)) throw filled(Buffer.from(keyspace.name, "hex"));
      keyspaces.push(keyspace);
    }
    meter.end();
    return keyspaces;
  }

  /** Keyspaces may have come and gone, too. */
  #mustHaveSame(original: EntrySource): void {
    const there = nameSet(original.info.keyspaces.map(({ name }) => name));
    const gone = this.#learned.find(({ name }) => !there.has(name));
    if (gone !== undefined) throw notCarriedOver(gone.name, `"${nameText(gone.name)}" has gone since the store was copied, and is in the new one still`);
    const come = original.info.keyspaces.find(({ name }) => !this.#byName.has(name) && !this.#without.has(name));
    if (come !== undefined) throw notCarriedOver(come.name, `"${nameText(come.name)}" has come since the store was copied, and is not in the new one`);
  }

  /** Closes the copy; a second call does nothing. */
  async close(): Promise<void> {
    await this.#sink.close();
  }

  #meter(options: FollowOptions): ProgressMeter {
    return meterOf(this.#learned.map(({ keyspace }) => keyspace), options);
  }

  #scan(original: EntrySource, { name, splits }: Pick<Learned, "name" | "splits">, { signal }: FollowOptions): AsyncIterable<EntryBlock> {
    return scanSideBySide(original, name, { blockSize: FOLLOW_BLOCK, splits, jobs: SCANS, signal });
  }

  async #put(tree: Uint8Array, block: ChangeBlock, counts: GrowingCounts): Promise<void> {
    addTo(counts, await this.#sink.carryOver(tree, block.data));
  }

  async #followKeyspace(
    original: EntrySource,
    { name, comparator }: KeyspaceInfo,
    meter: ProgressMeter,
    options: FollowOptions,
  ): Promise<ChangeCounts & { readonly entries: number; readonly digest: string }> {
    const known = this.#byName.get(name);
    const tree = this.#trees.of(name);
    if (known === undefined && this.#taken.has(tree)) {
      if (await hasEntries(original, name, options)) throw filled(name);
      return { ...noChanges(), entries: 0, digest: new Tally().digest() };
    }
    if (known === undefined) await this.#sink.createKeyspace(tree);
    else if (known.keyspace.comparator !== comparator) throw otherOrder(name);
    const follower = known?.follower ?? this.#sink.follow(tree, comparator);
    if (known === undefined) await follower.learned();
    const tally = new Tally(meter);
    const counts = noChanges();
    await compareBlocks(follower, this.#scan(original, { name, splits: known?.splits ?? [] }, options), (block) => this.#put(tree, block, counts), (block) => {
      tally.add(block);
    });
    const { entries } = tally;
    this.#followed.push({ tree, follower });
    const before = known?.keyspace.entries ?? 0;
    if (before + counts.added - counts.removed !== entries) {
      throw new KgdumpError("VERIFY_DIFFERENCE", `"${nameText(name)}" had ${String(before)} entries in the copy, ${String(counts.added)} were added and ${String(counts.removed)} removed, but the store has ${String(entries)}`, {
        keyspace: name,
        hint: "nothing was switched: check the memory of this machine, then migrate again",
      });
    }
    return { ...counts, entries, digest: tally.digest() };
  }
}

async function openCopy(path: string, settings: SledSettings): Promise<SledSink> {
  const { openSledSink } = await import("../../../engines/sled/sled.js");
  const { compression, compressionLevel: compressionFactor, segmentSize } = settings;
  const cacheCapacity = Math.min(settings.cacheCapacity ?? CACHE, CACHE);
  // It was read back when it was made, and is read again: that tells more than the check of its files.
  return openSledSink(path, { create: false, check: false, cacheCapacity, compression, compressionFactor, segmentSize });
}

function meterOf(keyspaces: readonly JournalKeyspace[], { onProgress }: FollowOptions): ProgressMeter {
  return new ProgressMeter("verify", onProgress, { entries: keyspaces.reduce((sum, { entries }) => sum + entries, 0), bytes: null });
}

async function learn(sink: SledSink, keyspace: JournalKeyspace, trees: Trees, meter: ProgressMeter, { signal }: FollowOptions): Promise<Learned> {
  const name = Buffer.from(keyspace.name, "hex");
  const tree = trees.of(name);
  meter.enter(name);
  const follower = sink.follow(tree, keyspace.comparator);
  const splits: Uint8Array[] = [];
  let sinceSplit = 0;
  for await (const block of sink.scan(tree, { blockSize: LEARN_BLOCK, order: keyspace.comparator, signal })) {
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
  if (entries === keyspace.entries && Buffer.from(digest).toString("hex") === keyspace.digest) return { name, tree, keyspace, follower, splits };
  throw different(name, `it holds ${String(entries)} entries with another digest than when it was made`);
}
