/**
 * Loads kgdump's native addons and turns their errors into KgdumpErrors.
 *
 * An addon `<name>` is `native/<name>/build/kgdump_<name>.node` in the package's root; `npm run setup` puts it there. Its
 * errors have a message that is a JSON object `{ code, message, path?, hint?, keyspace? }`, the name in hex.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isErrorCode, KgdumpError } from "./errors.js";
import type { BlockFacts } from "./format/types.js";

/** The addons that there are: folders in native/. */
export const ADDONS = ["blocks", "rocksdb", "sled"] as const;

/**
 * Loads an addon. Loading it again gives the same object.
 * @param name folder of the addon in native/
 * @throws {KgdumpError} ADDON_MISSING when it was not built or can't be loaded
 */
export function loadAddon(name: (typeof ADDONS)[number]): unknown {
  const path = fileURLToPath(new URL(`../native/${name}/build/kgdump_${name}.node`, import.meta.url));
  const hint = "run `npm run setup` in kgdump's folder";
  if (!existsSync(path)) throw new KgdumpError("ADDON_MISSING", `the ${name} addon was not built yet`, { path, hint });
  try {
    return createRequire(import.meta.url)(path) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KgdumpError("ADDON_MISSING", `the ${name} addon can't be loaded: ${reason}`, { cause: error, path, hint });
  }
}

/**
 * Makes a KgdumpError of what an addon threw; anything that is no error of an addon becomes INTERNAL.
 * @param error what was thrown
 */
export function addonError(error: unknown): KgdumpError {
  if (error instanceof KgdumpError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const told = parse(text);
  if (told === undefined) return new KgdumpError("INTERNAL", `an addon failed: ${text}`, { cause: error });
  const { code, message, path, hint, keyspace } = told;
  return new KgdumpError(isErrorCode(code) ? code : "INTERNAL", message, {
    cause: error,
    ...(path === undefined ? {} : { path }),
    ...(hint === undefined ? {} : { hint }),
    ...(keyspace === undefined ? {} : { keyspace: Buffer.from(keyspace, "hex") }),
  });
}

/** A block's facts as addons tell them: the places of its first and last key in its bytes. */
export interface NativeFacts {
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly firstKeyStart: number;
  readonly firstKeyEnd: number;
  readonly lastKeyStart: number;
  readonly lastKeyEnd: number;
}

/** The same with the keys themselves. @param data the block's bytes */
export function blockFacts(data: Uint8Array, { entries, keyBytes, valueBytes, firstKeyStart, firstKeyEnd, lastKeyStart, lastKeyEnd }: NativeFacts): BlockFacts {
  return { entries, keyBytes, valueBytes, firstKey: data.subarray(firstKeyStart, firstKeyEnd), lastKey: data.subarray(lastKeyStart, lastKeyEnd) };
}

/**
 * Awaits a call of an addon.
 * @param call makes the promise; what it throws at once counts too
 * @throws {KgdumpError} what the addon told
 */
export async function fromAddon<T>(call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw addonError(error);
  }
}

interface Told {
  code: string;
  message: string;
  path?: string;
  hint?: string;
  keyspace?: string;
}

function parse(text: string): Told | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTold(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTold(value: unknown): value is Told {
  if (typeof value !== "object" || value === null) return false;
  const { code, message, path, hint, keyspace } = value as Record<keyof Told, unknown>;
  const optional = (part: unknown): boolean => part === undefined || typeof part === "string";
  return typeof code === "string" && typeof message === "string" && [path, hint, keyspace].every(optional);
}
