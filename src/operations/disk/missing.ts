/** What to say of a path at which nothing is: which part of it is missing, and what lies beside it by a similar name. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { closest } from "../../settings/suggest.js";

/** Names beside the missing one that are compared with it. */
const MOST_NAMES = 5000;

/** The error for a store that is not there. */
export async function noStoreAt(path: string, cause?: unknown): Promise<KgdumpError> {
  return new KgdumpError("STORE_NOT_FOUND", `there is no store at ${path}`, { cause, path, hint: await missingHint(path) });
}

/** What to do about a path at which nothing is. */
export async function missingHint(path: string): Promise<string> {
  const full = resolve(path);
  const { missing, similar } = await lookAround(full);
  if (similar !== null) return `did you mean ${similar}?`;
  return missing === full ? "check the path, and that its volume is mounted" : `check the path, and that its volume is mounted: ${missing} does not exist either`;
}

/** A path of a similar name for one at which nothing is; null when there is none. */
export async function similarPath(path: string): Promise<string | null> {
  return (await lookAround(resolve(path))).similar;
}

/** The first part of a path that is missing, and the path with what has a similar name there instead. */
async function lookAround(full: string): Promise<{ missing: string; similar: string | null }> {
  let [missing, parent] = [full, dirname(full)];
  let names = await namesIn(parent);
  while (names === null && parent !== dirname(parent)) {
    [missing, parent] = [parent, dirname(parent)];
    names = await namesIn(parent);
  }
  const near = closest(basename(missing), (names ?? []).slice(0, MOST_NAMES));
  return { missing, similar: near === undefined ? null : join(parent, near, full.slice(missing.length)) };
}

async function namesIn(directory: string): Promise<string[] | null> {
  return readdir(directory).catch(() => null);
}
