/** Where the browser gets what it shows: the same of a dump and of a store, read as it is looked at. */
import type { Neighbourhood } from "../../../operations/relations/neighbours.js";

/** A keyspace, as far as is known without reading it. */
export interface BrowsedKeyspace {
  readonly name: Uint8Array;
  /** null when that is unknown. */
  readonly entries: number | null;
  /** Whether the number is an estimate. */
  readonly estimated: boolean;
}

/** What the keys of a keyspace begin with. */
export interface BrowsedPrefix {
  /** From the start of the key on. */
  readonly prefix: Uint8Array;
  /** null in a store: only reading it would tell. */
  readonly entries: number | null;
  /** Whether the number is an estimate. */
  readonly estimated: boolean;
}

/** The prefixes directly within another one. */
export interface BrowsedPrefixes {
  readonly prefixes: readonly BrowsedPrefix[];
  /** Whether there are more, or may be. */
  readonly more: boolean;
}

/** One entry of a list. */
export interface Row {
  readonly key: Uint8Array;
  /** Bytes of the value; null for a key that a delta deletes. */
  readonly size: number | null;
}

/** A part of a keyspace. */
export interface Place {
  /** Its place among the keyspaces. */
  readonly keyspace: number;
  /** Only keys that begin so. */
  readonly prefix: Uint8Array;
}

/** Entries of a part of a keyspace, in its order. */
export interface PageRequest extends Place {
  /** Forward: from this key on. Back: the last ones before this key. From the start, or from the end, when it is undefined. */
  readonly key: Uint8Array | undefined;
  readonly back: boolean;
  /** Entries at most. */
  readonly limit: number;
}

/** A search through all of a part. */
export interface MatchRequest extends Place {
  /** A regular expression, in the syntax of Rust's crate regex. */
  readonly pattern: string;
  readonly signal: AbortSignal;
  /** Is told how many entries were looked at, now and then. */
  readonly onLooked: (entries: number) => void;
}

/** A source of rows. Each call may fail with a KgdumpError; the browser goes on. */
export interface Rows extends AsyncDisposable {
  /** What it is, such as `dump` or `RocksDB store`. */
  readonly kind: string;
  readonly keyspaces: readonly BrowsedKeyspace[];
  /** The prefixes within one; none within a prefix whose keys have no further word. */
  prefixes(place: Place): Promise<BrowsedPrefixes>;
  page(request: PageRequest): Promise<readonly Row[]>;
  /** null for a key that a delta deletes, undefined for one that is not there. */
  value(keyspace: number, key: Uint8Array): Promise<Uint8Array | null | undefined>;
  /** Entries whose key or value matches. */
  matches(request: MatchRequest): AsyncGenerator<Row, void, undefined>;
  /** What is around a node of the graph, by its id or its key. */
  neighbours(node: Uint8Array): Promise<Around>;
}

/** A neighbourhood, with the keys of its nodes. */
export interface Around extends Neighbourhood {
  /** By place in `nodes`: the key of the node's entry; null when it is not known. */
  readonly keys: readonly (Uint8Array | null)[];
}
