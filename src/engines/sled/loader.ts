/**
 * Makes a sled store from whole keyspaces: their trees are built from below, about ten times as fast as by inserting.
 *
 * The store is of no use before it is finished: one whose program is killed meanwhile cannot be opened.
 */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import type { EntryLoader, KeyOrder, NewStoreOptions } from "../store.js";
import type { NativeSledLoader, NativeSledStore } from "./addon.js";
import { openNative, type SledSinkOptions } from "./sled.js";
import { treeOf } from "./trees.js";

/** How a new store is made. */
export interface SledLoaderOptions extends Omit<SledSinkOptions, "create" | "check">, Pick<NewStoreOptions, "jobs"> {
  /** The keyspaces that will come. Trees of those in reverse order are made at once, as sled writes its list of trees anew for each that is made alone. */
  readonly keyspaces?: NewStoreOptions["keyspaces"] | undefined;
}

/**
 * Makes a new store to load keyspaces into.
 * @param path nothing, or an empty directory, must be there
 * @throws {KgdumpError} TARGET_EXISTS, STORE_NOT_RECOGNIZED, PERMISSION_DENIED, IO_FAILED, NO_SPACE; ADDON_MISSING
 */
export async function openSledLoader(path: string, options: SledLoaderOptions = {}): Promise<EntryLoader> {
  const native = await openNative(resolve(path), { ...options, create: true }, false);
  try {
    const reversed = (options.keyspaces ?? []).filter(({ comparator }) => comparator !== "bytewise");
    if (reversed.length > 0) await fromAddon(() => native.createTrees(reversed.map(({ name }) => treeOf(name))));
    const loader = await fromAddon(() => native.beginLoad(options.jobs ?? availableParallelism()));
    return new Loader(native, loader);
  } catch (error) {
    await native.close().catch(() => undefined);
    throw error;
  }
}

class Loader implements EntryLoader {
  readonly #store: NativeSledStore;
  readonly #loader: NativeSledLoader;
  /** The tree that is inserted into, as its keys are not in byte order; else null. */
  #inserting: { readonly tree: Uint8Array; entries: number } | null = null;
  #closed: Promise<void> | undefined;

  constructor(store: NativeSledStore, loader: NativeSledLoader) {
    this.#store = store;
    this.#loader = loader;
  }

  async startKeyspace(name: Uint8Array, order: KeyOrder): Promise<void> {
    const tree = treeOf(name);
    if (order === "bytewise") {
      await fromAddon(() => this.#loader.begin(tree));
    } else {
      await fromAddon(() => this.#store.createTrees([tree]));
      this.#inserting = { tree, entries: 0 };
    }
  }

  async load(block: Uint8Array): Promise<void> {
    const inserting = this.#inserting;
    if (inserting === null) {
      await fromAddon(() => this.#loader.load(block));
    } else {
      const { written } = await fromAddon(() => this.#store.apply(inserting.tree, block, "fail"));
      inserting.entries += written;
    }
  }

  async finishKeyspace(): Promise<number> {
    const inserting = this.#inserting;
    this.#inserting = null;
    return inserting?.entries ?? fromAddon(() => this.#loader.end());
  }

  async finish(): Promise<void> {
    await fromAddon(() => this.#loader.finish());
    await fromAddon(() => this.#store.flush());
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= fromAddon(async () => {
      await this.#loader.abort();
      await this.#store.close();
    });
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
