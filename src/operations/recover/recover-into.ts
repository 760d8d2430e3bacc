/**
 * Recover a store into a new one: what is sound of a damaged store becomes a dump, and that a store of the same engine.
 *
 * The new store appears whole or not at all, as it does when a dump is imported or restored.
 */
import { join, resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import type { WithAccess } from "../disk/access.js";
import { Staging, targetState } from "../disk/staging.js";
import type { WithSeams } from "../run/seams.js";
import { recoverStore, type RecoverStoreOptions, type RecoverStoreResult } from "./recover-store.js";

/** What `recoverInto` does. */
export interface RecoverIntoOptions extends RecoverStoreOptions, WithAccess, WithSeams {
  /** Directory of the new store. */
  readonly target: string;
}

/**
 * Recovers a store into a new one. Without `output` the dump between the two is made beside the new store, and removed.
 * @throws {KgdumpError} see recoverStore, restoreDump and importDump; TARGET_EXISTS; a dump that `onPublished` told of stays
 * @throws the signal's reason when it aborts
 */
export async function recoverInto(options: RecoverIntoOptions): Promise<RecoverStoreResult> {
  const target = resolve(options.target);
  if ((await targetState(target)) === "occupied") {
    throw new KgdumpError("TARGET_EXISTS", `${target} exists already`, { path: target, hint: "choose a new path" });
  }
  if (options.output !== undefined) {
    const result = await recoverStore(options);
    await load(result, options.output, target, options);
    return { ...result, target };
  }
  // Beside the new store, under a name by which a later run knows what a killed one left.
  await using staging = await Staging.create(target);
  const output = join(staging.directory, "recovered.kgd");
  const result = await recoverStore({ ...options, output, onPublished: undefined });
  await load(result, output, target, options);
  return { ...result, output: null, outputBytes: null, dumpId: null, target };
}

async function load({ engine, settings }: RecoverStoreResult, input: string, target: string, { maxBlockSize, owner, mode, onProgress, signal, seams }: RecoverIntoOptions): Promise<void> {
  const { makeStore } = await import("../import/make.js");
  // Its program opens the new store with the settings of the old one.
  await makeStore(engine, { input, target, settings: settings ?? undefined, maxBlockSize, owner, mode, onProgress, signal, seams });
}
