/**
 * The states of a migration's journal, what each command does in each of them, and every way in which that can fail: a table of states, steps and failures.
 *
 * A form is a command in one of its ways. Its steps are the calls that change or sync a name, of Node's own thread, as a run under strace shows them, by
 * the state that the journal has then.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { openSledSink } from "#src/engines/sled/sled.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { directionTo, type MigratedEngine } from "#src/operations/migrate/direction.js";
import { readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import type { MigrateOptions } from "#src/operations/migrate/options.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { namesIn } from "../cli/support/stores.js";
import type { Call, Fault, Outcome } from "./inject.js";
import { must } from "./kills.js";

/** A command in one of its ways. */
export interface Form {
  readonly name: string;
  readonly command: "migrate" | "rollback";
  /** The engine that the migration leads to. */
  readonly to: MigratedEngine;
  readonly words: readonly string[];
  /** How the migration is called by the library. */
  readonly migrate?: Partial<MigrateOptions>;
  /** Whether something is written to the new store before a rollback. */
  readonly written?: boolean;
  /** Whether the new store has a path of its own. */
  readonly apart?: boolean;
  /** Whether the backup goes to another file system. */
  readonly away?: boolean;
  /** States of the journal in a run without a fault, in their order. */
  readonly states: readonly string[];
}

/** Where a form works, and what its stores may hold. */
export interface Place {
  /** Everything of it but the backup. */
  readonly out: string;
  /** A directory of another file system. */
  readonly backups: string;
  /** What `out` and `backups` are before each run. */
  readonly saved: string;
  readonly work: string;
  readonly source: string;
  readonly target: string;
  readonly dumps: readonly string[];
}

const MIGRATED = ["none", "exporting", "importing", "imported", "switching", "done"];
const UNDONE = ["done", "rolling-back", "rolled-back"];

/** Every way of both commands. */
export const FORMS: readonly Form[] = [
  ...(["sled", "rocksdb"] as const).flatMap((to): Form[] => [
    { name: `migrate to ${to}`, command: "migrate", to, words: [], states: MIGRATED },
    { name: `migrate to ${to} --stream`, command: "migrate", to, words: ["--stream"], migrate: { stream: true }, states: MIGRATED },
    { name: `migrate to ${to} --backup-dir`, command: "migrate", to, words: ["--backup-dir", "BACKUPS"], away: true, states: MIGRATED },
    { name: `migrate to ${to} --to`, command: "migrate", to, words: ["--to", "TARGET"], apart: true, states: MIGRATED },
    { name: `rollback from ${to}`, command: "rollback", to, words: [], states: UNDONE },
    { name: `rollback from ${to} --discard-new`, command: "rollback", to, words: ["--discard-new"], written: true, states: UNDONE },
    { name: `rollback from ${to} --carry-back`, command: "rollback", to, words: ["--carry-back"], written: true, states: UNDONE },
    { name: `rollback from ${to} with the backup away`, command: "rollback", to, words: [], away: true, states: UNDONE },
    { name: `rollback from ${to} at a path of its own`, command: "rollback", to, words: [], apart: true, states: UNDONE },
    { name: `rollback from ${to} at a path of its own, --carry-back`, command: "rollback", to, words: ["--carry-back"], apart: true, written: true, states: UNDONE },
  ]),
  { name: "migrate to sled --live", command: "migrate", to: "sled", words: ["--live"], migrate: { live: true }, states: ["none", "copying", "waiting", "following", "imported", "switching", "confirming", "done"] },
];

/** The failures of each step. */
export const FAILURES = ["ENOSPC", "EIO", "EACCES", "killed"] as const satisfies readonly Fault["error"][];

/** Words of the command line. */
export function wordsOf({ command, to, words }: Form, { source, target, backups }: Place): string[] {
  const own = words.map((word) => word.replace("BACKUPS", backups).replace("TARGET", target));
  return command === "migrate" ? ["migrate", "--from", source, "--engine", to, "-q", ...own] : ["rollback", target, "-q", ...own];
}

function migration({ to, migrate, away, apart }: Form, { source, target, backups }: Place): MigrateOptions {
  return { source, engine: to, ...(apart === true ? { target } : {}), ...(away === true ? { backupDirectory: backups } : {}), ...migrate };
}

