/** In whose hands a place is: which users may put something else at its path. */
import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/** Who may change what a path leads to, besides root. */
export interface Hands {
  /** Users, each with a directory of theirs on the way, or the place itself. */
  readonly users: ReadonlyMap<number, string>;
  /** Whom the place itself belongs to, when that is not root. */
  readonly owner: number | null;
  /** A directory of root's on the way, in which others may rename; null when there is none. */
  readonly open: string | null;
}

/** Links that are followed. */
const MOST_LINKS = 40;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** Looks at all directories that a path leads through, links included. What can't be looked at is not there. */
export function handsOf(path: string): Hands {
  const users = new Map<number, string>();
  let open: string | null = null;
  const { directories, links } = wayTo(path);
  for (const directory of directories) {
    const found = look(statSync, directory);
    if (found === null) continue;
    if (found.uid !== 0) users.set(found.uid, directory);
    // In a sticky one, as /tmp is, nobody renames what belongs to others.
    else if ((found.mode & OTHERS_WRITE) !== 0 && (found.mode & STICKY) === 0) open ??= directory;
  }
  // In a sticky directory, too, whoever a link belongs to may put another one there.
  for (const link of links) {
    const uid = look(lstatSync, link)?.uid ?? 0;
    if (uid !== 0 && ((look(statSync, dirname(link))?.mode ?? 0) & OTHERS_WRITE) !== 0) users.set(uid, link);
  }
  const uid = look(statSync, path)?.uid ?? 0;
  const owner = uid === 0 ? null : uid;
  if (owner !== null && !users.has(owner)) users.set(owner, path);
  return { users, owner, open };
}

/** Whether only root may put something else at any name in a directory. */
export function isRoots(directory: string): boolean {
  const { users, open } = handsOf(join(directory, "."));
  const found = look(statSync, directory);
  return users.size === 0 && open === null && found?.uid === 0 && (found.mode & OTHERS_WRITE) === 0;
}

/** What a path leads through: the directories in which its names are, and those of links on the way; and these links. */
interface Way {
  readonly directories: Set<string>;
  readonly links: Set<string>;
}

function wayTo(path: string): Way {
  const way: Way = { directories: new Set(), links: new Set() };
  let rest: string | null = resolve(path);
  for (let count = 0; rest !== null && count <= MOST_LINKS; count++) rest = throughDirectories(rest, way);
  return way;
}

/** @returns where the first link on the way leads to, with what follows it; null when there is none */
function throughDirectories(path: string, { directories, links }: Way): string | null {
  const names = path.split(sep).filter((name) => name !== "");
  let at: string = sep;
  for (const [index, name] of names.entries()) {
    directories.add(at);
    const here = join(at, name);
    if (look(lstatSync, here)?.isSymbolicLink() === true) {
      links.add(here);
      return resolve(at, readlinkSync(here), ...names.slice(index + 1));
    }
    at = here;
  }
  if (names.length === 0) directories.add(dirname(at));
  return null;
}

function look(by: (path: string) => Stats, path: string): Stats | null {
  try {
    return by(path);
  } catch {
    return null;
  }
}
