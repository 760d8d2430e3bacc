/** Files that a program has open, by its descriptors. */
import type { Inode } from "./disk.js";

/**
 * Whether a directory is removed while a file that was removed from it is still open. NFS and FUSE keep such a file, under a name of their own, so that the
 * directory is not empty there.
 */
export class OpenFiles {
  readonly #open = new Map<number, Inode>();
  /** The directories that files were removed from. */
  readonly #removed = new Map<Inode, Inode>();
  /** What would fail there. */
  readonly stuck: string[] = [];

  opened(descriptor: number, inode: Inode | null): void {
    if (inode === null) this.#open.delete(descriptor);
    else this.#open.set(descriptor, inode);
  }

  copied(from: number, to: number): void {
    this.opened(to, this.#open.get(from) ?? null);
  }

  closed(descriptor: number): void {
    this.#open.delete(descriptor);
  }

  removed(inode: Inode, directory: Inode, what: string): void {
    const open = new Set(this.#open.values());
    for (const [file, held] of this.#removed) if (held === inode && open.has(file)) this.stuck.push(what);
    this.#removed.set(inode, directory);
  }
}
