/** What an import is asked for, and what became of it. */
import type { EngineName, IfExists } from "../../engines/store.js";
import type { ReopenSettings } from "../../settings/reopen.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import type { WithAccess } from "../disk/access.js";
import type { DumpInputs } from "../dump/events.js";
import type { Missing } from "../dump/salvaged.js";
import type { KeyspaceName } from "../entries/keyspaces.js";
import type { KeyspaceMap } from "../entries/naming.js";
import type { WithProgress, WithWarnings } from "../run/progress.js";
import type { WithSeams } from "../run/seams.js";

/** The engine of the stores that an import makes and changes. */
export const IMPORT_ENGINE: EngineName = "sled";

/** What every import of a dump into a store is asked for. */
export interface LoadingOptions extends WithAccess, WithSeams, WithProgress, WithWarnings {
  /** Directory of the store. */
  readonly target: string;
  /** A dump; or files, a full dump and the deltas that follow it, whose last state is taken. */
  readonly input: DumpInputs;
  /** Read everything back and compare before it is done; default true. */
  readonly verify?: boolean | undefined;
  /** The store's name for a keyspace, where it is to differ; a keyspace without entries never is in the way. */
  readonly map?: KeyspaceMap | undefined;
  /** Only these keyspaces of the dump; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** All but these. */
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
}

/** What became of a dump. */
export interface LoadingResult {
  readonly target: string;
  readonly dumpId: string;
  readonly verified: boolean;
  readonly entries: number;
  /** Encoded, uncompressed bytes. */
  readonly rawBytes: number;
  readonly seconds: number;
  /** What the dump, which was salvaged, lacks of the keyspaces that were taken, and so does the store. */
  readonly missing: Missing;
  readonly warnings: readonly string[];
}

/** What `importDump` does. An existing store must have been made with the compression and segment size that are given. */
export interface ImportOptions extends LoadingOptions, SledSettings {
  /** Write into a target that exists; default false. */
  readonly merge?: boolean | undefined;
  /** What to do with keys that the target has; implies `merge`; default overwrite. */
  readonly ifExists?: IfExists | undefined;
  /** Only keys that start with these bytes. */
  readonly prefix?: Uint8Array | undefined;
  /** Threads that compress, when a new store is compressed, and that read it back; default: as many as there are processors. */
  readonly jobs?: number | undefined;
  /** The id from which a new store's own counter goes on; default: as the dump says. */
  readonly nextId?: string | undefined;
}

/** What became of one keyspace. */
export interface ImportedKeyspace {
  readonly name: Uint8Array;
  readonly tree: Uint8Array;
  /** Entries that were selected in the dump. */
  readonly entries: number;
  readonly written: number;
  /** Entries whose key was there before and was kept. */
  readonly kept: number;
  /** SHA-256 over the selected entries as encoded, in order, in hex. */
  readonly digest: string;
}

/** What was imported. */
export interface ImportResult extends LoadingResult {
  readonly merged: boolean;
  /** With a delta on a store that holds its base: whether it was applied, or the store was at its end already. */
  readonly delta?: "applied" | "already";
  readonly keyspaces: readonly ImportedKeyspace[];
  /** With which `sled::Config` the store is opened from now on. */
  readonly reopen: ReopenSettings;
}
