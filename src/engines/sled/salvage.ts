/** What is sound of a damaged sled store, and what is missing. Sled itself is not asked: it drops what it cannot read. */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { KgdumpError } from "../../errors.js";
import { isCurrentSled, sledFacts } from "../older-sled.js";
import type { SalvagePiece, StoreLoss, StoreSalvage } from "../salvage.js";
import { salvagedPieces } from "../salvage-scan.js";
import { type NativeSledSalvage, type NativeSledSalvageTree, sledAddon } from "./addon.js";
import { isEscaped, keyspaceOf, uncounted } from "./trees.js";

/** The keyspaces of what no tree leads to: this, and a number. */
const WITHOUT_TREE = "recovered-without-tree-";

/**
 * Looks at all of the damaged sled store in a directory, whose lock is held meanwhile.
 * @throws {KgdumpError} STORE_DAMAGED when its log is missing or nothing tells how to read it, STORE_UNSUPPORTED, STORE_IN_USE, PERMISSION_DENIED,
 *   IO_FAILED, ADDON_MISSING
 */
export async function openSledSalvage(path: string): Promise<StoreSalvage> {
  const absolute = resolve(path);
  watchCrash("sled", absolute);
  return new Salvage(absolute, await fromAddon(() => sledAddon().salvageStore(absolute)));
}

class Salvage implements StoreSalvage {
  readonly info: StoreSalvage["info"];
  readonly settings: NonNullable<StoreSalvage["settings"]>;
  readonly losses: readonly StoreLoss[];
  readonly remarks: readonly string[];
  readonly unsure = false;
  readonly #store: NativeSledSalvage;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(path: string, store: NativeSledSalvage) {
    const { version, compression, segmentSize, nextId, trees, losses, remarks } = store.facts();
    this.#store = store;
    this.settings = { compression, segmentSize };
    const names = namesOf(trees);
    this.#numbers = new Map(names.map((name, index) => [name.toString("latin1"), index]));
    const escaped = trees.flatMap(({ name }) => (name !== undefined && isEscaped(name) ? [name] : []));
    this.remarks = [...remarks, ...versionRemark(version), ...escaped.map((name) => `its tree "${name.toString()}" is the keyspace "${keyspaceOf(name).toString()}"; a new store gives it its own name again`)];
    this.losses = losses.map(({ tree, file, offset, from, to, reason }): StoreLoss => {
      const keyspace = tree === undefined ? null : (names[tree] ?? null);
      return { keyspace, what: "entries", file, offset: offset ?? null, from: from ?? null, to: to ?? null, after: false, entries: null, reason };
    });
    this.info = {
      engine: "sled",
      version: sledAddon().version(),
      path,
      databaseId: null,
      sequenceNumber: null,
      options: sledFacts(version, nextId ?? null),
      keyspaces: names.map(uncounted),
    };
  }

  async *scan(keyspace: Uint8Array, options: Parameters<StoreSalvage["scan"]>[1]): AsyncGenerator<SalvagePiece> {
    const number = this.#numbers.get(Buffer.from(keyspace).toString("latin1"));
    if (number === undefined) throw new KgdumpError("KEYSPACE_UNKNOWN", `nothing is known of a tree ${JSON.stringify(Buffer.from(keyspace).toString())}`, { keyspace });
    const scan = await fromAddon(() => this.#store.scan(number));
    yield* salvagedPieces((buffer) => fromAddon(() => scan.fill(buffer, options.blockSize)), options);
  }

  close(): Promise<void> {
    return fromAddon(() => {
      this.#store.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A new store is not what the program of the old one opens. */
function versionRemark(version: string): string[] {
  return isCurrentSled(version) ? [] : [`it is a store of sled ${version}; a new store is one of sled 0.34, which sled ${version} does not open`];
}

/** A keyspace's name for each tree; leaves without a tree get names that no tree has. */
export function namesOf(trees: readonly NativeSledSalvageTree[]): Buffer[] {
  const taken = new Set(trees.map(({ name }) => name?.toString("latin1")));
  let last = 0;
  return trees.map(({ name }) => {
    if (name !== undefined) return keyspaceOf(name);
    do last += 1;
    while (taken.has(`${WITHOUT_TREE}${String(last)}`));
    return Buffer.from(`${WITHOUT_TREE}${String(last)}`);
  });
}
