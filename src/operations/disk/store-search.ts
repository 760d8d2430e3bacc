/** Looking for stores below a directory: who names a parent of stores learns their paths. */
import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { engineOf } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";

/** A store that was found. */
export interface FoundStore {
  readonly path: string;
  readonly engine: EngineName;
}

/** Levels of directories below the one that is searched, directories that are looked at, and names that are read of each. */
const MOST_LEVELS = 4;
const MOST_DIRECTORIES = 2000;
const MOST_NAMES = 20_000;

/**
 * Finds the stores below a directory, the nearest first, in the order of their names; links are not followed, what can't be read is left out.
 * @param most how many are looked for
 */
export async function storesBelow(path: string, most: number): Promise<FoundStore[]> {
  const found: FoundStore[] = [];
  let level: string[] = await directoriesIn(path);
  let looked = 0;
  for (let depth = 0; depth < MOST_LEVELS && level.length > 0; depth++) {
    const next: string[] = [];
    for (const directory of level) {
      looked += 1;
      if (looked > MOST_DIRECTORIES || found.length >= most) return found;
      const { names, directories } = await contentOf(directory);
      const engine = engineOf(names);
      if (engine === null) next.push(...directories);
      else found.push({ path: directory, engine });
    }
    level = next;
  }
  return found;
}

async function directoriesIn(path: string): Promise<string[]> {
  return (await contentOf(path)).directories;
}

async function contentOf(path: string): Promise<{ names: string[]; directories: string[] }> {
  const names: string[] = [];
  const directories: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      names.push(entry.name);
      if (entry.isDirectory()) directories.push(join(path, entry.name));
      if (names.length >= MOST_NAMES) break;
    }
  } catch {
    // What can't be read is no reason to say nothing of the rest.
  }
  return { names, directories: directories.sort() };
}