/** The same command once more, by the library. */
async function again(form: Form, place: Place): Promise<void> {
  if (form.command === "migrate") await migrateStore(migration(form, place));
  else await rollbackStore({ target: place.target, discardNew: form.words.includes("--discard-new"), carryBack: form.words.includes("--carry-back") });
}

/** Makes what is there before a form runs, and keeps it. */
export async function prepare(form: Form, place: Place): Promise<void> {
  if (form.command === "rollback") await migrateStore(migration(form, place));
  if (form.written === true) await write(form.to, place.target);
  await rm(place.saved, { recursive: true, force: true });
  await mkdir(place.saved);
  for (const name of ["out", "backups"] as const) await cp(place[name], join(place.saved, name), { recursive: true, preserveTimestamps: true });
}

async function write(engine: MigratedEngine, store: string): Promise<void> {
  const entries = encodeEntries([{ key: Buffer.from("written"), value: Buffer.from("since") }]);
  if (engine === "sled") {
    await using sink = await openSledSink(store, { create: false });
    await sink.apply(Buffer.from("default"), entries, "overwrite");
    await sink.flush();
    return;
  }
  await using sink = await createRocksdbSink(store, { families: ["default", "nodes"] });
  await sink.apply(Buffer.from("default"), entries, "overwrite");
  await sink.flush();
}

/** Puts back what was kept of a place. */
export async function reset({ out, backups, saved }: Place): Promise<void> {
  for (const [path, name] of [[out, "out"], [backups, "backups"]] as const) {
    await rm(path, { recursive: true, force: true });
    await cp(join(saved, name), path, { recursive: true, preserveTimestamps: true });
  }
}

/** A step: a kind of call on a kind of name in a state of the journal, and the calls that it is in a run. */
export interface Step {
  readonly state: string;
  readonly what: string;
  readonly calls: readonly Call[];
}

const CHANGES = new Set(["rename", "renameat2", "link", "unlink", "rmdir", "mkdir", "fsync", "fdatasync", "openat", "write", "writev", "pwrite64", "close"]);

