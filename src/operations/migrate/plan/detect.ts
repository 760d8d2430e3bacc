/** What a migration finds at the path, and whether there is anything to do. */
import { resolve } from "node:path";
import { engineTitle, isEngineName } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { missingHint, similarPath } from "../../disk/missing.js";
import { occupantOf } from "../../disk/places.js";
import { detectEngine } from "../../disk/stores.js";
import { troubleOf } from "../../disk/trouble.js";
import { makingCommand } from "../../import/make.js";
import { type Direction, directionOf, directionTo } from "../direction.js";
import type { Teller } from "../events.js";
import type { MigrateOptions } from "../options.js";

/**
 * The direction that is asked for. Without a word, a migration leads to sled; but a sled store that is to become one at another path, where no sled store is,
 * becomes a RocksDB store.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function askedDirection({ source, target = source, engine }: Pick<MigrateOptions, "source" | "target" | "engine">): Promise<Direction> {
  if (engine !== undefined) return directionTo(engine);
  const usual = directionOf({});
  const leaves = resolve(source) !== resolve(target) && (await occupantOf(resolve(source))) === usual.to && (await occupantOf(resolve(target))) !== usual.to;
  return leaves ? directionTo(usual.from) : usual;
}

/**
 * Looks at what is to be migrated.
 * @returns to-migrate: a store of the engine that is left is there; already: one of the new engine is in place; nothing: there is no store at all
 * @throws {KgdumpError} STORE_NOT_RECOGNIZED for something else; USAGE for a store of the new engine that is to become one elsewhere; STORE_NOT_FOUND with `mustExist`; STORE_UNSUPPORTED for a store of another version of sled; PERMISSION_DENIED, IO_FAILED
 */
export async function detect(options: Pick<MigrateOptions, "source" | "target" | "mustExist">, direction: Direction, teller: Teller): Promise<"to-migrate" | "already" | "nothing"> {
  const source = resolve(options.source);
  const found = await occupantOf(source);
  const similar = found === "absent" ? await similarPath(source) : null;
  teller.tell("detect", `${describeOccupant(source, found)}${similar === null ? "" : `: did you mean ${similar}?`}`, { path: source, found });
  const { from, to } = direction;
  if (found === from) return "to-migrate";
  const target = resolve(options.target ?? options.source);
  if (found === to) {
    await refuseOtherTarget(source, target, direction);
    return already(target, to);
  }
  // Says what it is.
  if (found === "unknown") await detectEngine(source);
  if ((await occupantOf(target)) === to) return already(target, to);
  if (options.mustExist !== true) return "nothing";
  throw new KgdumpError("STORE_NOT_FOUND", found === "empty" ? `${source} is an empty directory, not a store` : found === "absent" ? `there is no store at ${source}` : describeOccupant(source, found), {
    path: source,
    hint: found === "absent" ? await missingHint(source) : "check the path, and that its volume is mounted",
  });
}

/** A store of the new engine is in place. @throws {KgdumpError} STORE_UNSUPPORTED when another version of sled wrote it, which the service could not open */
async function already(target: string, engine: EngineName): Promise<"already"> {
  const trouble = await troubleOf(engine, target);
  if (trouble?.code === "STORE_UNSUPPORTED") throw trouble;
  return "already";
}

/** A store of the new engine at the source is no reason to call a target done where no such store is. */
async function refuseOtherTarget(source: string, target: string, { from, to }: Direction): Promise<void> {
  if (source === target) return;
  const found = await occupantOf(target);
  if (found === to) return;
  const [old, made] = [engineTitle(from), engineTitle(to)];
  const there = found === "absent" || found === "empty" ? "nothing is" : `no ${made} store is`;
  throw new KgdumpError("USAGE", `${source} is a ${made} store already, and ${there} at ${target}: this migration makes a ${made} store of a ${old} store`, {
    path: source,
    hint: `for a ${old} store of what it holds: --engine ${from}; for another ${made} store: kgdump export STORE | kgdump ${makingCommand(to)} NEW`,
  });
}

function describeOccupant(path: string, found: string): string {
  if (isEngineName(found)) return `${path} is a ${engineTitle(found)} store`;
  const texts: Readonly<Record<string, string>> = {
    empty: `${path} is empty: there is nothing to migrate`,
    absent: `there is nothing at ${path}`,
  };
  return texts[found] ?? `${path} is not a store`;
}
