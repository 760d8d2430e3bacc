/** What the original, the dump and the new store hold, side by side; and on demand whether the graph in them is sound. */
import { engineNamed } from "../../engines/registry.js";
import { KgdumpError } from "../../errors.js";
import { byName, nameText } from "../entries/keyspaces.js";
import { holdSame, type KeyspaceDigest, StoreScan } from "../entries/store-scan.js";
import { GraphCheck, type GraphReport } from "../graph/index.js";
import { openMade } from "../import/new-store.js";
import { closing } from "../run/closing.js";
import { ProgressMeter } from "../run/progress.js";
import type { Copy } from "./copy.js";
import { directionOf } from "./direction.js";
import type { Teller } from "./events.js";
import type { Journal, JournalKeyspace } from "./journal.js";
import type { MigratedKeyspace, Sides } from "./migrated.js";
import type { MigrateOptions } from "./options.js";
import { Trees } from "./trees.js";

/**
 * Tells what each side holds, when the new store is complete and not yet in its place. With `checkGraph` the new store is read once more, whole.
 * @param copy the full copy, which was read back
 * @param keyspaces what the old store held when it was read last; other than what was copied after a live migration
 * @throws {KgdumpError} VERIFY_DIFFERENCE when reading the new store once more finds something else; STORE_*, NO_SPACE, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function compareSides(journal: Journal, copy: Copy, keyspaces: readonly JournalKeyspace[], options: MigrateOptions, teller: Teller): Promise<Sides> {
  const checked = options.checkGraph === true ? await checkGraph(journal, keyspaces, options, teller) : null;
  const [importedByName, checkedByName] = [byName(copy.imported.keyspaces), byName(checked?.found ?? [])];
  const sides = keyspaces.map((keyspace): MigratedKeyspace => {
    const { entries, digest } = keyspace;
    const name = Buffer.from(keyspace.name, "hex");
    // What was changed after the copy was looked up entry by entry, which makes no digest.
    const unchanged = holdSame(importedByName.get(name), keyspace);
    const again = checkedByName.get(name);
    const held = { entries, digest };
    return {
      name,
      source: held,
      dump: journal.dump === null ? null : held,
      target: again === undefined ? { entries, digest: unchanged ? digest : null } : { entries: again.entries, digest: again.digest },
    };
  });
  for (const { name, source, dump, target } of sides) {
    const digests = { source: source.digest ?? "", ...(dump === null ? {} : { dump: dump.digest ?? "" }), target: target.digest ?? "not read again" };
    teller.tell("verify", `"${nameText(name)}" is the same on all sides`, { entries: source.entries, ...digests });
  }
  return { keyspaces: sides, graph: checked?.graph ?? null };
}

async function checkGraph(
  journal: Journal,
  all: readonly JournalKeyspace[],
  { onProgress, signal }: MigrateOptions,
  teller: Teller,
): Promise<{ graph: GraphReport; found: KeyspaceDigest[] }> {
  teller.begin("verify", "the new store is being read once more, to check its graph");
  await using check = new GraphCheck({ signal });
  const trees = new Trees(journal);
  const keyspaces = trees.own(all);
  const meter = new ProgressMeter("verify", onProgress, { entries: keyspaces.reduce((sum, { entries }) => sum + entries, 0), bytes: null });
  // It was read back already; the digests tell more than the check of its files.
  const found = await closing(await openMade(engineNamed(directionOf(journal).to), journal.building, { ttl: journal.ttl }), async (store) => {
    const digests: KeyspaceDigest[] = [];
    for (const { name, comparator } of keyspaces) {
      const keyspace = Buffer.from(name, "hex");
      const scan = new StoreScan(store, trees.of(keyspace), comparator, signal, meter);
      meter.enter(keyspace);
      for await (const block of scan.blocks()) await check.add(block);
      digests.push({ ...scan.result(), name: keyspace });
    }
    return digests;
  });
  meter.end();
  for (const [index, one] of found.entries()) {
    const { name } = one;
    if (holdSame(keyspaces[index], one)) continue;
    throw new KgdumpError("VERIFY_DIFFERENCE", `"${nameText(name)}" of the new store differs from that of the old one`, {
      keyspace: name,
      hint: "nothing was switched: check the disk and the memory of this machine, then migrate again",
    });
  }
  await check.finish();
  const graph = await check.report();
  const { layout, nodes, edges, lists, problems } = graph;
  if (layout === "none") teller.tell("verify", "there is no graph to check: no key is in the layout of MAYA");
  else if (problems === 0) teller.tell("verify", "the graph is whole", { nodes, edges, lists });
  else {
    const kinds = Object.fromEntries(graph.kinds.map(({ kind, count }) => [kind, count]));
    teller.tell("verify", "the graph has problems, but all of them were there before the migration", { nodes, edges, lists, problems, ...kinds });
  }
  return { graph, found };
}

/** What should be known of the graph although nothing went wrong in the migration. */
export function graphWarnings(graph: GraphReport | null): string[] {
  if (graph === null || graph.problems === 0) return [];
  const kinds = graph.kinds.map(({ kind, count }) => `${count.toString()} ${kind}`).join(", ");
  return [`the graph had problems before the migration, and has them still: ${kinds}; kgdump verify --graph shows where`];
}
