/** What is sound of a damaged RocksDB store, and what is missing. RocksDB itself is not asked: it ends at the first damage. */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { KgdumpError } from "../../errors.js";
import type { SalvageOptions, SalvagePiece, StoreLoss, StoreSalvage } from "../salvage.js";
import { salvagedPieces } from "../salvage-scan.js";
import type { KeyspaceInfo } from "../store.js";
import { type NativeSalvage, type NativeSalvageLoss, rocksdbAddon } from "./addon.js";
import { settingsOf } from "./rocksdb.js";

/**
 * Looks at all of the damaged RocksDB store in a directory. Nobody may write to it meanwhile.
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED when nothing of a store is there, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function openRocksdbSalvage(path: string, options: SalvageOptions = {}): Promise<StoreSalvage> {
  const absolute = resolve(path);
  watchCrash("RocksDB", absolute);
  const store = await fromAddon(() => rocksdbAddon().salvageStore(absolute, options.unknownTables === true));
  return new Salvage(absolute, store);
}

class Salvage implements StoreSalvage {
  readonly info: StoreSalvage["info"];
  readonly remarks: readonly string[];
  readonly unsure: boolean;
  readonly #store: NativeSalvage;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #losses: StoreLoss[];

  constructor(path: string, store: NativeSalvage) {
    const { version, sequenceNumber, families, losses, remarks, unsure } = store.facts();
    this.#store = store;
    this.#ids = new Map(families.map(({ id, name }) => [name.toString("latin1"), id]));
    this.remarks = remarks;
    this.unsure = unsure;
    this.#losses = losses.map(lossOf);
    const keyspaces = families.map(
      ({ name, reverse, options, tableOptions }): KeyspaceInfo => ({
        name,
        comparator: reverse ? "reverse-bytewise" : "bytewise",
        estimatedEntries: 0,
        estimatedBytes: 0,
        settings: settingsOf({ options, tableOptions }),
      }),
    );
    this.info = { engine: "rocksdb", version: version ?? "unknown", path, databaseId: null, sequenceNumber, keyspaces };
  }

  get losses(): readonly StoreLoss[] {
    return this.#losses;
  }

  async *scan(keyspace: Uint8Array, options: Parameters<StoreSalvage["scan"]>[1]): AsyncGenerator<SalvagePiece> {
    const id = this.#ids.get(Buffer.from(keyspace).toString("latin1"));
    if (id === undefined) throw new KgdumpError("KEYSPACE_UNKNOWN", `nothing is known of a family ${JSON.stringify(Buffer.from(keyspace).toString())}`, { keyspace });
    const scan = await fromAddon(() => this.#store.scan(id));
    yield* salvagedPieces(async (buffer) => {
      const filled = await fromAddon(() => scan.fill(buffer));
      this.#losses.push(...filled.losses.map(lossOf));
      return filled;
    }, options);
  }

  close(): Promise<void> {
    this.#store.close();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function lossOf({ family, what, file, offset, from, to, after, entries, reason }: NativeSalvageLoss): StoreLoss {
  return {
    keyspace: family ?? null,
    what: what as StoreLoss["what"],
    file,
    offset: offset ?? null,
    from: from ?? null,
    to: to ?? null,
    after,
    entries: entries ?? null,
    reason,
  };
}
