/** What a fault is done to, and what it did. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../fuzz/random.js";
import type { Scenario } from "./random-plan.js";

/**
 * What kgdump owes to whoever has such a store, if its content is no longer the writer's:
 * - `seen`: an error;
 * - `told`: an error, or a warning;
 * - `unseen`: nothing, as nobody can see it (docs/limits.md lists these);
 * - `harmless`: the content, as nothing of it is lost.
 */
export type Sight = "seen" | "told" | "unseen" | "harmless";

/** A fault that was done. */
export interface Done {
  readonly what: string;
  readonly sight: Sight;
}

/** A store, where its logs are, and how it was made. */
export interface Victim {
  readonly store: string;
  readonly logs: string;
  readonly scenario: Scenario;
  readonly random: Random;
}

/** A fault gives null where the store has nothing that it can be done to. */
export type Fault = (victim: Victim) => Promise<Done | null>;

/** Changes one bit of one of these files. */
export async function flip(victim: Victim, names: readonly string[], directory: string, sight: (name: string) => Sight): Promise<Done | null> {
  if (names.length === 0) return null;
  const name = victim.random.pick(names);
  const path = join(directory, name);
  const bytes = await readFile(path);
  if (bytes.length === 0) return null;
  const at = victim.random.below(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << victim.random.below(8)), at);
  await writeFile(path, bytes);
  return { what: `changed a bit of byte ${String(at)} of ${name}`, sight: sight(name) };
}
