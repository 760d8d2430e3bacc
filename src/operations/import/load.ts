/** Loading a dump into a store that is new. */
import type { EntryLoader } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { giveBack } from "../../memory.js";
import type { EntryEvent } from "../dump/events.js";
import { nameText } from "../entries/keyspaces.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";
import type { ImportPlan, PlannedKeyspace } from "./plan.js";

/** Who wants to know, and who may stop it. */
export type LoadOptions = WithProgress;

/**
 * Loads what was selected of a dump, keyspace by keyspace as they come, and finishes the store.
 * @throws {KgdumpError} DUMP_*, NO_SPACE, IO_FAILED, …: the store is of no use then
 * @throws the signal's reason when it aborts
 */
export async function loadNew(
  plan: ImportPlan,
  events: AsyncGenerator<EntryEvent>,
  loader: EntryLoader,
  options: LoadOptions,
): Promise<void> {
  const meter = new ProgressMeter("load", options.onProgress, plan.estimates());
  const absent = new Set(plan.selected);
  const begin = async (keyspace: PlannedKeyspace): Promise<void> => {
    plan.claim(keyspace);
    absent.delete(keyspace);
    await loader.startKeyspace(keyspace.tree, keyspace.comparator);
  };
  for await (const event of events) {
    options.signal?.throwIfAborted();
    const keyspace = keyspaceOf(event, plan);
    if (keyspace === undefined) continue;
    if (event.type === "keyspace-start") {
      meter.enter(keyspace.name);
      // One of several that would become the same tree gets it when it turns out to have entries.
      if (!plan.hasRivals(keyspace)) await begin(keyspace);
    } else if (event.type === "block") {
      const before = keyspace.entries;
      const raw = keyspace.select(event.block, event.raw);
      if (raw === null) continue;
      if (absent.has(keyspace)) await begin(keyspace);
      await loader.load(raw);
      meter.add(keyspace.entries - before, raw.length, event.block.frameLength);
      giveBack(raw);
    } else if (event.type === "keyspace-end") {
      keyspace.end(event.totals);
      if (!absent.has(keyspace)) await finish(keyspace, loader);
    }
  }
  for (const keyspace of absent) {
    if (plan.yields(keyspace)) continue;
    await begin(keyspace);
    await finish(keyspace, loader);
  }
  await loader.finish();
  meter.end();
}

function keyspaceOf(event: EntryEvent, plan: ImportPlan): PlannedKeyspace | undefined {
  switch (event.type) {
    case "keyspace-start":
    case "keyspace-end":
      return plan.keyspaces[event.keyspace];
    case "block":
      return plan.keyspaces[event.block.keyspace];
    case "gap":
    case "header":
    case "footer":
      return undefined;
  }
}

async function finish(keyspace: PlannedKeyspace, loader: EntryLoader): Promise<void> {
  keyspace.written = await loader.finishKeyspace();
  if (keyspace.written === keyspace.entries) return;
  throw new KgdumpError(
    "VERIFY_DIFFERENCE",
    `tree "${nameText(keyspace.tree)}" got ${keyspace.written.toString()} entries and not ${keyspace.entries.toString()}`,
    { keyspace: keyspace.name },
  );
}
