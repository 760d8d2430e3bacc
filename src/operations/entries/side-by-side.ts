/** Reading one keyspace by several scans that run side by side, so that more than one core works; the blocks come in order all the same. */
import type { EntryBlock, EntrySource, ScanOptions } from "../../engines/store.js";

/** How a keyspace is read. */
export interface SideBySideOptions extends Omit<ScanOptions, "from" | "to" | "prefix" | "limit" | "part"> {
  /** Keys, ascending in the order of the scan, between which the keyspace is divided: each begins a scan of its own. */
  readonly splits: readonly Uint8Array[];
  /** Scans that run at the same time, from 1. */
  readonly jobs: number;
}

interface Running {
  readonly blocks: AsyncIterator<EntryBlock>;
  readonly first: Promise<IteratorResult<EntryBlock>>;
}

/**
 * Yields the entries of a keyspace as `scan` would, cut into other blocks. Whatever the splits are, no entry is left out: each range
 * ends where the next one begins, the first has no lower bound and the last no upper one. Their account is one, at the end.
 * @throws {KgdumpError} as `scan`
 */
export async function* scanSideBySide(
  source: EntrySource,
  keyspace: Uint8Array,
  { splits, jobs, ...options }: SideBySideOptions,
): AsyncGenerator<EntryBlock, void, undefined> {
  const running: Running[] = [];
  const part = splits.length > 0;
  let begun = 0;
  let shown = 0;
  const begin = (): void => {
    if (begun > splits.length) return;
    const [from, to] = [splits[begun - 1], splits[begun]];
    begun++;
    const blocks = source.scan(keyspace, { ...options, from, to, part })[Symbol.asyncIterator]();
    const first = blocks.next();
    // Its failure is thrown when it is this scan's turn; until then it must not count as unhandled.
    first.catch(() => undefined);
    running.push({ blocks, first });
  };
  try {
    for (let job = 0; job < jobs; job++) begin();
    for (let current = running[0]; current !== undefined; current = running[0]) {
      for (let next = await current.first; next.done !== true; next = await current.blocks.next()) {
        shown += next.value.entries;
        yield next.value;
      }
      running.shift();
      begin();
    }
    if (part) await source.account?.(keyspace, shown, options.signal);
  } finally {
    await Promise.allSettled(running.map(async ({ blocks }) => blocks.return?.()));
  }
}
