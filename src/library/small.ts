/** What needs no store and no dump: a service's settings, and keys that hold UUIDs. */
import { readStorageFile as read, type StorageFile } from "../settings/index.js";
import { path, text, uuid } from "./checks.js";

/**
 * Reads a service's storage.toml.
 * @param file its path
 * @throws {KgdumpError} USAGE, CONFIG_INVALID with all `problems`; NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function readStorageFile(file: string): Promise<StorageFile> {
  return read(path(file, "readStorageFile: file"));
}

/**
 * Makes a key of a prefix and the 16 bytes of a UUID, as MAYA's keys are: `uuidKey("node:", "0f8fad5b-d9cb-469f-a165-70867728950e")`.
 * @param prefix text before the UUID
 * @param id the UUID as text
 * @throws {KgdumpError} USAGE
 */
export function uuidKey(prefix: string, id: string): Buffer {
  const digits = uuid(id, "uuidKey: id").replaceAll("-", "");
  return Buffer.concat([Buffer.from(text(prefix, "uuidKey: prefix"), "utf8"), Buffer.from(digits, "hex")]);
}
