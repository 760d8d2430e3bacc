/**
 * Stores of sled 0.32 to 0.34 as a source of entries, read from their files without sled: nothing is written, and nothing is opened for writing. So
 * a store on read-only media, beside a full disk or of another user can be read, and one that sled cannot open because of its snapshot. Its lock
 * is held meanwhile, so that no program opens it.
 */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { sledFacts } from "../older-sled.js";
import type { EntryBlock, ScanOptions, StoreInfo } from "../store.js";
import { sledAddon, type NativeSledFiles } from "./addon.js";
import { scanTree } from "./scan.js";
import type { SledSettings, SledSource } from "./sled.js";
import { isEscaped, keyspaceOf, uncounted } from "./trees.js";

/**
 * Opens the files of the sled store in a directory for reading; its whole log is read.
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a version of sled that is not read, STORE_IN_USE, STORE_DAMAGED,
 *   PERMISSION_DENIED, IO_FAILED; ADDON_MISSING
 */
export async function openSledSource(path: string): Promise<SledSource> {
  const absolute = resolve(path);
  watchCrash("sled", absolute);
  return new SledFiles(await fromAddon(() => sledAddon().openFiles(absolute)), absolute);
}

class SledFiles implements SledSource {
  readonly info: StoreInfo;
  readonly settings: SledSettings;
  readonly #native: NativeSledFiles;
  /** Of all scans: reading a store part by part is many short ones. */
  readonly #buffers: Buffer[] = [];

  constructor(native: NativeSledFiles, path: string) {
    this.#native = native;
    this.settings = { compression: native.compression, segmentSize: native.segmentSize };
    const trees = native.trees();
    this.info = {
      engine: "sled",
      version: sledAddon().version(),
      path,
      databaseId: null,
      sequenceNumber: null,
      keyspaces: trees.map((tree) => uncounted(keyspaceOf(tree))),
      options: sledFacts(native.version, native.nextId),
      warnings: [...native.warnings, ...trees.filter(isEscaped).map(escapedWarning)],
    };
  }

  scan(keyspace: Uint8Array, options: ScanOptions): AsyncGenerator<EntryBlock, void, undefined> {
    return scanTree(this.#native, keyspace, options, this.#buffers);
  }

  close(): Promise<void> {
    return fromAddon(() => {
      this.#native.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function escapedWarning(tree: Buffer): string {
  const name = keyspaceOf(tree).toString();
  return `its tree "${tree.toString()}" is the keyspace "${name}", because sled's default tree is "default"; an import gives it its own name again`;
}
