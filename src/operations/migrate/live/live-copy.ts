/**
 * The copy of a store whose service runs on: while there is time it is brought up to date whenever that will save time when the service has
 * stopped.
 */
import type { ChangedKeys, RocksdbSource } from "../../../engines/rocksdb/rocksdb.js";
import type { StoreMark } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { closing } from "../../run/closing.js";
import type { Copy } from "../copy.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";
import { type MigrateOptions, round, secondsSince } from "../options.js";
import { Trees } from "../trees.js";
import { addTo, type GrowingCounts, noChanges } from "./compare-blocks.js";
import { CopyFollower } from "./follow.js";

/** Milliseconds between looks at the store, or how many times as long as the last look took, if that is more: a long log takes long to read. */
const LOOK_MS = 2000;
const REST = 5;
/** Updates before the service is to be stopped. */
const UPDATES = 3;

/** A copy that is open, and known. */
export class LiveCopy {
  readonly follower: CopyFollower;
  /** What was carried over. */
  readonly changes: GrowingCounts = noChanges();
  readonly #journal: Journal;
  readonly #options: MigrateOptions;
  readonly #teller: Teller;
  /** The point of the store's life that the copy is at. */
  #mark: StoreMark | undefined;
  #restUntil = 0;

  private constructor(follower: CopyFollower, journal: Journal, mark: StoreMark | undefined, options: MigrateOptions, teller: Teller) {
    this.follower = follower;
    this.#journal = journal;
    this.#mark = mark;
    this.#options = options;
    this.#teller = teller;
  }

  /** Opens and reads the copy that was made. @throws {KgdumpError} VERIFY_DIFFERENCE, STORE_* */
  static async open(journal: Journal, { keyspaces, mark }: Copy, options: MigrateOptions, teller: Teller): Promise<LiveCopy> {
    const follower = await CopyFollower.open(journal.building, journal.settings, keyspaces, options, new Trees(journal));
    return new LiveCopy(follower, journal, mark, options, teller);
  }

  /** Brings the copy up to date a few times, until that saves nothing. @throws as `open`; the copy is of no use then */
  async settle(): Promise<void> {
    for (let update = 0; update < UPDATES; update++) {
      if (!(await this.#update())) break;
    }
    this.#restUntil = performance.now() + LOOK_MS;
  }

  /** To be called over and over while the service is to be stopped. @throws as `open`; the copy is of no use then */
  async keepUp(): Promise<void> {
    if (performance.now() < this.#restUntil) return;
    const started = performance.now();
    await this.#update();
    this.#restUntil = performance.now() + Math.max(LOOK_MS, REST * (performance.now() - started));
  }

  /** Which keys of the store, whose service has stopped, may differ from the copy. @throws {KgdumpError} STORE_*, IO_FAILED */
  async changedKeys(source: RocksdbSource): Promise<ChangedKeys> {
    if (this.#options.checkGraph === true) return { unclear: "the graph is checked" };
    if (this.#mark === undefined) return { unclear: "it is not known how it was" };
    return source.changedSince(this.#mark);
  }

  /** Whether there was anything to do. */
  async #update(): Promise<boolean> {
    const { openRocksdbSource } = await import("../../../engines/rocksdb/rocksdb.js");
    const source = await openRocksdbSource(this.#journal.source, { ttl: this.#options.ttl, paranoid: this.#options.paranoid }).catch(later);
    if (source === null) return false;
    return closing(source, async () => {
      const reason = this.#mark === undefined ? null : source.outdated(this.#mark);
      if (reason === null) return false;
      const started = performance.now();
      const { keyspaces, counts } = await this.follower.follow(source, this.#options);
      await this.follower.learn(keyspaces, this.#options);
      this.#mark = source.mark();
      addTo(this.changes, counts);
      this.#teller.tell("delta", `the copy was brought up to date while the service runs, as ${reason}`, { ...counts, seconds: round(secondsSince(started)) });
      return true;
    });
  }
}

/** A store that can't be opened now, as its files move or are just being written, is looked at later; what is wrong with it then is told. */
function later(error: unknown): null {
  if (error instanceof KgdumpError) return null;
  throw error;
}
