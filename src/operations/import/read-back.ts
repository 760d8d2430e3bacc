/** Reading an imported store back and comparing it with the dump. */
import { availableParallelism } from "node:os";
import type { EntrySink, EntrySource, IfExists, KeyOrder } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { giveBack, HUGE_BLOCK } from "../../memory.js";
import type { EntryEvent } from "../dump/events.js";
import { nameSet, nameText } from "../entries/keyspaces.js";
import { scanSideBySide } from "../entries/side-by-side.js";
import { type KeyspaceDigest, Tally } from "../entries/store-scan.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";
import type { ImportPlan, PlannedKeyspace } from "./plan.js";

/** Who wants to know, and who may stop it. */
export interface VerifyOptions extends WithProgress {
  /** Threads that read back what was loaded; default: as many as there are processors. */
  readonly jobs?: number | undefined;
}

/** Mostly holds what lies between two splits. */
const BLOCK_SIZE = 2 * 1024 * 1024;
/** Each works for one scan; more scans would only wait. Node has as many for all that is not done by the main thread. */
const MOST_THREADS = 4;

/**
 * Checks that a new store holds exactly what was selected from the dump: the same trees, and in each the same entries
 * by number and digest.
 * @param reordered those that the store keeps in another order than the dump: their entries are only counted
 * @throws {KgdumpError} VERIFY_DIFFERENCE
 */
export async function verifyNew(
  plan: ImportPlan,
  store: EntrySource,
  options: VerifyOptions,
  reordered: readonly PlannedKeyspace[] = [],
): Promise<void> {
  const meter = new ProgressMeter("verify", options.onProgress, plan.totals());
  for (const keyspace of plan.selected) {
    if (plan.yields(keyspace)) continue;
    meter.enter(keyspace.name);
    const counted = reordered.includes(keyspace);
    // Several scans would each have a huge entry in memory.
    const single = counted || keyspace.largestBlock > HUGE_BLOCK;
    const found = await readBack(store, single ? { tree: keyspace.tree, comparator: counted ? undefined : keyspace.comparator, splits: [] } : keyspace, options, meter);
    if (found.entries === keyspace.entries && (counted || found.digest === keyspace.digest())) continue;
    throw difference(
      keyspace,
      `tree "${nameText(keyspace.tree)}" holds ${found.entries.toString()} entries with digest ` +
        `${found.digest}, the dump ${keyspace.entries.toString()} with ${keyspace.digest()}`,
    );
  }
  await refuseOthers(plan, store, options);
  meter.end();
}

async function readBack(
  store: EntrySource,
  keyspace: Pick<PlannedKeyspace, "tree" | "splits"> & { readonly comparator?: KeyOrder | undefined },
  options: VerifyOptions,
  meter: ProgressMeter,
): Promise<Omit<KeyspaceDigest, "name">> {
  const tally = new Tally(meter);
  const { tree, comparator: order, splits } = keyspace;
  // One more than work at a time, as one waits until it is hashed.
  const jobs = Math.min(options.jobs ?? availableParallelism(), MOST_THREADS) + 1;
  for await (const block of scanSideBySide(store, tree, { blockSize: BLOCK_SIZE, order, splits, jobs, signal: options.signal })) {
    tally.add(block);
    block.release();
  }
  return { entries: tally.entries, digest: tally.digest() };
}

/** A tree that nobody asked for may only be empty: sled always has its default tree. */
async function refuseOthers(plan: ImportPlan, store: EntrySource, options: VerifyOptions): Promise<void> {
  const asked = nameSet(plan.selected.map(({ tree }) => tree));
  for (const { name } of store.info.keyspaces) {
    if (asked.has(name)) continue;
    for await (const block of store.scan(name, { blockSize: BLOCK_SIZE, limit: 1, signal: options.signal })) {
      block.release();
      throw new KgdumpError("VERIFY_DIFFERENCE", `tree "${nameText(name)}" is not empty, although nothing was imported into it`);
    }
  }
}

/**
 * Checks that a store which held entries before now also holds those of the dump, by looking up each of them.
 * @param events the dump, read once more from its beginning
 * @throws {KgdumpError} VERIFY_DIFFERENCE, or DUMP_* when the dump can't be read again
 */
export async function verifyMerged(
  plan: ImportPlan,
  events: AsyncGenerator<EntryEvent>,
  store: Pick<EntrySink, "compare">,
  options: VerifyOptions,
  ifExists: IfExists,
): Promise<void> {
  const meter = new ProgressMeter("verify", options.onProgress, plan.totals());
  let entries = 0;
  for await (const event of events) {
    options.signal?.throwIfAborted();
    if (event.type === "header" && event.header.dumpId !== plan.header.dumpId) {
      throw new KgdumpError("VERIFY_DIFFERENCE", "the dump was replaced by another one while it was imported");
    }
    const keyspace = event.type === "block" ? plan.keyspaces[event.block.keyspace] : undefined;
    if (event.type !== "block" || keyspace === undefined) continue;
    const picked = keyspace.pick(event.block, event.raw);
    if (picked === null) continue;
    keyspace.expectFound(await store.compare(keyspace.tree, picked.raw), ifExists);
    entries += picked.entries;
    meter.add(picked.entries, picked.raw.length, event.block.frameLength);
    giveBack(picked.raw);
  }
  if (entries !== plan.totals().entries) {
    throw new KgdumpError("VERIFY_DIFFERENCE", "the dump was changed while it was imported");
  }
  meter.end();
}

function difference(keyspace: PlannedKeyspace, message: string): KgdumpError {
  return new KgdumpError("VERIFY_DIFFERENCE", message, {
    keyspace: keyspace.name,
    hint: "nothing was put at the target; check the disk and the memory of this machine, then import again",
  });
}
