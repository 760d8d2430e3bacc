/** The sled addon's own interface, as native/sled/src/api and native/sled/src/changes export it; lint compares the two. */
import { loadAddon, type NativeFacts } from "../../addon.js";
import type { FillResult } from "../block-scan.js";
import type { Applied, IfExists, StoreLock } from "../store.js";

/** How the addon opens a store. Sizes are bytes. */
export interface NativeSledOptions {
  readonly create: boolean;
  readonly readOnly: boolean;
  readonly cacheCapacity: number;
  readonly compression?: boolean;
  readonly compressionFactor: number;
  readonly segmentSize?: number;
  readonly flushEveryMs?: number;
  readonly check: boolean;
}

/** One pass over a tree. */
export interface NativeSledScan {
  fill(buffer: Buffer, target: number, maxEntries: number): Promise<FillResult>;
  close(): Promise<void>;
}

/** Fills trees that are empty or not there. Calls are made one after the other. */
export interface NativeSledLoader {
  begin(tree: Uint8Array): Promise<void>;
  load(block: Uint8Array): Promise<void>;
  end(): Promise<number>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

/** What a follower found. Places are within each chunk's `data`. */
export interface NativeFound {
  readonly chunks: readonly { readonly data: Buffer; readonly facts: NativeFacts }[];
  readonly differing: number;
}

/** Compares a tree with its original. Calls are made one after the other. */
export interface NativeSledFollower {
  learn(block: Uint8Array): Promise<NativeFound>;
  learned(): Promise<{ entries: number; digest: Buffer }>;
  touch(keys: Uint8Array): Promise<{ groups: number; of: number; ranges: Buffer }>;
  writtenGroups(): number;
  confirm(): void;
  follow(block: Uint8Array): Promise<NativeFound>;
  end(): Promise<NativeFound>;
}

/** An open store. Bytes that are passed in must not change until the promise has settled. */
export interface NativeSledStore {
  readonly compression: boolean;
  readonly segmentSize: number;
  trees(): Promise<Buffer[]>;
  createTrees(names: readonly Uint8Array[]): Promise<void>;
  raiseIds(next: string): Promise<void>;
  apply(tree: Uint8Array, block: Uint8Array, ifExists: IfExists): Promise<Applied>;
  compare(tree: Uint8Array, block: Uint8Array): Promise<{ missing: number; changed: number; firstKey?: Buffer }>;
  scan(tree: Uint8Array, lower: Uint8Array | undefined, upper: Uint8Array | undefined, reverse: boolean): NativeSledScan;
  beginLoad(jobs: number): Promise<NativeSledLoader>;
  carryOver(tree: Uint8Array, block: Uint8Array): Promise<{ added: number; changed: number; removed: number }>;
  differingGroups(follower: NativeSledFollower, from: number, to: number): Promise<number>;
  follower(tree: Uint8Array, descending: boolean): NativeSledFollower;
  dropTree(tree: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A store whose files are open for reading. */
export interface NativeSledFiles {
  /** Of the sled that wrote the store, major and minor. */
  readonly version: string;
  readonly compression: boolean;
  readonly segmentSize: number;
  readonly nextId: string | null;
  readonly warnings: string[];
  trees(): Buffer[];
  scan(tree: Uint8Array, lower: Uint8Array | undefined, upper: Uint8Array | undefined, reverse: boolean): NativeSledScan;
  close(): void;
}

/** A tree of a damaged store; without a name, leaves that no tree leads to. */
export interface NativeSledSalvageTree {
  readonly name?: Buffer;
}

/** A damaged store that was looked at. */
export interface NativeSledSalvage {
  facts(): {
    readonly version: string;
    readonly compression: boolean;
    readonly segmentSize: number;
    readonly nextId?: string;
    readonly trees: readonly NativeSledSalvageTree[];
    readonly losses: readonly { readonly tree?: number; readonly file: string; readonly offset?: number; readonly from?: Buffer; readonly to?: Buffer; readonly reason: string }[];
    readonly remarks: readonly string[];
  };
  scan(tree: number): { fill(buffer: Buffer, target: number): Promise<{ readonly counts: FillResult; readonly gap: boolean; readonly doubtful: number }> };
  close(): void;
}

/** The addon. */
export interface NativeSled {
  salvageStore(path: string): Promise<NativeSledSalvage>;
  lookAtStore(path: string): Promise<void>;
  openFiles(path: string): Promise<NativeSledFiles>;
  open(path: string, options: NativeSledOptions): Promise<NativeSledStore>;
  version(): string;
  lockStore(path: string): Promise<StoreLock>;
}

/** The sled addon. @throws {KgdumpError} ADDON_MISSING */
export function sledAddon(): NativeSled {
  return loadAddon("sled") as NativeSled;
}
