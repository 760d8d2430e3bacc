/** What of compacting differs between the engines: how a store is held, read and made anew, and what is known of the new one before. */
import type { Readable } from "node:stream";
import type { EngineName, EntrySource } from "../../../engines/store.js";
import type { ReopenSettings } from "../../../settings/reopen.js";
import type { SledSettings } from "../../../settings/sled-settings.js";
import type { KeyspaceDigest } from "../../entries/store-scan.js";
import type { WithProgress } from "../../run/progress.js";
import type { WithSeams } from "../../run/seams.js";

/** What the new store is to have instead of what the old one has. */
export type CompactSettings = Pick<SledSettings, "compression" | "compressionLevel" | "segmentSize">;

/** What is in a sled store for good. */
export interface SledForm {
  readonly compression: boolean;
  readonly segmentSize: number;
}

/** All that a store holds. */
export interface Live {
  readonly entries: number;
  /** As encoded in a dump. */
  readonly bytes: number;
}

/** A new store that was read back. */
export interface Made {
  readonly entries: number;
  readonly keyspaces: readonly KeyspaceDigest[];
  readonly warnings: readonly string[];
}

/** How a new store is made. */
export interface Making extends WithSeams, WithProgress {
  /** Where it is put. */
  readonly target: string;
  /** A dump of the old one. */
  readonly input: Readable;
}

/** A store that is going to be made anew. */
export interface OldStore extends AsyncDisposable {
  readonly engine: EngineName;
  readonly source: EntrySource;
  /** What a new store is going to have for good; null where nothing is, as for RocksDB. */
  readonly form: SledForm | null;
  /** Bytes that a new store takes, about; null when nobody knows that before. */
  estimate(live: Live): Promise<number | null>;
  make(making: Making): Promise<Made>;
  /** How a new store is opened from then on; null when as before. */
  reopen(): ReopenSettings | null;
  /** Reads the old store once more. */
  again<R>(work: (source: EntrySource) => Promise<R>): Promise<R>;
}

/** How a store is opened for compacting. */
export interface OpeningOptions {
  readonly settings: CompactSettings;
  /** Hold it, so that no program can open it for writing until it is closed; else it is only looked at, and nothing is written. */
  readonly hold: boolean;
}
