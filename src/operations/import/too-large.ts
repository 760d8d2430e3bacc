/** Refusing a dump with entries that a store of an engine can't hold, before anything is written. */
import { MAX_PAYLOAD_LENGTH } from "../../format/index.js";
import type { DumpInputs } from "../dump/events.js";
import { openDump } from "../dump/open-dump.js";
import { type Holding, tooLarge } from "../entries/huge.js";
import { byName } from "../entries/keyspaces.js";
import type { ImportPlan } from "./plan.js";

/**
 * Refuses a dump file with an entry that a store of the engine can't hold, before anything is written: its index tells the sizes of its blocks.
 * @throws {KgdumpError} STORE_UNSUPPORTED
 */
export async function refuseTooLarge(plan: ImportPlan, { input }: { readonly input: DumpInputs }, engine: Holding): Promise<void> {
  const { value: limit = Infinity } = engine.largest ?? {};
  if (limit === Infinity || typeof input !== "string") return;
  // Nothing but its index is read, so that blocks of any size are let be.
  const dump = await openDump(input, { maxBlockSize: MAX_PAYLOAD_LENGTH }).catch(() => null);
  if (dump === null) return;
  await using opened = dump;
  const held = byName(opened.footer.keyspaces);
  for (const { name } of plan.selected) {
    const totals = held.get(name);
    if (totals === undefined || totals.valueBytes <= limit) continue;
    for await (const block of opened.blocks(name)) {
      const valueBytes = block.rawLength - binBytes(block.firstKey.length) - 5;
      if (block.entries === 1 && valueBytes > limit) throw tooLarge(engine, name, block.firstKey, block.firstKey.length, valueBytes);
    }
  }
}

/** Bytes of a key as it is encoded; a value that is as large as this is about has five more than its own. */
function binBytes(length: number): number {
  return length + (length < 2 ** 8 ? 2 : length < 2 ** 16 ? 3 : 5);
}
