/** What was written to the new store since a migration: whether there is any, and a store of the old engine with it. */
import { engineNamed, engineTitle } from "../../../engines/registry.js";
import type { EntrySource } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { MAX_PAYLOAD_LENGTH } from "../../../format/index.js";
import { makeLike } from "../../disk/likeness.js";
import { logsElsewhere } from "../../disk/logs-elsewhere.js";
import { removeFile } from "../../disk/name-changes.js";
import { shellWord } from "../../disk/shell-word.js";
import { openSource } from "../../disk/stores.js";
import { otherVersionAt } from "../../disk/trouble.js";
import { nameText } from "../../entries/keyspaces.js";
import { type KeyspaceMap, Naming } from "../../entries/naming.js";
import { StoreScan } from "../../entries/store-scan.js";
import { exportSource } from "../../export/export.js";
import { makeStoreLike } from "../../import/make.js";
import type { WithProgress } from "../../run/progress.js";
import type { WithSeams } from "../../run/seams.js";
import { directionOf, type MigratedEngine } from "../direction.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";
import { carriedPath, clearCarried } from "../switch/steps.js";
import { Trees } from "../trees.js";
import { ttlOf } from "./carried-times.js";

/** How what is new is read and carried. */
export interface CarryOptions extends WithSeams, WithProgress {
  /** Name of the old store for name of the new one, where it is to be another than before the migration. */
  readonly map?: KeyspaceMap | undefined;
}

/** Name of the first keyspace in which the new store differs from what was migrated; null when it does not. */
export async function changedKeyspace(store: EntrySource, journal: Journal, { signal }: CarryOptions): Promise<string | null> {
  const trees = new Trees(journal);
  const known = new Map(trees.own(journal.keyspaces ?? []).map((keyspace) => [Buffer.from(trees.of(Buffer.from(keyspace.name, "hex"))).toString("hex"), keyspace]));
  for (const { name } of store.info.keyspaces) {
    const migrated = known.get(Buffer.from(name).toString("hex"));
    const found = await new StoreScan(store, name, migrated?.comparator, signal).whole();
    known.delete(Buffer.from(name).toString("hex"));
    if (migrated === undefined ? found.entries > 0 : found.digest !== migrated.digest) return nameText(name);
  }
  const [gone] = known.keys();
  return gone === undefined ? null : nameText(Buffer.from(gone, "hex"));
}

/**
 * Fails when nothing can be carried back into the place of the original. What is made is a store of RocksDB, which LevelDB does not open, or of sled 0.34, which no other version opens; and logs of the original
 * that lie in a directory of their own are read by its program into whatever store it opens, over what is there.
 */
export async function refuseUncarriable(journal: Journal): Promise<void> {
  const { backup, source, target } = journal;
  const path = backup ?? source;
  const { from } = directionOf(journal);
  await refuseOther(from, path, target);
  // Only options tell of what follows.
  if (!engineNamed(from).tellsOptions) return;
  await using original = await openSource(path, { ttl: "keep" });
  const logs = await logsElsewhere(original.info.options, [path, source]);
  if (logs !== null) {
    throw new KgdumpError("STORE_UNSUPPORTED", `logs of the original are in ${logs}: its program would read them into the store that is carried back, over what was written since`, {
      path: logs,
      hint: `put them into the original, then run this again: \`mv ${shellWord(logs)}/*.log ${shellWord(path)}/\``,
    });
  }
  if (original.info.options?.get("rocksdb.writtenBy") !== "leveldb") return;
  throw new KgdumpError("STORE_UNSUPPORTED", `LevelDB wrote the original ${path}, and kgdump makes no stores of LevelDB: nothing can be carried back`, {
    path: target,
    hint: "--discard-new puts the original in place and keeps the sled store aside, which the program can read its new data from",
  });
}

async function refuseOther(engine: MigratedEngine, original: string, target: string): Promise<void> {
  const other = await otherVersionAt(engine, original);
  if (other === null) return;
  throw new KgdumpError("STORE_UNSUPPORTED", `the original can't be rebuilt: ${other.message}`, {
    cause: other,
    path: target,
    hint: "--discard-new puts the original in place and keeps the RocksDB store aside; `kgdump export STORE | kgdump import NEW` makes a store of sled 0.34 of what that holds",
  });
}

/** A store of the old engine with what the new store holds now, made as the original is. */
export async function carryBack(store: EntrySource, journal: Journal, { map, onProgress, signal, seams }: CarryOptions, teller: Teller): Promise<string> {
  const incoming = carriedPath(journal);
  const { from, to } = directionOf(journal);
  // Families in another order are read twice, which a pipe can't be.
  const dump = `${incoming}.kgd`;
  teller.begin("restore", `what the ${engineTitle(to)} store holds is being carried into a new ${engineTitle(from)} store`);
  try {
    await exportSource(store, { store: journal.target, output: dump, force: true, maxBlockSize: MAX_PAYLOAD_LENGTH, target: from, onProgress, signal });
    const made = { target: incoming, input: dump, maxBlockSize: MAX_PAYLOAD_LENGTH, map: wayBack(journal, store, map), onProgress, signal, seams };
    const original = { path: journal.backup ?? journal.source, ttl: journal.ttl, findTtl: () => ttlOf(journal, signal) };
    const { entries } = await makeStoreLike(from, original, made);
    teller.tell("restore", `what the ${engineTitle(to)} store holds was carried into a new ${engineTitle(from)} store, read back and compared`, { entries });
    await removeFile(dump);
    await makeLike(incoming, journal.target, to);
    return incoming;
  } catch (error) {
    await clearCarried(journal).catch(() => undefined);
    throw error;
  }
}

/** Which keyspace of the old store each of the new one becomes: as it is asked for, else what it was before the migration. */
function wayBack(journal: Journal, store: EntrySource, map: KeyspaceMap | undefined): KeyspaceMap {
  const trees = store.info.keyspaces.map(({ name }) => name);
  const asked = new Naming(map);
  asked.check(trees);
  const back = [...new Trees(journal).back(journal.keyspaces ?? [], trees)].filter(([from]) => !(from instanceof Uint8Array) || asked.renamed(from) === undefined);
  return new Map([...(map ?? []), ...back]);
}
