/** Reading a storage.toml from the disk. */
import { open } from "node:fs/promises";
import { KgdumpError, systemError } from "../errors.js";
import { invalid, parseStorageFile, type StorageFile } from "./storage-file.js";
import { placeOf } from "./toml-places.js";

/** Bytes that a settings file may have: a bigger one is some other file. */
const LARGEST = 256 * 1024;

/**
 * Reads a storage.toml.
 * @param file its path, from the working directory if it is relative; a pipe will do
 * @throws {KgdumpError} CONFIG_INVALID with all `problems`; NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function readStorageFile(file: string): Promise<StorageFile> {
  return parseStorageFile(await readText(file, { what: "settings", hint: "name a file that exists, such as config/storage.toml" }), file);
}

/** What a file is for, and which one to name instead. */
interface Purpose {
  readonly what: "settings" | "layout";
  readonly hint: string;
}

/**
 * Reads a small text.
 * @throws {KgdumpError} CONFIG_INVALID when it is not small, or not UTF-8; NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function readText(file: string, purpose: Purpose): Promise<string> {
  const bytes = await readStart(file, purpose);
  if (bytes.length > LARGEST) {
    throw new KgdumpError("CONFIG_INVALID", `${file} is bigger than ${LARGEST.toString()} bytes, which no ${purpose.what} file is`, {
      path: file,
      hint: purpose.what === "settings" ? "name the service's storage.toml" : purpose.hint,
    });
  }
  return decode(bytes, file);
}

/** The whole file, or its first bytes and at least one too many. */
async function readStart(file: string, { what, hint }: Purpose): Promise<Buffer> {
  try {
    await using handle = await open(file, "r");
    const chunks: Buffer[] = [];
    for (let length = 0; length <= LARGEST;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null);
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw systemError(error, `reading ${what === "layout" ? "the layout" : what} from ${file}`, { path: file, missing: `there is no ${what} file ${file}`, hint });
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    // A replacement character stands where the first bytes are wrong, unless the text has one of its own.
    const text = bytes.toString("utf8");
    const encoder = new TextEncoder();
    let at = 0;
    let offset = 0;
    for (const character of text) {
      const encoded = encoder.encode(character);
      if (character === "\ufffd" && !bytes.subarray(at, at + encoded.length).equals(encoded)) break;
      at += encoded.length;
      offset += character.length;
    }
    throw invalid(file, [{ ...placeOf(text, offset), message: "this is not UTF-8, as TOML must be" }], 1, cause);
  }
}
