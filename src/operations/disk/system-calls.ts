/**
 * Calls of the system that Node lacks. `widenPipe` and `WriteBack` are hints: where they can't be made, or fail, all works the same but slower.
 */
import { dirname, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { addonIfAny, fromAddon, loadAddon } from "../../addon.js";
import { hasCode, systemError } from "../../errors.js";
import { keepsNamesIn } from "./acting.js";
import { immovable } from "./move-error.js";

/** Bytes that are handed over at a time: few calls, and little left at the end. */
const STRIDE = 8 * 1024 * 1024;

interface Addon {
  writeBack(descriptor: number, offset: number, length: number): Promise<void>;
  widenPipe(descriptor: number): void;
  /** 0, or the number of the system's error. */
  exchangeDirectories(a: string, b: string, asRoot: boolean): Promise<number>;
}

/**
 * Exchanges two directories of one file system at once: at no time is nothing at either path.
 * @returns false when the system or the file system can't do that
 * @throws {KgdumpError} TARGET_EXISTS for a mount point, NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED, ADDON_MISSING
 */
export async function exchangeDirectories(a: string, b: string): Promise<boolean> {
  const failed = await fromAddon(() => (loadAddon("blocks") as Addon).exchangeDirectories(resolve(a), resolve(b), [a, b].some((path) => keepsNamesIn(dirname(resolve(path))))));
  if (failed === 0) return true;
  const error = errorOfNumber(failed);
  if (hasCode(error, "ENOSYS", "EINVAL", "ENOTSUP")) return false;
  throw immovable(error, a, b) ?? systemError(error, `exchanging ${a} with ${b}`, { path: b });
}

/** The error of a system's number, as Node's own functions throw it. */
export function errorOfNumber(number: number): Error {
  const unknown = `Unknown system error -${String(number)}`;
  const [code, text] = getSystemErrorMap().get(-number) ?? [unknown, unknown];
  return Object.assign(new Error(`${code}: ${text}`), { errno: -number, code });
}

/** Gives the pipe that a descriptor leads to room for a block, so that its two ends wait for each other less often. */
export function widenPipe(descriptor: number): void {
  (addonIfAny("blocks") as Addon | null)?.widenPipe(descriptor);
}

/**
 * Has a file's bytes written to its disk while more of it is being made, so that the sync at its end is short. What fails
 * here is told by that sync. Follows what is written to one file from its beginning.
 */
export class WriteBack {
  readonly #addon = addonIfAny("blocks") as Addon | null;
  #written = 0;
  #begun = 0;
  #running: Promise<void> = Promise.resolve();

  /**
   * Notes that bytes were written behind those before, and hands a stride of them over when there is one.
   * @param descriptor of the file, open until `settled`
   */
  wrote(descriptor: number, bytes: number): void {
    this.#written += bytes;
    const length = this.#written - this.#begun;
    if (length < STRIDE) return;
    const offset = this.#begun;
    this.#begun = this.#written;
    this.#running = this.#running.then(() => fromAddon(() => this.#addon?.writeBack(descriptor, offset, length))).catch(() => undefined);
  }

  /** Resolves when no hand-over is under way, so that the file may be closed. */
  settled(): Promise<void> {
    return this.#running;
  }
}
