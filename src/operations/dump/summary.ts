/** A dump in short. */
import { type BlockInfo, type CodecName, type DumpEvent, type DumpHeader, forEachCodec, type Gap, type KeyOrder, type KeyspaceTotals } from "../../format/index.js";
import { type PrefixShare, PrefixTree } from "../entries/prefixes.js";
import { addMissing } from "./salvaged.js";

/** One keyspace of a dump, as far as it was read. */
export interface KeyspaceSummary {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
  readonly estimatedEntries: number;
  readonly entries: number;
  /** Sums of the lengths of keys and of values; null when the dump was cut before they were told. */
  readonly keyBytes: number | null;
  readonly valueBytes: number | null;
  readonly blocks: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Places where a salvaged dump lacks something. */
  readonly gaps: number;
  /** How many entries are missing there; null when nobody can tell. */
  readonly missingEntries: number | null;
  /** Encoded bytes of the smallest and the biggest block; 0 without blocks. */
  readonly minBlockBytes: number;
  readonly maxBlockBytes: number;
  /** Number of blocks stored with each codec. */
  readonly codecs: Readonly<Record<CodecName, number>>;
  /** SHA-256 of the entries in hex; null when the dump was cut before it was told. */
  readonly digest: string | null;
  /** What its keys begin with, that of most entries first: at most ten. */
  readonly prefixes: readonly PrefixShare[];
  /** How many more prefixes were seen. */
  readonly morePrefixes: number;
}

/** Prefixes of a keyspace that are told. */
const TOLD_PREFIXES = 10;

/** Why a dump is not complete. */
export interface DumpProblem {
  readonly code: string;
  readonly message: string;
  readonly offset: number | undefined;
  readonly block: number | undefined;
}

/** How far a dump was looked at: its index only, so that nothing is known of its blocks; every checksum; or every entry, too. */
export type Looked = "index" | "checksums" | "entries";

/** A dump in short. */
export interface DumpSummary {
  /** Absolute path, or null for a stream. */
  readonly path: string | null;
  /** Whether the dump ends as it should. With a problem, the figures are those of what comes before it. */
  readonly complete: boolean;
  readonly problem: DumpProblem | null;
  /** What was looked at. */
  readonly checked: Looked;
  readonly header: DumpHeader;
  /** Length of the dump, or of what was read of it. */
  readonly bytes: number;
  readonly keyspaces: readonly KeyspaceSummary[];
}

interface Tally {
  entries: number;
  blocks: number;
  rawBytes: number;
  storedBytes: number;
  gaps: number;
  missingEntries: number | null;
  minBlockBytes: number;
  maxBlockBytes: number;
  codecs: Record<CodecName, number>;
  totals: KeyspaceTotals | null;
  readonly tree: PrefixTree;
}

/** Adds up what is seen of a dump. */
export class SummaryBuilder {
  readonly #path: string | null;
  readonly #checked: Looked;
  #header: DumpHeader | null = null;
  #tallies: Tally[] = [];

  constructor(path: string | null, checked: Looked) {
    this.#path = path;
    this.#checked = checked;
  }

  /** Whether the header was seen, so that there is something to tell. */
  get started(): boolean {
    return this.#header !== null;
  }

  /** Takes in the header. */
  begin(header: DumpHeader): void {
    this.#header = header;
    this.#tallies = header.keyspaces.map(() => ({
      entries: 0,
      blocks: 0,
      rawBytes: 0,
      storedBytes: 0,
      gaps: 0,
      missingEntries: 0,
      minBlockBytes: 0,
      maxBlockBytes: 0,
      codecs: forEachCodec(() => 0),
      totals: null,
      tree: new PrefixTree(),
    }));
  }

  /** Takes in a block. @param raw its encoded entries, where they are known */
  addBlock(block: BlockInfo, raw: Uint8Array | null = null): void {
    const tally = this.#tally(block.keyspace);
    tally.minBlockBytes = tally.blocks === 0 ? block.rawLength : Math.min(tally.minBlockBytes, block.rawLength);
    tally.maxBlockBytes = Math.max(tally.maxBlockBytes, block.rawLength);
    tally.blocks += 1;
    tally.entries += block.entries;
    tally.rawBytes += block.rawLength;
    tally.storedBytes += block.storedLength;
    tally.codecs[block.codec] += 1;
    if (raw === null) tally.tree.addBlock(block);
    else tally.tree.addEntries(raw);
  }

  /** Takes in the totals of a keyspace that is complete. */
  complete(keyspace: number, totals: KeyspaceTotals): void {
    this.#tally(keyspace).totals = totals;
  }

  /** Takes in what a reader yields. */
  add(event: DumpEvent): void {
    if (event.type === "header") this.begin(event.header);
    else if (event.type === "block") this.addBlock(event.block);
    else if (event.type === "gap") this.#addGap(event.gap);
    else if (event.type === "keyspace-end") this.complete(event.keyspace, event.totals);
  }

  #addGap({ keyspace, entries }: Gap): void {
    const tally = this.#tally(keyspace);
    tally.gaps += 1;
    tally.missingEntries = addMissing(tally.missingEntries, entries);
  }

  /** The summary so far. @param problem why the dump is not complete, or null */
  summary(bytes: number, problem: DumpProblem | null): DumpSummary {
    const header = this.#header;
    if (header === null) throw new TypeError("a summary needs the header");
    return {
      path: this.#path,
      checked: this.#checked,
      complete: problem === null,
      problem,
      header,
      bytes,
      keyspaces: header.keyspaces.map((keyspace, index) => {
        const { totals, tree, ...tally } = this.#tally(index);
        const { shares: prefixes, more: morePrefixes } = tree.top(TOLD_PREFIXES);
        return {
          ...tally,
          name: keyspace.name,
          comparator: keyspace.comparator,
          estimatedEntries: keyspace.estimatedEntries,
          keyBytes: totals?.keyBytes ?? null,
          valueBytes: totals?.valueBytes ?? null,
          digest: totals === null ? null : Buffer.from(totals.digest).toString("hex"),
          prefixes,
          morePrefixes,
        };
      }),
    };
  }

  #tally(keyspace: number): Tally {
    const tally = this.#tallies[keyspace];
    if (tally === undefined) throw new TypeError("a keyspace that the header does not have");
    return tally;
  }
}
