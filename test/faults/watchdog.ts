/** Every command that takes a store, in a process that is watched: how it ends, and what it leaves behind. */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { gather, kgdump, start, type Ended } from "../cli/support/run.js";

/** So long may a command take with a small store, on a machine with much else to do. */
const LIMIT_MS = 180_000;

/** A command for a store: its words, and whether it may change what it is given (a copy, then). */
interface Command {
  readonly verb: string;
  readonly words: (store: string, work: string) => readonly string[];
  readonly changes?: true;
}

const COMMANDS: readonly Command[] = [
  { verb: "export", words: (store, work) => ["export", store, "-o", join(work, "dump.kgd"), "--force"] },
  { verb: "export", words: (store, work) => ["export", store, "-o", join(work, "ttl.kgd"), "--force", "--ttl", "strip", "--json"] },
  { verb: "export", words: (store) => ["export", store, "--dry-run"] },
  { verb: "verify", words: (store) => ["verify", store, "--against", store] },
  { verb: "stats", words: (store) => ["stats", store, "--schema", "--sample", "3"] },
  { verb: "report", words: (store) => ["report", store] },
  { verb: "graph", words: (store) => ["graph", store] },
  { verb: "browse", words: (store) => ["browse", store] },
  { verb: "inspect", words: (store) => ["inspect", store] },
  { verb: "recover", words: (store, work) => ["recover", store, "-o", join(work, "saved.kgd"), "--force"] },
  { verb: "recover", words: (store) => ["recover", store, "--dry-run"] },
  { verb: "find", words: (store) => ["find", store, "key"] },
  { verb: "status", words: (store) => ["status", store] },
  { verb: "compact", words: (store) => ["compact", store, "--dry-run"] },
  { verb: "cleanup", words: (store) => ["cleanup", store] },
  { verb: "migrate", words: (store) => ["migrate", "--dry-run", "--from", store] },
  { verb: "rollback", words: (store) => ["rollback", store] },
  { verb: "migrate", words: (store) => ["migrate", "--from", store, "--stream"], changes: true },
];

/** The verbs that this program has, by its help. */
export async function verbs(): Promise<Set<string>> {
  const { stdout } = await kgdump(["--help"]);
  return new Set([...stdout.toString().matchAll(/^ {2}([a-z]+) .*(?:<|\[)/gm)].map(([, verb = ""]) => verb));
}

/** Digest over names, kinds and bytes of all that is in a directory. RocksDB's LOCK, which is always empty, is left out. */
export async function treeDigest(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = found
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry }) => entry.name !== "LOCK")
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { entry, path } of paths) {
    hash.update(`${relative(directory, path)}\0`);
    if (entry.isFile()) hash.update(await readFile(path));
    else hash.update(entry.isSymbolicLink() ? await readlink(path) : "no file");
  }
  return hash.digest("hex");
}

/** Runs a command, and kills it when it takes too long. */
async function watched(words: readonly string[]): Promise<Ended & { readonly hangs: boolean }> {
  const child = start(words);
  let hangs = false;
  const limit = setTimeout(() => {
    hangs = true;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  try {
    return { ...(await gather(child)), hangs };
  } finally {
    clearTimeout(limit);
  }
}

/** What is wrong with how a command ended, whatever it was given. */
function wrongEnd({ code, signal, stdout, stderr, hangs }: Ended & { readonly hangs: boolean }): string | null {
  const said = `${stderr}${stdout.subarray(0, 10_000).toString("latin1")}`;
  if (hangs) return `hangs: ${stderr.slice(-500)}`;
  if (signal !== null || code === null) return `ended by ${String(signal)}: ${stderr.slice(-500)}`;
  // These are words of `status`.
  if (code > 7 && ![10, 11, 12, 13, 14].includes(code)) return `exit code ${String(code)}: ${stderr.slice(-500)}`;
  if (said.includes("INTERNAL")) return `INTERNAL: ${stderr.slice(-1000)}`;
  if (/^\s+at /m.test(stderr)) return `a stack trace: ${stderr.slice(-1000)}`;
  return null;
}

/**
 * Runs all commands on the store, which must lie in a directory of its own, `work` in another one.
 * @returns what is wrong, a line each
 */
export async function watch(store: string, work: string, has: ReadonlySet<string>): Promise<string[]> {
  const wrong: string[] = [];
  const home = dirname(store);
  const before = await treeDigest(home);
  await mkdir(work, { recursive: true });
  for (const { verb, words, changes } of COMMANDS) {
    if (!has.has(verb)) continue;
    const given = changes === true ? join(work, "copy", basename(store)) : store;
    if (changes === true) await cp(home, dirname(given), { recursive: true, verbatimSymlinks: true });
    const line = words(given, work);
    const ended = await watched(line);
    const end = wrongEnd(ended);
    if (end !== null) wrong.push(`kgdump ${line.join(" ")}: ${end}`);
    if ((await treeDigest(home)) !== before) return [...wrong, `kgdump ${line.join(" ")}: the store or what lies beside it has changed: ${(await readdir(home)).join(" ")}`];
    if (changes === true) wrong.push(...(await back(given, ended, store)));
  }
  return wrong;
}

/** After a migration: what failed has changed nothing and left its journal at most, and what was done can be undone. */
async function back(given: string, { code }: Ended, store: string): Promise<string[]> {
  const [home, beside] = [dirname(given), dirname(store)];
  if (code !== 0) {
    const left = (await readdir(home)).filter((name) => name !== `${basename(given)}.kgdump-migration.json`);
    const same = left.length === (await readdir(beside)).length && (await treeDigest(given)) === (await treeDigest(store));
    return same ? [] : [`the migration of ${given} failed and left something: ${left.join(" ")}`];
  }
  // A sled store is not migrated.
  if (!(await readdir(home)).includes(`${basename(given)}.kgdump-migration.json`) && (await treeDigest(given)) === (await treeDigest(store))) return [];
  const undone = await watched(["rollback", given]);
  const end = wrongEnd(undone) ?? (undone.code === 0 ? null : `exit code ${String(undone.code)}: ${undone.stderr}`);
  if (end !== null) return [`kgdump rollback ${given}: ${end}`];
  return (await treeDigest(given)) === (await treeDigest(store)) ? [] : [`kgdump rollback ${given}: it is not the store that it was`];
}
