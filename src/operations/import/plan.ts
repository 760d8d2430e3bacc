/** What an import takes from a dump, under which tree names, and what it has taken so far. */
import { createHash, type Hash } from "node:crypto";
import type { BlockComparison, IfExists, KeyOrder } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { type BlockInfo, type DumpHeader, encodeEntries, iterateEntries, type KeyspaceTotals } from "../../format/index.js";
import { emptyWarnings, startsWith } from "../entries/filter.js";
import { type KeyspaceName, nameText, selectKeyspaces } from "../entries/keyspaces.js";
import { type KeyspaceMap, Naming } from "../entries/naming.js";
import { estimatedTotals, type ExpectedTotals } from "../run/progress.js";

/** Which part of a dump to import, and under which names. */
export interface ImportSelection {
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  readonly map?: KeyspaceMap | undefined;
  readonly prefix?: Uint8Array | undefined;
}

const SPLIT_BYTES = 1024 * 1024;

/** One keyspace that is imported: where it goes, and what has been selected of it. */
export class PlannedKeyspace {
  readonly name: Uint8Array;
  readonly tree: Uint8Array;
  readonly comparator: KeyOrder;
  readonly #prefix: Uint8Array | undefined;
  /** Over what is selected; null without a prefix, for then the dump tells the digest, and its reader has checked it. */
  readonly #hash: Hash | null;
  #told: Uint8Array | undefined;
  /**
   * First keys of blocks, a MiB of entries or more apart: where reading back may be divided. A long key has more between it and
   * the next one, so that these take less than 1/256 of what was selected.
   */
  readonly splits: Uint8Array[] = [];
  /** Bytes of the largest block so far. */
  largestBlock = 0;
  #sinceSplit = 0;
  entries = 0;
  /** Encoded bytes. */
  bytes = 0;
  written = 0;
  kept = 0;

  constructor(name: Uint8Array, tree: Uint8Array, comparator: KeyOrder, prefix: Uint8Array | undefined) {
    this.name = name;
    this.tree = tree;
    this.comparator = comparator;
    this.#prefix = prefix;
    this.#hash = prefix === undefined ? null : createHash("sha256");
  }

  /**
   * The encoded entries of a block that are imported, counted and part of the digest; null when there are none.
   * @param raw the block's decoded bytes
   */
  select(block: Pick<BlockInfo, "entries" | "firstKey">, raw: Uint8Array | null): Uint8Array | null {
    const selected = this.pick(block, raw);
    if (selected === null) return null;
    if (this.#sinceSplit >= Math.max(SPLIT_BYTES, 256 * block.firstKey.length)) {
      this.splits.push(new Uint8Array(block.firstKey));
      this.#sinceSplit = 0;
    }
    this.#sinceSplit += selected.raw.length;
    this.largestBlock = Math.max(this.largestBlock, selected.raw.length);
    this.entries += selected.entries;
    this.bytes += selected.raw.length;
    this.#hash?.update(selected.raw);
    return selected.raw;
  }

  /** Like `select`, but nothing is counted. */
  pick(block: Pick<BlockInfo, "entries">, raw: Uint8Array | null): { raw: Uint8Array; entries: number } | null {
    if (raw === null) throw new TypeError("an import needs decoded blocks");
    const prefix = this.#prefix;
    if (prefix === undefined) return { raw, entries: block.entries };
    const matching = [...iterateEntries(raw)].filter((entry) => startsWith(entry.key, prefix));
    if (matching.length === 0) return null;
    return { raw: encodeEntries(matching), entries: matching.length };
  }

  /** Takes note of what the dump says at the end of the keyspace; its reader has compared that with all blocks. */
  end(totals: Pick<KeyspaceTotals, "digest">): void {
    this.#told = totals.digest;
  }

