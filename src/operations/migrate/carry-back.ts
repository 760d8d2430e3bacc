/** What was written to the sled store since a migration: whether there is any, and a RocksDB store with it. */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { KgdumpError } from "../../errors.js";
import type { EntrySource } from "../../engines/engine.js";
import { MAX_PAYLOAD_LENGTH } from "../../format/index.js";
import { type KeyspaceMap, Naming } from "../entries/naming.js";
import { exportSource } from "../export.js";
import { nameText } from "../keyspaces.js";
import { openSource } from "../load-engine.js";
import type { OnProgress } from "../progress.js";
import { restoreDump } from "../restore.js";
import type { WithSeams } from "../seams.js";
import { ttlOf } from "./carried-times.js";
import type { Teller } from "./events.js";
import type { Journal } from "./journal.js";
import { carriedPath, clearCarried } from "./steps.js";
import { Trees } from "./trees.js";

/** How what is new is read and carried. */
export interface CarryOptions extends WithSeams {
  /** Family name for tree name, where it is to be another than before the migration. */
  readonly map?: KeyspaceMap | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Name of the first keyspace in which the sled store differs from what was migrated; null when it does not. */
export async function changedKeyspace(store: EntrySource, journal: Journal, { signal }: CarryOptions): Promise<string | null> {
  const trees = new Trees(journal);
  const known = new Map(trees.own(journal.keyspaces ?? []).map((keyspace) => [Buffer.from(trees.of(Buffer.from(keyspace.name, "hex"))).toString("hex"), keyspace]));
  for (const { name } of store.info.keyspaces) {
    const migrated = known.get(Buffer.from(name).toString("hex"));
    const hash = createHash("sha256");
    let entries = 0;
    for await (const block of store.scan(name, { blockSize: 1024 * 1024, order: migrated?.comparator, signal })) {
      hash.update(block.data);
      entries += block.entries;
      block.release();
    }
    known.delete(Buffer.from(name).toString("hex"));
    if (migrated === undefined ? entries > 0 : hash.digest("hex") !== migrated.digest) return nameText(name);
  }
  const [gone] = known.keys();
  return gone === undefined ? null : nameText(Buffer.from(gone, "hex"));
}

/** Fails when the original is a store of LevelDB: what is carried back is a store of RocksDB, which LevelDB does not open. */
export async function refuseLevelDb({ backup, source, target }: Journal): Promise<void> {
  const path = backup ?? source;
  await using original = await openSource(path, { ttl: "keep" });
  if (original.info.options?.get("rocksdb.writtenBy") !== "leveldb") return;
  throw new KgdumpError("STORE_UNSUPPORTED", `LevelDB wrote the original ${path}, and kgdump makes no stores of LevelDB: nothing can be carried back`, {
    path: target,
    hint: "--discard-new puts the original in place and keeps the sled store aside, which the program can read its new data from",
  });
}

/** A new RocksDB store with what the sled store holds now, its families kept as the original's are. */
export async function carryBack(store: EntrySource, journal: Journal, { map, onProgress, signal, seams }: CarryOptions, teller: Teller): Promise<string> {
  const incoming = carriedPath(journal);
  // Families in another order are read twice, which a pipe can't be.
  const dump = `${incoming}.kgd`;
  try {
    await exportSource(store, { store: journal.target, output: dump, force: true, maxBlockSize: MAX_PAYLOAD_LENGTH, onProgress, signal });
    const restored = { target: incoming, input: dump, maxBlockSize: MAX_PAYLOAD_LENGTH, map: wayBack(journal, store, map), optionsFrom: journal.backup ?? journal.source, onProgress, signal, seams };
    const { entries } = await restoreDump({ ...restored, ttl: journal.ttl }).catch(async (error: unknown) => {
      if (journal.ttl !== undefined || !(error instanceof KgdumpError) || error.code !== "STORE_TTL") throw error;
      return restoreDump({ ...restored, ttl: await ttlOf(journal, signal) });
    });
    teller.tell("restore", "what the sled store holds was carried into a new RocksDB store, read back and compared", { entries });
    await rm(dump, { force: true });
    return incoming;
  } catch (error) {
    await clearCarried(journal).catch(() => undefined);
    throw error;
  }
}

/** Which family each tree becomes: as it is asked for, else what it was before the migration. */
function wayBack(journal: Journal, store: EntrySource, map: KeyspaceMap | undefined): KeyspaceMap {
  const trees = store.info.keyspaces.map(({ name }) => name);
  const asked = new Naming(map);
  asked.check(trees);
  const back = [...new Trees(journal).back(journal.keyspaces ?? [], trees)].filter(([from]) => !(from instanceof Uint8Array) || asked.renamed(from) === undefined);
  return new Map([...(map ?? []), ...back]);
}
