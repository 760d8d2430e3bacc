/** What a migration finds at the path, and whether there is anything to do. */
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { missingHint, similarPath } from "../disk/missing.js";
import { detectEngine } from "../load-engine.js";
import type { Teller } from "./events.js";
import { troubleOfSled } from "./loss.js";
import type { MigrateOptions } from "./options.js";
import { occupantOf } from "./places.js";

/**
 * Looks at what is to be migrated.
 * @returns to-migrate: a RocksDB store is there; already: a sled store is in place; nothing: there is no store at all
 * @throws {KgdumpError} STORE_NOT_RECOGNIZED for something else; USAGE for a sled store that is to become one elsewhere; STORE_NOT_FOUND with `mustExist`; STORE_UNSUPPORTED for a store of another version of sled; PERMISSION_DENIED, IO_FAILED
 */
export async function detect(options: Pick<MigrateOptions, "source" | "target" | "mustExist">, teller: Teller): Promise<"to-migrate" | "already" | "nothing"> {
  const source = resolve(options.source);
  const found = await occupantOf(source);
  const similar = found === "absent" ? await similarPath(source) : null;
  teller.tell("detect", `${describeOccupant(source, found)}${similar === null ? "" : `: did you mean ${similar}?`}`, { path: source, found });
  if (found === "rocksdb") return "to-migrate";
  if (found === "sled") {
    const target = resolve(options.target ?? options.source);
    await refuseOtherTarget(source, target);
    return already(target);
  }
  // Says what it is.
  if (found === "unknown") await detectEngine(source);
  const target = resolve(options.target ?? options.source);
  if ((await occupantOf(target)) === "sled") return already(target);
  if (options.mustExist !== true) return "nothing";
  throw new KgdumpError("STORE_NOT_FOUND", found === "empty" ? `${source} is an empty directory, and no store` : `there is no store at ${source}`, {
    path: source,
    hint: `${found === "absent" ? await missingHint(source) : "check the path, and that its volume is mounted"} (without --must-exist this is no error)`,
  });
}

/** A sled store is in place. @throws {KgdumpError} STORE_UNSUPPORTED when another version of sled wrote it, which the service could not open */
async function already(target: string): Promise<"already"> {
  const trouble = await troubleOfSled(target);
  if (trouble?.code === "STORE_UNSUPPORTED") throw trouble;
  return "already";
}

/** A sled store at the source is no reason to call a target done where no sled store is. */
async function refuseOtherTarget(source: string, target: string): Promise<void> {
  if (source === target) return;
  const found = await occupantOf(target);
  if (found === "sled") return;
  const there = found === "absent" || found === "empty" ? "nothing is" : "no sled store is";
  throw new KgdumpError("USAGE", `${source} is a sled store already, and ${there} at ${target}: a migration makes a sled store of a RocksDB store`, {
    path: source,
    hint: "for a RocksDB store of what it holds: kgdump export SLED | kgdump restore NEW; for another sled store: kgdump export SLED | kgdump import NEW",
  });
}

function describeOccupant(path: string, found: string): string {
  const texts: Readonly<Record<string, string>> = {
    rocksdb: `${path} is a RocksDB store`,
    sled: `${path} is a sled store`,
    empty: `${path} is empty: there is nothing to migrate`,
    absent: `there is nothing at ${path}`,
  };
  return texts[found] ?? `${path} is something else`;
}
