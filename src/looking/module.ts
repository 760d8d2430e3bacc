/**
 * The code that looks into blocks as a module of WebAssembly, native/looking-wasm: it can reach its own memory, and the temporary files that it is given. It works on
 * the thread that calls it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { addonError, ROOT } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { type SpillImports, SpillFiles } from "./spill-files.js";

/** Where set-up for tests, and packages, have it. */
const PLACE = join(ROOT, "native", "looking-wasm", "build", "kgdump_looking.wasm.br");
/** Bytes from which on memory that can't be had is why the module gave up: it can have four gigabytes. */
const NEARLY_ALL = 3.5 * 2 ** 30;

/** What the module exports. Numbers are unsigned 32 bits, which come as signed ones. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(length: number): number;
  told(): number;
  told_length(): number;
  value_kind(given: number): number;
  stats_start(given: number, flags: number, largest: number, sample: number, seed: number): number;
  stats_add(builder: number, given: number, stored: number): number;
  stats_finish_keyspace(builder: number): number;
  stats_samples(builder: number): number;
  search_start(given: number): number;
  search_find(given: number, most: number): number;
  graph_start(given: number, flags: number, runRecords: number): number;
  graph_add(builder: number, given: number): number;
  graph_finish(builder: number, hubs: number): number;
  graph_report(builder: number, before: number): number;
  graph_close(builder: number): void;
}

/** As much of JavaScript's own interface as is used here. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { readonly spill: SpillImports }) => { readonly exports: unknown };
};

let compiled: object | null = null;

/** Where the module is; null when it is not there. */
export function modulePath(): string | null {
  return existsSync(PLACE) ? PLACE : null;
}

/** A module of its own memory. */
export class Module {
  readonly #spills: SpillFiles;
  readonly #exports: Exports;
  /** Why it can't be called any more. */
  #broken: KgdumpError | null = null;

  /** @param directory where temporary files go */
  constructor(directory: string) {
    compiled ??= new WebAssembly.Module(brotliDecompressSync(readFileSync(PLACE)));
    this.#spills = new SpillFiles(directory);
    const spill = this.#spills.imports((place, length) => this.#bytesAt(place, length));
    this.#exports = new WebAssembly.Instance(compiled, { spill }).exports as Exports;
  }

  /** Whether it gave up, and can't be called any more. */
  get isBroken(): boolean {
    return this.#broken !== null;
  }

  /**
   * Calls it. @param call gives what the module gave; negative, or 0 with `zeroFails`, when it failed
   * @throws {KgdumpError} what it tells; ADDON_MISSING when it needs more memory than there is for it
   */
  call(call: (module: Exports) => number, zeroFails = true): number {
    if (this.#broken !== null) throw this.#broken;
    let given: number;
    try {
      given = call(this.#exports);
    } catch (error) {
      throw this.#breakDown(error);
    }
    if (given < 0 || (zeroFails && given === 0)) throw this.#spills.takeFailure() ?? addonError(new Error(this.#told()));
    return given;
  }

  /** Gives it bytes for the next call. @returns how many */
  give(bytes: Uint8Array): number {
    const place = this.call((module) => module.reserve(bytes.length) >>> 0 || -1);
    this.#bytesAt(place, bytes.length).set(bytes);
    return bytes.length;
  }

  /** Calls it for a text. @throws as `call` */
  text(call: (module: Exports) => number): string {
    this.call(call);
    return this.#told();
  }

  /** Closes its temporary files. */
  close(): void {
    this.#spills.closeAll();
  }

  #told(): string {
    return Buffer.from(this.#bytesAt(this.#exports.told() >>> 0, this.#exports.told_length() >>> 0)).toString();
  }

  #bytesAt(place: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, place >>> 0, length >>> 0);
  }

  #breakDown(cause: unknown): KgdumpError {
    this.#broken = this.#exports.memory.buffer.byteLength > NEARLY_ALL ? tooLarge(cause) : addonError(cause);
    this.close();
    return this.#broken;
  }
}

function tooLarge(cause: unknown): KgdumpError {
  return new KgdumpError("ADDON_MISSING", "this needs more memory than WebAssembly has, which is 4 GiB", { cause, hint: "install kgdump with its addons, which have all of the machine's" });
}
