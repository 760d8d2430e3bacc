/** Temporary files of the module, which can reach nothing but its own memory: what it sorts and has no room for. They have no name as soon as they are open. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type KgdumpError, systemError } from "../errors.js";

const HINT = "name another directory with the environment variable TMPDIR; it takes up to 150 bytes for each entry of the graph";

/** What the module imports; it is told that something failed, and not why. */
export interface SpillImports {
  open(): number;
  append(file: number, from: number, length: number): number;
  read(file: number, into: number, length: number, offset: number): number;
  close(file: number): void;
}

/** The files of one module. */
export class SpillFiles {
  readonly #directory: string;
  readonly #open = new Set<number>();
  #failure: KgdumpError | null = null;

  /** @param directory where they go */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What failed last; it is forgotten. */
  takeFailure(): KgdumpError | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  /** Closes all that are open. */
  closeAll(): void {
    for (const file of this.#open) closeSync(file);
    this.#open.clear();
  }

  /** What the module imports. @param bytesAt its memory at a place */
  imports(bytesAt: (place: number, length: number) => Uint8Array): SpillImports {
    return {
      open: () => this.#try("making a file for the graph", -1, () => this.#make()),
      append: (file, from, length) => this.#try("writing the graph's temporary file", 0, () => append(file, bytesAt(from, length))),
      read: (file, into, length, offset) => this.#try("reading the graph's temporary file", 0, () => readAll(file, bytesAt(into, length), offset)),
      close: (file) => {
        if (this.#open.delete(file)) closeSync(file);
      },
    };
  }

  #make(): number {
    const path = join(this.#directory, `kgdump-graph-${randomBytes(8).toString("hex")}`);
    const file = openSync(path, "wx+", 0o600);
    this.#open.add(file);
    unlinkSync(path);
    return file;
  }

  #try(what: string, failed: number, work: () => number): number {
    try {
      return work();
    } catch (error) {
      this.#failure = systemError(error, what, { path: this.#directory, hint: HINT });
      return failed;
    }
  }
}

function append(file: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, null);
  return 1;
}

function readAll(file: number, into: Uint8Array, offset: number): number {
  for (let done = 0; done < into.length;) {
    const read = readSync(file, into, done, into.length - done, offset + done);
    if (read === 0) throw new Error("it ends too soon");
    done += read;
  }
  return 1;
}
