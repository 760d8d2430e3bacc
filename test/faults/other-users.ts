/** A second user for tests of what root's kgdump does where others may write. */
import { execFile, execFileSync } from "node:child_process";
import { chmod, chown, lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { KGDUMP } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const run = promisify(execFile);

/** Nobody has this number. */
export const MAYA = 54_321;
export const CONTENT = { default: numbered("k", 20), nodes: numbered("n", 20) };

/** Where root and another user meet. */
export interface Meeting {
  /** Of root, in which everybody may look. */
  readonly common: string;
  /** Of root alone; `file` is in it. */
  readonly secret: string;
  /** Of the other user. */
  readonly home: string;
  /** In it a RocksDB store of that user, that only that user may open. */
  readonly store: string;
  /** Of root: a store, and a dump of it. */
  readonly own: string;
  readonly dump: string;
}

/** A test that needs root, as there must be a second user: told as skipped without. */
export function testAsRoot(title: string, body: (t: ExecutionContext, meeting: Meeting) => Promise<void>): void {
  test(title, async (t) => {
    t.timeout(5 * 60_000);
    const reason = whyNoOtherUser();
    if (reason === null) {
      await body(t, await meet(t));
      return;
    }
    t.log(`SKIPPED: ${reason}`);
    t.pass();
  });
}

/** Why kgdump can't be run as another user here; null when it can. */
export function whyNoOtherUser(): string | null {
  if (process.geteuid?.() !== 0) return "this needs root, who can be another user";
  try {
    execFileSync(process.execPath, [KGDUMP, "--version"], { uid: MAYA, gid: MAYA, stdio: "ignore" });
    return null;
  } catch {
    return "other users can't read kgdump's folder";
  }
}

async function meet(t: ExecutionContext): Promise<Meeting> {
  const common = await temporaryDirectory(t);
  const [secret, home] = [join(common, "secret"), join(common, "home")];
  await chmod(common, 0o755);
  await mkdir(secret, { mode: 0o700 });
  await writeFile(join(secret, "file"), "secret\n");
  await mkdir(home);
  const [store, own] = [await makeStore(home, "graph", CONTENT), await makeStore(secret, "graph", CONTENT)];
  const dump = join(secret, "graph.kgd");
  await exportStore({ store: own, output: dump });
  await give(home);
  await chmod(store, 0o750);
  return { common, secret, home, store, own, dump };
}

/** Gives all below a path, and itself, to the other user. */
export async function give(path: string, user = MAYA): Promise<void> {
  await run("chown", ["-hR", `${user.toString()}:${user.toString()}`, path]);
}

/** Lets the other user do something in a shell. */
export async function asMaya(script: string): Promise<void> {
  await run("sh", ["-ec", script], { uid: MAYA, gid: MAYA });
}

/** Makes a directory in which everybody may put things, as /tmp is. */
export async function stickyDirectory({ common }: Meeting): Promise<string> {
  const path = join(common, "sticky");
  await mkdir(path);
  await chmod(path, 0o1777);
  await chown(path, 0, 0);
  return path;
}

/** Owner, group and mode of all below a path, and its own: `name uid:gid mode`. */
export async function owners(path: string, name = "."): Promise<string[]> {
  const { uid, gid, mode } = await lstat(path);
  const names = (mode & 0o170000) === 0o040000 ? (await readdir(path)).sort() : [];
  const below = await Promise.all(names.map((each) => owners(join(path, each), join(name, each))));
  return [`${name} ${uid.toString()}:${gid.toString()} ${(mode & 0o7777).toString(8)}`, ...below.flat()];
}