  /** SHA-256 over all that `select` returned, in hex, once the keyspace has ended. */
  digest(): string {
    if (this.#hash !== null) return this.#hash.copy().digest("hex");
    if (this.#told !== undefined) return Buffer.from(this.#told).toString("hex");
    if (this.entries > 0) throw new TypeError("the keyspace has not ended");
    return createHash("sha256").digest("hex");
  }

  /**
   * Checks what was found in the target after a block was written.
   * @throws {KgdumpError} VERIFY_DIFFERENCE
   */
  expectFound(found: BlockComparison, ifExists: IfExists): void {
    const changed = ifExists === "keep" ? 0 : found.changed;
    if (found.missing === 0 && changed === 0) return;
    throw new KgdumpError(
      "VERIFY_DIFFERENCE",
      `the target does not hold what was written to tree "${nameText(this.tree)}": ` +
        `${found.missing.toString()} entries missing, ${changed.toString()} with another value`,
      { keyspace: this.name, hint: "does another program write to the target? Check its disk, then import again" },
    );
  }
}

/** What an import takes from a dump. */
export class ImportPlan {
  readonly header: DumpHeader;
  /** By the number of the keyspace in the header; undefined where it is left out. */
  readonly keyspaces: readonly (PlannedKeyspace | undefined)[];
  /** The keyspaces that are imported, in the dump's order. */
  readonly selected: readonly PlannedKeyspace[];
  readonly #prefix: Uint8Array | undefined;
  /** How many are to become a tree, by its name in hex. */
  readonly #sharing = new Map<string, number>();
  /** Who has the entries of a tree, by its name in hex. */
  readonly #owners = new Map<string, PlannedKeyspace>();

  /** @throws {KgdumpError} KEYSPACE_UNKNOWN, and USAGE for a map that makes no sense */
  constructor(header: DumpHeader, selection: ImportSelection) {
    if (header.kind !== "full") {
      throw new KgdumpError("STORE_UNSUPPORTED", "this dump holds only changes since another dump, and can't be imported alone", {
        hint: "name the full dump first, then its deltas: -i FULL -i DELTA; or import it alone into a sled store that holds what it builds on, without --merge",
      });
    }
    this.header = header;
    this.#prefix = selection.prefix;
    const names = header.keyspaces.map((keyspace) => keyspace.name);
    const selected = selectKeyspaces(names, { only: selection.keyspaces, except: selection.excludeKeyspaces });
    const naming = new Naming(selection.map);
    naming.check(names);
    this.keyspaces = header.keyspaces.map(({ name, comparator }, index) =>
      selected[index] === true ? new PlannedKeyspace(name, naming.nameOf(name), comparator, selection.prefix) : undefined,
    );
    this.selected = this.keyspaces.filter((keyspace) => keyspace !== undefined);
    for (const { tree } of this.selected) this.#sharing.set(hexOf(tree), (this.#sharing.get(hexOf(tree)) ?? 0) + 1);
  }

  /** Whether others would become the same tree as this one: at most one of them may have entries. */
  hasRivals(keyspace: PlannedKeyspace): boolean {
    return (this.#sharing.get(hexOf(keyspace.tree)) ?? 0) > 1;
  }

  /**
   * Gives a keyspace that has entries its tree.
   * @throws {KgdumpError} USAGE when another one that has entries became the same tree
   */
  claim(keyspace: PlannedKeyspace): void {
    const tree = hexOf(keyspace.tree);
    const owner = this.#owners.get(tree) ?? keyspace;
    if (owner !== keyspace) throw sharedTree(owner, keyspace);
    this.#owners.set(tree, keyspace);
  }

  /** Whether the tree of this keyspace is known to be its own. */
  owns(keyspace: PlannedKeyspace): boolean {
    return this.#owners.get(hexOf(keyspace.tree)) === keyspace;
  }

  /** Whether the tree of this keyspace was given to another one: this one has no entries then. */
  yields(keyspace: PlannedKeyspace): boolean {
    return (this.#owners.get(hexOf(keyspace.tree)) ?? keyspace) !== keyspace;
  }

  /** What the header lets expect, for progress. */
  estimates(): ExpectedTotals {
    if (this.#prefix !== undefined) return { entries: null, bytes: null };
    return estimatedTotals(this.header.keyspaces.filter((_, index) => this.keyspaces[index] !== undefined));
  }

  /** Sums over what was selected so far: entries, and encoded bytes. */
  totals(): { entries: number; bytes: number } {
    return {
      entries: this.selected.reduce((total, keyspace) => total + keyspace.entries, 0),
      bytes: this.selected.reduce((total, keyspace) => total + keyspace.bytes, 0),
    };
  }

  /** That nothing was found of what was asked for, once all was read. */
  emptyWarnings(): string[] {
    const some = this.selected.length < this.keyspaces.length;
    return emptyWarnings("the dump", { prefix: this.#prefix, some }, this.totals().entries, "no entry was written");
  }
}

function hexOf(name: Uint8Array): string {
  return Buffer.from(name).toString("hex");
}

function sharedTree(one: PlannedKeyspace, other: PlannedKeyspace): KgdumpError {
  return new KgdumpError("USAGE", `keyspaces "${nameText(one.name)}" and "${nameText(other.name)}" would both become tree "${nameText(one.tree)}", and both have entries`, {
    hint: "give one of them another tree with --map",
  });
}
