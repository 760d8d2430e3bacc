/** What a migration finds at the path, and whether there is anything to do. */
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { detectEngine } from "../load-engine.js";
import type { Teller } from "./events.js";
import type { MigrateOptions } from "./options.js";
import { occupantOf } from "./places.js";

/**
 * Looks at what is to be migrated.
 * @returns to-migrate: a RocksDB store is there; already: a sled store is in place; nothing: there is no store at all
 * @throws {KgdumpError} STORE_NOT_RECOGNIZED for something else; STORE_NOT_FOUND with `mustExist`; PERMISSION_DENIED, IO_FAILED
 */
export async function detect(options: Pick<MigrateOptions, "source" | "target" | "mustExist">, teller: Teller): Promise<"to-migrate" | "already" | "nothing"> {
  const source = resolve(options.source);
  const found = await occupantOf(source);
  teller.tell("detect", describeOccupant(source, found), { path: source, found });
  if (found === "rocksdb") return "to-migrate";
  if (found === "sled") return "already";
  // Says what it is.
  if (found === "unknown") await detectEngine(source);
  if ((await occupantOf(resolve(options.target ?? options.source))) === "sled") return "already";
  if (options.mustExist !== true) return "nothing";
  throw new KgdumpError("STORE_NOT_FOUND", found === "empty" ? `${source} is an empty directory, and no store` : `there is no store at ${source}`, {
    path: source,
    hint: "check the path, and that its volume is mounted; without --must-exist this is no error",
  });
}

function describeOccupant(path: string, found: string): string {
  const texts: Readonly<Record<string, string>> = {
    rocksdb: `${path} is a RocksDB store`,
    sled: `${path} is a sled store: there is nothing to migrate`,
    empty: `${path} is empty: there is nothing to migrate`,
    absent: `there is nothing at ${path}`,
  };
  return texts[found] ?? `${path} is something else`;
}
