/**
 * Runs kgdump under strace, which lets the Nth call of the system on the files of one directory fail.
 *
 * strace counts for each thread. All of Node's own file work is done by one thread here, which makes BURNT calls of each kind on a file
 * of no meaning first: a number above BURNT is then a call of that thread alone, one up to BURNT a call of the addon's threads alone.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Ended, gather, KGDUMP } from "../cli/support/run.js";

/** Calls that are made on the file of no meaning. */
export const BURNT = 60;

/** Calls that write, create, name or end something. */
export const SYSCALLS = [
  ...["write", "writev", "pwrite64", "fsync", "fdatasync", "sync_file_range", "ftruncate", "fallocate"],
  ...["openat", "close", "mkdir", "rename", "renameat2", "link", "unlink", "rmdir"],
] as const;

/** One fault: a call that fails, or before which the process is killed. */
export interface Fault {
  readonly syscall: string;
  readonly error: "ENOSPC" | "EIO" | "EDQUOT" | "EACCES" | "killed";
  /** The call that fails, counted from 1 for each thread. */
  readonly nth: number;
  /** All up to `last` fail too; without it, all to the end do. */
  readonly lasting: boolean;
  readonly last?: number;
}

/** A call of Node's own thread, and its number among those of its kind. */
export interface Call {
  readonly syscall: string;
  readonly nth: number;
  readonly line: string;
}

/** What came of it. */
export interface Outcome extends Ended {
  /** Whether it was killed because it did not end. */
  readonly hung: boolean;
  /** Calls that were made to fail, as strace shows them. */
  readonly injected: readonly string[];
  /** Paths in the directory that were used. */
  readonly paths: readonly string[];
  /** Without a fault: all calls on them that Node's thread made, in their order. */
  readonly trace: readonly Call[];
  /** Number of calls of each kind on them: Node's, and the highest of any other thread. */
  readonly calls: { readonly node: ReadonlyMap<string, number>; readonly addon: ReadonlyMap<string, number> };
}

const PATIENCE_MS = 60_000;

/** Whether strace is here and may trace. */
export function straceWorks(): boolean {
  return spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;
}

/** A module that makes random names and names by the time the same every time, and the calls of no meaning. */
function preload(burnt: string): string {
  return `
    import crypto from "node:crypto";
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { randomBytes } = crypto;
    crypto.randomBytes = (size, ...rest) => (size <= 8 ? Buffer.alloc(size, 0xfa) : randomBytes(size, ...rest));
    syncBuiltinESMExports();
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...parts) {
        super(...(parts.length === 0 ? [1_700_000_000_000] : parts));
      }
    };
    const path = ${JSON.stringify(burnt)};
    const call = (name, ...args) => new Promise((done) => fs[name](...args, (error, value) => done(value)));
    for (let i = 0; i < ${BURNT}; i += 1) {
      const file = (await call("open", path, "w")) ?? -1;
      if (file >= 0) {
        await call("write", file, Buffer.of(0));
        await call("write", file, Buffer.of(0), 0, 1, 0);
        await call("writev", file, [Buffer.of(0), Buffer.of(0)]);
        await call("fsync", file);
        await call("fdatasync", file);
        await call("ftruncate", file, 0);
        await call("close", file);
      }
      await call("link", path, path);
      await call("mkdir", path);
      await call("rename", path, path);
      await call("rmdir", path);
    }
    for (let i = 0; i < ${BURNT}; i += 1) await call("unlink", path);
  `;
}

function when({ nth, lasting, last }: Fault): string {
  if (!lasting) return nth.toString();
  return last === undefined ? `${nth}+` : `${nth}..${last}`;
}

function countCalls(lines: readonly string[], within: string, burnt: string): Outcome["calls"] {
  const threads = new Map<string, Map<string, number>>();
  let node = "";
  for (const line of lines) {
    const [, thread = "", name = ""] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (line.includes(burnt)) node = thread;
    if (name === "" || !line.includes(within)) continue;
    const calls = threads.get(thread) ?? new Map<string, number>();
    threads.set(thread, calls.set(name, (calls.get(name) ?? 0) + 1));
  }
  const addon = new Map<string, number>();
  for (const [thread, calls] of threads) {
    if (thread !== node) for (const [name, count] of calls) addon.set(name, Math.max(count, addon.get(name) ?? 0));
  }
  return { node: threads.get(node) ?? new Map<string, number>(), addon };
}

/** The calls of the thread that makes those of no meaning, numbered as they will be when only calls on these files count. */
function traceOf(lines: readonly string[], roots: readonly string[], burnt: string): Call[] {
  const thread = /^\d+/.exec(lines.findLast((line) => line.includes(burnt)) ?? "")?.[0];
  const counts = new Map<string, number>();
  return lines.flatMap((line) => {
    const [, caller, syscall = ""] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (caller === undefined || caller !== thread || ![burnt, ...roots].some((root) => line.includes(root))) return [];
    const nth = (counts.get(syscall) ?? 0) + 1;
    counts.set(syscall, nth);
    return line.includes(burnt) ? [] : [{ syscall, nth, line }];
  });
}

/**
 * Runs kgdump with `args`; of the calls on `paths` and on the burnt file, the fault's fail.
 * @param work directory for the files of strace, outside of what is looked at
 * @param paths without a fault: other directories whose calls are told, too
 */
export async function runWithFault(work: string, args: readonly string[], within: string, fault: Fault | null, paths: readonly string[]): Promise<Outcome> {
  const [log, module, burnt] = [join(work, "strace.log"), join(work, "preload.mjs"), join(work, "burnt")];
  await writeFile(module, preload(burnt));
  await writeFile(burnt, "");
  const inject = fault === null ? [] : [`-einject=${fault.syscall}:${fault.error === "killed" ? "error=EIO:signal=SIGKILL" : `error=${fault.error}`}:when=${when(fault)}`];
  const child = spawn(
    "strace",
    [
      // With filters of the kernel, signals don't come.
      ...["-f", ...(fault?.error === "killed" ? [] : ["--seccomp-bpf"]), "-y", "-s", fault === null ? "8192" : "32", "-o", log, `-etrace=${fault?.syscall ?? SYSCALLS.join(",")}`],
      ...inject,
      ...(fault === null ? [] : [burnt, ...paths].flatMap((path) => ["-P", path])),
      ...[process.execPath, KGDUMP, ...args],
    ],
    {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: `--import=${pathToFileURL(module).href}`, UV_THREADPOOL_SIZE: "1", NO_COLOR: "1" },
    },
  );
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, PATIENCE_MS);
  const ended = await gather(child);
  clearTimeout(timer);
  const lines = (await readFile(log, "utf8")).split("\n");
  await rm(log);
  const pattern = new RegExp(`["<](${within}[^">]*)[">]`, "g");
  return {
    ...ended,
    hung,
    injected: lines.filter((line) => line.includes("(INJECTED)") && !line.includes(burnt)),
    trace: fault === null ? traceOf(lines, [within, ...paths], burnt) : [],
    calls: countCalls(lines, within, burnt),
    paths: [...new Set(lines.flatMap((line) => [...line.matchAll(pattern)].map(([, path = ""]) => path)))],
  };
}
