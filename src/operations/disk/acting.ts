/**
 * Root on other users' places: kgdump works as the user who may change them, so that nothing which that user puts there lets it do more than that user
 * may do. Names in directories that only root may change, such as /var/lib, are changed as root: nobody else can put anything there.
 *
 * Only the command line calls `actFor`, before anything is opened: it changes the user of the whole process.
 */
import { readFileSync, statSync } from "node:fs";
import { type UserInfo, userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { addonIfAny, loadAddon } from "../../addon.js";
import { KgdumpError, withDetails } from "../../errors.js";
import { ADDONS } from "../../prebuilt.js";
import { handsOf, isRoots } from "./hands.js";
import { shellWord } from "./shell-word.js";
import { isOpenAlready } from "./trusted.js";

/** As whom kgdump works. */
export interface Acting {
  readonly uid: number;
  readonly gid: number;
  /** A place of that user's, for which it is so. */
  readonly because: string;
  /** Whether names in root's own directories are changed as root. */
  readonly keepsNames: boolean;
}

interface UserAddon {
  actInThreadAs(user: number): boolean;
}

/** The types of Node lack it. */
type Groups = typeof process & { initgroups?(user: string | number, extra: string | number): void };

let acting: Acting | null = null;

/** As whom kgdump works although root began it; null when that is not so. */
export function actingAs(): Acting | null {
  return acting;
}

/** What a command is asked for. */
export interface Places {
  /** Stores, and files and directories that are made: whoever may change them is the one to work as. */
  readonly worked: readonly string[];
  /** Files that are only read, and that root named. */
  readonly read?: readonly string[] | undefined;
}

/**
 * Becomes the user in whose hands these places are, when root runs this.
 * @param words of the command line, for the command that works
 * @throws {KgdumpError} PERMISSION_DENIED when several users could change them, or everybody
 */
export function actFor({ worked, read = [] }: Places, words: readonly string[]): void {
  if (process.geteuid?.() !== 0 || acting !== null) return;
  const users = new Map<number, string>();
  const places = worked.filter((one) => !isOpenAlready(one));
  for (const path of places) {
    const { users: those, owner, open } = handsOf(path);
    for (const [uid, because] of those) if (!users.has(uid)) users.set(uid, because);
    if (open !== null && owner === null) throw refusal(`anyone who may write to ${open} can replace ${path}`, path, `let only root write there (\`chmod go-w ${shellWord(open)}\`)`, words);
  }
  const [first, second] = users;
  if (first === undefined) return;
  if (second !== undefined) {
    const what = [...users].map(([uid, because]) => `${because} (${nameOf(uid)})`).join(" and ");
    throw refusal(`${what} belong to different users, and each could change what root works on`, second[1], `\`${commandAs(first[0], words)}\` works as one of them`, words);
  }
  // What standard input is has no name here.
  const keepsNames = [...places, ...read.filter((one) => one !== "-" && !isOpenAlready(one))].some((path) => isRoots(dirname(resolve(path))));
  if (keepsNames && process.platform !== "linux") throw refusal(`${first[1]} belongs to ${nameOf(first[0])}, who could change what root works on`, first[1], `\`${commandAs(first[0], words)}\` works as that user`, words);
  become(first[0], first[1], keepsNames);
}

function refusal(why: string, path: string, cure: string, words: readonly string[]): KgdumpError {
  const asRoot = `\`kgdump ${words.map(shellWord).join(" ")} --as-root\``;
  return new KgdumpError("PERMISSION_DENIED", `root does not work there: ${why}`, { path, hint: `${cure}; ${asRoot} works as root all the same, for those who trust them` });
}

/** The command that works as a user. */
function commandAs(uid: number, words: readonly string[]): string {
  return `sudo -u ${shellWord(nameOf(uid))} kgdump ${words.map(shellWord).join(" ")}`;
}

/** The name of a user as `/etc/passwd` has it, or else `#` and the number, which sudo takes, too. */
function nameOf(uid: number): string {
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name = "", , number] = line.split(":");
      if (number === uid.toString()) return name;
    }
  } catch {
    // Other systems keep them elsewhere.
  }
  return `#${uid.toString()}`;
}

function become(uid: number, because: string, keepsNames: boolean): void {
  // They may lie where that user can't read. Where one is missing, who needs it tells.
  const [blocks] = ADDONS.map(addonIfAny);
  const group = groupOf(uid, because);
  if (group.name === null) process.setgroups?.([group.gid]);
  else (process as Groups).initgroups?.(group.name, group.gid);
  // Only the addon lets one thread alone be root for a moment.
  const mayKeepNames = keepsNames && blocks !== null;
  if (mayKeepNames) {
    process.setegid?.(group.gid);
    process.seteuid?.(uid);
  } else {
    process.setgid?.(group.gid);
    process.setuid?.(uid);
  }
  acting = { uid, gid: group.gid, because, keepsNames: mayKeepNames };
}

/** The group of a user; that of the place, when the system does not know the user. */
function groupOf(uid: number, because: string): { readonly name: string | null; readonly gid: number } {
  const { known } = askAs(uid);
  return known === null ? { name: null, gid: statSync(because).gid } : { name: known.username, gid: known.gid };
}

/**
 * Asks the system for a user. Only root can: Node asks for whom the process acts as, which is that user meanwhile.
 * @returns null for what the system does not tell of the number
 * @throws {Error} of the system, for a name that it does not know
 */
export function askAs(user: number | string): { readonly uid: number; readonly known: Pick<UserInfo<string>, "username" | "gid"> | null } {
  try {
    process.seteuid?.(user);
    return { uid: process.geteuid?.() ?? 0, known: knownUser() };
  } finally {
    process.seteuid?.(0);
  }
}

function knownUser(): UserInfo<string> | null {
  try {
    return userInfo();
  } catch {
    return null;
  }
}

/** Whether names in this directory are changed as root. */
export function keepsNamesIn(directory: string): boolean {
  return acting?.keepsNames === true && isRoots(directory);
}

/**
 * Does something short as root, in this thread alone: a change of names in a directory for which `keepsNamesIn` holds. Nothing else may be done
 * within, and nothing awaited.
 * @throws what `change` throws
 */
export function asKeeper<T>(change: (acting: Acting) => T): T {
  const addon = loadAddon("blocks") as UserAddon;
  if (acting === null || !addon.actInThreadAs(0)) throw new TypeError("there is nobody to be root");
  try {
    return change(acting);
  } finally {
    // To go on as root would be worse than to end.
    if (!addon.actInThreadAs(acting.uid)) process.abort();
  }
}

/** An error that came because kgdump works as another user, with that and what to do in its hint. */
export function withActing(error: unknown, words: readonly string[]): unknown {
  if (acting === null || !(error instanceof KgdumpError) || error.code !== "PERMISSION_DENIED") return error;
  const { path } = error;
  const name = nameOf(acting.uid);
  if (path !== undefined && isOpenAlready(path)) return withDetails(error, { hint: `kgdump works as ${name} here, who can't open that anew: name the pipe with - instead, as in \`… | kgdump import STORE -i -\` and \`kgdump export STORE -o - | …\`` });
  return withDetails(error, {
    hint: `kgdump works as ${name} here, who could change ${acting.because}: let that user open it (\`chown -R ${shellWord(name)} …\`), or trust that user: \`kgdump ${words.map(shellWord).join(" ")} --as-root\``,
  });
}
