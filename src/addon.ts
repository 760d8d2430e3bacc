/**
 * Loads kgdump's native addons and turns their errors into KgdumpErrors.
 *
 * An addon `<name>` is in the package `@kgdump/<name>-<platform>` where that is installed, else in `native/<name>/build/kgdump_<name>.node` in the
 * package's root, where `npm run setup` puts it. Its errors have a message that is a JSON object `{ code, message, path?, hint?, keyspace?, system? }`,
 * the keyspace's name in hex and the number of the failed call's error (errno).
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getSystemErrorMap } from "node:util";
import { isErrorCode, KgdumpError, systemHint } from "./errors.js";
import type { BlockFacts } from "./format/types.js";
import { type AddonName, missingAddon, packageOf, platformName, unloadableAddon } from "./prebuilt.js";
import { PREBUILT } from "./version.js";

const VARIABLE = "KGDUMP_ADDON";
/** The top directory of the clone or the package: this file is right below it, in a bundle too. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const load = createRequire(import.meta.url);

/**
 * Says why native code is not to be used at all, as KGDUMP_ADDON=none asks for.
 * @param what is asked for, for the error
 * @returns undefined when it may be used
 * @throws {KgdumpError} USAGE for another value of the variable
 */
export function nativeCodeIsOff(what: string): KgdumpError | undefined {
  const { [VARIABLE]: value = "" } = process.env;
  if (value === "") return undefined;
  if (value !== "none") throw new KgdumpError("USAGE", `the environment variable ${VARIABLE}, '${value}', can only be none`, { hint: "write none, or leave it out" });
  return new KgdumpError("ADDON_MISSING", `${what} is native code, which ${VARIABLE}=none turns off`, { hint: `run it again without ${VARIABLE}` });
}

/**
 * Loads an addon. Loading it again gives the same object.
 * @param name folder of the addon in native/
 * @throws {KgdumpError} ADDON_MISSING when it is not there or can't be loaded, IO_FAILED where the system opens no more files
 */
export function loadAddon(name: AddonName): unknown {
  const off = nativeCodeIsOff(`the ${name} addon`);
  if (off !== undefined) throw off;
  const path = addonPath(name);
  try {
    return load(path) as unknown;
  } catch (error) {
    throw unloadableAddon(name, error, { path, prebuilt: PREBUILT, root: installedIn() });
  }
}

/**
 * Loads an addon where it can be had.
 * @throws {KgdumpError} what loadAddon throws but ADDON_MISSING
 */
export function addonIfAny(name: AddonName): unknown {
  try {
    return loadAddon(name);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "ADDON_MISSING") return null;
    throw error;
  }
}

/**
 * Where an addon is.
 * @throws {KgdumpError} ADDON_MISSING
 */
export function addonPath(name: AddonName): string {
  const built = join(ROOT, "native", name, "build", `kgdump_${name}.node`);
  if (Object.keys(PREBUILT).length > 0) {
    try {
      return load.resolve(packageOf(name));
    } catch {
      // It is not installed.
    }
  }
  if (existsSync(built)) return built;
  throw missingAddon(name, { prebuilt: PREBUILT, platform: platformName(), found: packagesFor(name), root: installedIn(), built });
}

/** Packages of an addon that are installed beside kgdump. */
function packagesFor(name: AddonName): string[] {
  try {
    return readdirSync(join(dirname(ROOT), "@kgdump")).filter((one) => one.startsWith(`${name}-`)).map((one) => `@kgdump/${one}`);
  } catch {
    return [];
  }
}

/** The folder whose node_modules has kgdump; null when that is where npm installs programs for all of the system. */
function installedIn(): string | null {
  const root = dirname(dirname(ROOT));
  return existsSync(join(root, "package.json")) ? root : null;
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
  const { code, message, path, hint, keyspace, system } = told;
  const systemCode = system === undefined ? undefined : getSystemErrorMap().get(-system)?.[0];
  return new KgdumpError(isErrorCode(code) ? code : "INTERNAL", systemCode === undefined ? message : `${message} (${systemCode})`, {
    cause: error,
    path,
    hint: hint ?? systemHint(systemCode ?? ""),
    keyspace: keyspace === undefined ? undefined : Buffer.from(keyspace, "hex"),
  });
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
export function blockFacts(data: Uint8Array, { firstKeyStart, firstKeyEnd, lastKeyStart, lastKeyEnd, ...sums }: NativeFacts): BlockFacts {
  return { ...sums, firstKey: data.subarray(firstKeyStart, firstKeyEnd), lastKey: data.subarray(lastKeyStart, lastKeyEnd) };
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
  system?: number;
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
  const { code, message, path, hint, keyspace, system } = value as Record<keyof Told, unknown>;
  const optional = (part: unknown): boolean => part === undefined || typeof part === "string";
  return typeof code === "string" && typeof message === "string" && [path, hint, keyspace].every(optional) && (system === undefined || typeof system === "number");
}
