/**
 * Times behind the values of families with a time to live: RocksDB's DBWithTTL ends each value with when it was written, and takes the last four
 * bytes of every value for that. A dump that was made with `--ttl strip` has values without times, so that a restore puts one behind each.
 */
import type { BlockComparison, EntryLoader, EntrySink } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { encodeEntries, iterateEntries } from "../../format/index.js";

/** RocksDB takes no time before this for one (`DBWithTTLImpl::kMinTimestamp`), and none that 31 bits can't hold. */
const FIRST = 1_368_146_402;
const LAST = 0x7fff_ffff;

/**
 * The time that is put behind values, in seconds since 1970.
 * @throws {KgdumpError} USAGE for one that RocksDB would not take for a time
 */
export function checkedTime(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= FIRST && seconds <= LAST) return seconds;
  throw new KgdumpError("USAGE", `${seconds.toString()} is not a time that RocksDB accepts: it must be between ${FIRST.toString()} and ${LAST.toString()}`, {
    hint: "--ttl-time takes seconds since 1970, a date such as 2026-01-31T12:00:00Z, or now",
  });
}

/** The entries of a block with a time behind each value. */
export function withTimes(raw: Uint8Array, seconds: number): Uint8Array {
  const time = Buffer.alloc(4);
  time.writeUInt32LE(seconds);
  return encodeEntries([...iterateEntries(raw)].map(({ key, value }) => ({ key, value: Buffer.concat([value ?? new Uint8Array(), time]) })));
}

/** Whether a family, by its name, gets times. */
export type GetsTimes = (family: Uint8Array) => boolean;

/** The loader, with a time behind each value of some families. */
export function timingLoader(loader: EntryLoader, gets: GetsTimes, seconds: number): EntryLoader {
  let timed = false;
  return {
    startKeyspace: (name, order) => {
      timed = gets(name);
      return loader.startKeyspace(name, order);
    },
    load: (block) => loader.load(timed ? withTimes(block, seconds) : block),
    finishKeyspace: () => loader.finishKeyspace(),
    finish: () => loader.finish(),
    close: () => loader.close(),
    [Symbol.asyncDispose]: () => loader.close(),
  };
}

/** What is compared with the store, as it was loaded. */
export function timingComparison(sink: EntrySink, gets: GetsTimes, seconds: number): Pick<EntrySink, "compare"> {
  return { compare: (family: Uint8Array, block: Uint8Array): Promise<BlockComparison> => sink.compare(family, gets(family) ? withTimes(block, seconds) : block) };
}
