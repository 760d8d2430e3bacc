/** Refusing a map that puts entries of two keyspaces into one, before anything is written: what a file tells at its end. */
import { type DumpInputs } from "../dump/events.js";
import { openDump } from "../dump/open-dump.js";
import { byName } from "../entries/keyspaces.js";
import type { ImportPlan } from "./plan.js";

/**
 * Looks into the dump's footer when a map gives several keyspaces one name. A stream, or a dump that can't be read from its end, is met when it is
 * loaded: two keyspaces with entries are never put together.
 * @throws {KgdumpError} USAGE
 */
export async function refuseFilledTogether(plan: ImportPlan, { input }: { readonly input: DumpInputs }): Promise<void> {
  if (typeof input !== "string" || plan.selected.every((keyspace) => !plan.hasRivals(keyspace))) return;
  const dump = await openDump(input).catch(() => null);
  if (dump === null) return;
  await using opened = dump;
  const totals = byName(opened.footer.keyspaces);
  const filled = plan.selected.filter(({ name }) => (totals.get(name)?.entries ?? 0) > 0);
  for (const keyspace of filled) plan.claim(keyspace);
}