/** The table of a run: its steps by the state of the journal, in their order. */
export function stepsOf(trace: readonly Call[], { out, backups }: Place, before: string): Step[] {
  const steps = new Map<string, { state: string; what: string; calls: Call[] }>();
  let [state, next] = [before, before];
  for (const call of trace) {
    const { syscall, line } = call;
    const isChange = CHANGES.has(syscall) && (syscall !== "openat" || line.includes("O_CREAT"));
    if (isChange) {
      const names = [...line.matchAll(/["<]([^"<>]*)[">]/g)].map(([, name = ""]) => name).filter((name) => name.startsWith(out) || name.startsWith(backups));
      const what = `${syscall} ${names.map((name) => name.replace(out, ".").replace(backups, "BACKUPS").replace(/[0-9a-f]{8,}|\d+/g, "#")).join(" ")}`;
      const key = `${state} ${what}`;
      const step = steps.get(key) ?? { state, what, calls: [] };
      steps.set(key, step);
      step.calls.push(call);
    }
    next = /\\"step\\": \\"([a-z-]+)\\"/.exec(line)?.[1] ?? next;
    if (/^\d+ +rename\(.*kgdump-migration\.json"\)/.test(line)) state = next;
  }
  if (state !== [...steps.values()].at(-1)?.state) steps.set(state, { state, what: "the end", calls: [] });
  return [...steps.values()];
}

async function holdsWhole(path: string, engine: MigratedEngine, dumps: readonly string[], when: string): Promise<void> {
  const found = await occupantOf(path);
  must(found === engine, `${when}, ${path} is ${found} and not ${engine}`);
  for (const dump of dumps) if ((await verifyDump({ input: dump, against: path })).against?.equal === true) return;
  throw new Error(`${when}, the ${engine} store at ${path} is not whole`);
}

/** Fails unless the old store or the new one is in place, whole. */
async function inPlace({ apart, to }: Form, { source, target, dumps }: Place, when: string): Promise<void> {
  const { from } = directionTo(to);
  const found = await occupantOf(target);
  if (apart === true) {
    // What is carried back takes the original's place while the service has its data in the new store elsewhere.
    if (found !== to || (await occupantOf(source)) !== "absent") await holdsWhole(source, from, dumps, when);
    if (found === "absent") return;
  }
  must(found === to || found === from, `${when}, ${found} is in place`);
  await holdsWhole(target, found === to ? to : from, dumps, when);
}

const WRITES_NEW = /kgdump-(?:new|back|partial|removed|before)|\.tmp$|kgdump-[0-9a-f]{16}|-lock$/;

/** Fails unless a command has done all of its work, and left nothing but what it keeps. */
async function isDone(form: Form, place: Place, command: Form["command"], when: string): Promise<void> {
  const { source, target, dumps, out, backups } = place;
  const { from } = directionTo(form.to);
  const isNew = command === "migrate";
  const journal = await readJournal(target);
  if (isNew) await holdsWhole(target, form.to, dumps, when);
  if (!isNew || form.apart === true) await holdsWhole(source, from, dumps, when);
  must(journal === null ? !isNew : journal.step === (isNew ? "done" : "rolled-back"), `${when}, the journal says ${String(journal?.step)}`);
  if (isNew && journal !== null && journal.backup !== null) await holdsWhole(journal.backup, from, dumps, `${when}, the backup`);
  // Without a journal a rollback knows of no old store; whoever works on that next takes over the lock of who was killed.
  const left = [...(await namesIn(out)), ...(existsSync(backups) ? await namesIn(backups) : [])].filter((name) => WRITES_NEW.test(name) && !(journal === null && name === `.${basename(source)}.kgdump-lock`));
  must(left.length === 0, `${when}, ${left.join(", ")} is left`);
}

/** The other command. */
async function opposite(form: Form, place: Place): Promise<void> {
  if (form.command === "rollback") {
    await migrateStore(migration(form, place));
    return;
  }
  await rollbackStore({ target: place.target }).catch((error: unknown) => {
    // Killed before it had a journal, there is nothing to roll back.
    if (!(error instanceof KgdumpError) || error.code !== "NOT_FOUND") throw error;
  });
}

/** What is wrong with how a run ended. */
export function wrongEnd({ error }: Pick<Fault, "error">, { code, signal, stderr, hung, injected }: Outcome): string[] {
  const wrong: string[] = [];
  if (hung) wrong.push("it hung");
  if (error === "killed") return wrong;
  if (code === null || code >= 128) wrong.push(`it ended with ${String(code)} ${String(signal)}`);
  // Rust's library takes a directory that was read and can't be closed for a bug, whatever the system says.
  if (!stderr.includes("during closedir") && (/^\s+at |panicked|node:internal/m.test(stderr) || stderr.includes("[INTERNAL]"))) wrong.push("a stack, or an error of no code of its own");
  if (code !== 0 && stderr.match(/^kgdump: .*\[[A-Z_]+\]$/gm)?.length !== 1) wrong.push("not one clear error");
  if (code !== 0 && injected.length === 0) wrong.push("it failed although nothing was made to fail");
  return wrong;
}

/** What is wrong with a place after a run that failed: status, the same command once more and the other one after it; and the other one at once. */
export async function wrongAfter(form: Form, place: Place): Promise<string[]> {
  const wrong: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => wrong.push(`${what}: ${error instanceof Error ? error.message : String(error)}${error instanceof KgdumpError ? ` [${error.code}]` : ""}`));
  };
  const other = form.command === "migrate" ? "rollback" : "migrate";
  await attempt("status", async () => {
    const { state } = await migrationStatus(place.target);
    must(["migrated", "to-migrate", "unfinished", ...(form.apart === true ? ["nothing"] : [])].includes(state), `it says ${state}`);
  });
  await attempt("after the fault", () => inPlace(form, place, "right then"));
  const kept = { ...place, saved: `${place.saved}-then` };
  await rm(kept.saved, { recursive: true, force: true });
  await mkdir(kept.saved);
  for (const name of ["out", "backups"] as const) await cp(place[name], join(kept.saved, name), { recursive: true, preserveTimestamps: true });
  await attempt(`the next ${form.command}`, async () => {
    await again(form, place);
    await isDone(form, place, form.command, "after it");
  });
  await attempt(`${other} after that`, async () => {
    await opposite(form, place);
    await isDone(form, place, other, "after it");
  });
  await reset(kept);
  await attempt(`${other} at once`, async () => {
    await opposite(form, place);
    await isDone(form, place, other, "after it");
  });
  await rm(kept.saved, { recursive: true, force: true });
  return wrong;
}
