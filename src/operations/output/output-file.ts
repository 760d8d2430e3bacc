/**
 * A dump's file, which appears whole or not at all.
 *
 * It is written as a random sibling (O_EXCL, mode 0600), synced, closed, and only then given its name: by a hard
 * link, which never replaces what is there, or by a rename with `force`. Then the directory is synced.
 */
import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { createFile, linkName, namesOf, type NewFile, removeFile, removeFileNow, removeName, renameName } from "../disk/name-changes.js";
import { stemOf } from "../disk/names.js";
import { isDead, ownerText, ownProcess } from "../disk/owner.js";
import { syncDirectory } from "../disk/sync.js";
import { WriteBack } from "../disk/system-calls.js";
import { beginTemporary, endTemporary } from "../run/temporary-files.js";
import type { DumpOutput } from "./dump-output.js";

/** That a file is there which the dump must not replace. @param path of it */
export function outputExists(path: string): KgdumpError {
  return new KgdumpError("OUTPUT_EXISTS", `${path} exists already`, {
    path,
    hint: "choose another name, or replace it with --force",
  });
}

/** Writes all the chunks, however many calls of the system it takes. @throws what the handle throws */
export async function writeAll(handle: Pick<FileHandle, "writev">, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    const next: Uint8Array[] = [];
    for (const chunk of rest) {
      if (bytesWritten >= chunk.length) bytesWritten -= chunk.length;
      else {
        next.push(chunk.subarray(bytesWritten));
        bytesWritten = 0;
      }
    }
    rest = next;
  }
}

/** Bytes of a dump's name that are in that of its temporary file. */
const NAME_BYTES = 150;
const TEMPORARY = /^([0-9a-z]+-[0-9a-z]*-[0-9a-z]+)-[0-9a-f]{16}\.tmp$/;

/** What the names of temporary files begin with: `.graph.kgd.kgdump-`; then come their owner and a random number. */
function temporaryPrefix(path: string): string {
  return `.${stemOf(path, NAME_BYTES)}.kgdump-`;
}

async function clear(path: string, may: (owner: string) => boolean): Promise<void> {
  const [directory, prefix] = [dirname(path), temporaryPrefix(path)];
  for (const name of await namesOf(directory).catch(() => [])) {
    const owner = name.startsWith(prefix) ? TEMPORARY.exec(name.slice(prefix.length))?.[1] : undefined;
    if (owner !== undefined && may(owner)) await removeFile(join(directory, name));
  }
}

/** Removes what killed exports to a file left. The caller knows that no other one is at work. */
export async function clearTemporaries(path: string): Promise<void> {
  await clear(path, () => true);
}

/** A file that is being written under another name. */
export class PublishedFile implements DumpOutput {
  readonly path: string;
  readonly temporary: string;
  readonly #force: boolean;
  readonly #writeBack = new WriteBack();
  #handle: NewFile | null;

  private constructor(path: string, temporary: string, handle: NewFile, force: boolean) {
    this.path = path;
    this.temporary = temporary;
    this.#handle = handle;
    this.#force = force;
  }

  /** Creates the file under a name of its own. @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED */
  static async create(path: string, force: boolean): Promise<PublishedFile> {
    const temporary = join(dirname(path), `${temporaryPrefix(path)}${ownerText(ownProcess())}-${randomBytes(8).toString("hex")}.tmp`);
    // What can't be removed is no reason to fail.
    await clear(path, isDead).catch(() => undefined);
    beginTemporary(temporary, removeFileNow);
    try {
      const handle = await createFile(temporary);
      return new PublishedFile(path, temporary, handle, force);
    } catch (error) {
      endTemporary(temporary);
      throw systemError(error, `creating a file in ${dirname(path)}`, {
        path,
        missing: `${dirname(path)} does not exist, so ${path} can't be written`,
        hint: "choose a directory that exists and that you may write to",
      });
    }
  }

  /** Appends the chunks. @throws {KgdumpError} NO_SPACE, IO_FAILED */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#handle === null) throw new TypeError("the output was ended");
    try {
      await writeAll(this.#handle, chunks);
      this.#writeBack.wrote(this.#handle.fd, chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    } catch (error) {
      throw systemError(error, `writing ${this.path}`, { path: this.path });
    }
  }

  /** Syncs the file, gives it its name and syncs the directory. @throws {KgdumpError} OUTPUT_EXISTS, NO_SPACE, IO_FAILED */
  async commit(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) throw new TypeError("the output was ended");
    try {
      await handle.sync();
      await this.#close();
      await this.#publish();
      endTemporary(this.temporary);
      await syncDirectory(dirname(this.path));
    } catch (error) {
      throw systemError(error, `publishing ${this.path}`, { path: this.path });
    }
  }

  async #publish(): Promise<void> {
    if (this.#force) {
      await renameName(this.temporary, this.path);
      return;
    }
    try {
      await linkName(this.temporary, this.path);
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw outputExists(this.path);
      if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL")) throw error;
      await this.#publishWithoutLinks();
      return;
    }
    await removeName(this.temporary);
  }

  /** On file systems without hard links (FAT, some network ones): the name is claimed first, then replaced. */
  async #publishWithoutLinks(): Promise<void> {
    try {
      await (await createFile(this.path)).close();
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw outputExists(this.path);
      throw error;
    }
    await renameName(this.temporary, this.path);
  }

  /** Removes the file. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    await removeName(this.temporary).catch(() => undefined);
    endTemporary(this.temporary);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await this.#writeBack.settled();
    await handle?.close();
  }
}
