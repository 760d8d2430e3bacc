/** The part of the addon for blocks that looks into them, as native/blocks/src exports it; lint compares the two. The module of WebAssembly does the same. */

/** What is counted. */
export interface StatsSettings {
  /** What parts of keys end with; found when there is none. */
  readonly separator?: Buffer | undefined;
  readonly schema: boolean;
  /** Entries that are named as the largest of each keyspace. */
  readonly largest: number;
  /** Entries that are chosen by chance. */
  readonly sample: number;
  readonly seed: number;
  readonly grep?: string | undefined;
  readonly grepKeys: boolean;
  readonly grepValues: boolean;
}

/** Counts what is in blocks, keyspace by keyspace; all that it tells is JSON. */
export interface NativeStats {
  add(raw: Buffer, stored: number): Promise<void>;
  finishKeyspace(): Promise<string>;
  samples(): string;
}

/** Looks for entries in which a regular expression is found. */
export interface NativeSearch {
  find(raw: Buffer, most: number): Promise<number[]>;
}

interface GraphPart {
  readonly literal?: Buffer | undefined;
  readonly name?: string | undefined;
  readonly form?: string | undefined;
}

/** One kind of record: what its key is made of, and the paths of fields in its value. */
export interface GraphRule {
  readonly kind: string;
  readonly key: GraphPart[];
  readonly id?: string[] | undefined;
  readonly from?: string[] | undefined;
  readonly to?: string[] | undefined;
  readonly label?: string[] | undefined;
  readonly time?: string[] | undefined;
  readonly properties?: string[] | undefined;
}

/** How the graph lies in the store. */
export interface GraphSettings {
  readonly rules: GraphRule[];
  readonly nodeIdsAreUuids: boolean;
  readonly edgeIdsAreUuids: boolean;
  /** Where temporary files go. */
  readonly directory: string;
  /** Records that each sort holds in memory, instead of as many as fit into 8 to 40 MiB. */
  readonly runRecords?: number | undefined;
}

/** Looks at a graph; what it tells is JSON. */
export interface NativeGraph {
  /** The next one may be given before this has settled. */
  add(raw: Buffer): Promise<void>;
  finish(hubs?: number): Promise<void>;
  report(before?: NativeGraph): Promise<string>;
  close(): void;
}

/** What looks into blocks. */
export interface LookingAddon {
  readonly StatsBuilder: new (settings: StatsSettings) => NativeStats;
  readonly EntrySearch: new (expression: string) => NativeSearch;
  readonly GraphBuilder: new (settings: GraphSettings) => NativeGraph;
  /** The kind of a value, as the counts of kinds name it. */
  valueKind(value: Buffer): string;
}
