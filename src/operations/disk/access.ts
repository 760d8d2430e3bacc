/** Whose a new store is, and who else may open it, when somebody says so: by default it is its maker's, and nobody else's. */
import { KgdumpError } from "../../errors.js";
import { actingAs, askAs } from "./acting.js";

/** Numbers of a user and a group. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** What `--owner` and `--mode` say of a new store. */
export interface WithAccess {
  /** Whom a new store is given to; only root can. Default: who makes it. */
  readonly owner?: Ownership | undefined;
  /** Permissions of a new store's directory, 0o700 to 0o777; its files have the same without those to execute. Default: 0o700. */
  readonly mode?: number | undefined;
}

const LARGEST_NUMBER = 2 ** 32 - 2;

/**
 * Finds a user, and a group or else the one that the user logs in with. Root looks them up, as the system asks only in that user's name.
 * @param text `USER[:GROUP]`, names or numbers
 * @throws {KgdumpError} PERMISSION_DENIED for others than root, USAGE for what the system does not know
 */
export function findOwner(text: string): Ownership {
  if (process.geteuid?.() !== 0) throw notRoot();
  const [user = "", group, more] = text.split(":");
  if (user === "" || group === "" || more !== undefined) throw new KgdumpError("USAGE", `--owner '${text}' is not USER or USER:GROUP`, { hint: "for example: --owner maya:maya" });
  const found = userCalled(user);
  const gid = group === undefined ? found.gid : groupCalled(group);
  if (gid !== null) return { uid: found.uid, gid };
  throw new KgdumpError("USAGE", `--owner ${user} names no group, and the system knows none for that user`, { hint: `name the group, too: --owner ${user}:GROUP` });
}

/** @returns the number, and that of the group; null where the system does not know it */
function userCalled(user: string): { readonly uid: number; readonly gid: number | null } {
  try {
    const { uid, known } = askAs(numberIn(user) ?? user);
    return { uid, gid: known?.gid ?? null };
  } catch (error) {
    throw unknown("user", user, error);
  }
}

function groupCalled(group: string): number {
  const number = numberIn(group);
  if (number !== null) return number;
  const before = process.getegid?.() ?? 0;
  try {
    process.setegid?.(group);
    return process.getegid?.() ?? 0;
  } catch (error) {
    throw unknown("group", group, error);
  } finally {
    process.setegid?.(before);
  }
}

function numberIn(text: string): number | null {
  return /^\d{1,10}$/.test(text) && Number(text) <= LARGEST_NUMBER ? Number(text) : null;
}

function unknown(what: "user" | "group", name: string, cause: unknown): KgdumpError {
  return new KgdumpError("USAGE", `--owner: the system knows no ${what} ${name}`, { cause, hint: `name one that \`getent ${what === "user" ? "passwd" : "group"}\` lists, or a number` });
}

function notRoot(): KgdumpError {
  return new KgdumpError("PERMISSION_DENIED", "only root may give a new store to a user with --owner", { hint: "leave --owner out: the store is yours then; or run this as root" });
}

/**
 * Fails when a new store can't be given to its owner.
 * @throws {KgdumpError} PERMISSION_DENIED
 */
export function refuseUngivable({ owner }: WithAccess): void {
  if (owner === undefined) return;
  const acting = actingAs();
  if (acting === null) {
    if (process.geteuid?.() !== 0) throw notRoot();
    return;
  }
  const { uid, gid } = owner;
  const mayGive = uid === acting.uid && (acting.keepsNames || gid === acting.gid || process.getgroups?.().includes(gid) === true);
  if (mayGive) return;
  throw new KgdumpError("PERMISSION_DENIED", `kgdump works as user ${acting.uid.toString()} here, who could change ${acting.because} and can't give a store to ${uid.toString()}:${gid.toString()}`, {
    path: acting.because,
    hint: "leave --owner out: the store is that user's then; or stay root with --as-root, if you trust that user",
  });
}

/**
 * Fails when an owner or a mode was given and nothing new is made.
 * @param target the store that is there
 * @throws {KgdumpError} USAGE
 */
export function refuseForExisting({ owner, mode }: WithAccess, target: string): void {
  if (owner === undefined && mode === undefined) return;
  throw new KgdumpError("USAGE", `${owner === undefined ? "--mode" : "--owner"} is for a new store, and ${target} exists: it keeps its owner and its modes`, { path: target, hint: "leave it out; use chown and chmod to change the store" });
}
