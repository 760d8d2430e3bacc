/** The real binary in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { EXITS } from "#src/cli/help/exits.js";
import { isPrintable } from "#src/cli/text/characters.js";

/** Path of the program. */
export const KGDUMP = join(process.cwd(), "bin", "kgdump.js");

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How to run. */
export interface RunOptions {
  readonly input?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Number of the user, and of the group, that runs it; only root can choose. */
  readonly user?: number;
}

/** The environment of this process without what would change the output, and with what the test sets. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, SOURCE_DATE_EPOCH: _epoch, ...rest } = process.env;
  return { ...rest, TERM: "xterm", KGDUMP_PAGER: "cat", NODE: process.execPath, KGDUMP, ...extra };
}

/** Waits for the end of a process and gathers what it wrote. */
export async function gather(child: ChildProcess): Promise<Ended> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code, signal) => {
      done({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString("utf8") });
    });
  });
}

/** Starts kgdump with pipes. */
export function start(args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [KGDUMP, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
}

/** Runs kgdump to its end. */
export async function kgdump(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options);
  // It may end before it has read everything.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);
  const ended = await gather(child);
  checkExit(args, ended.code);
  return ended;
}

/** Whatever a command ends with in any test is in its help. */
function checkExit(args: readonly string[], code: number | null): void {
  const command = args.find((arg) => Object.hasOwn(EXITS, arg));
  const known = [...(EXITS[command ?? ""] ?? []), 0, 129, 130, 143];
  if (command !== undefined && code !== null && !known.includes(code)) throw new Error(`kgdump ${command} ended with ${code.toString()}, which its help does not tell`);
}

/** Runs a script of bash, in which `kgdump` is the program. `pipefail` is set. */
export async function shell(script: string, options: Omit<RunOptions, "input"> = {}): Promise<Ended> {
  const prelude = 'set -o pipefail; kgdump() { "$NODE" "$KGDUMP" "$@"; }; ';
  const child = spawn("bash", ["-c", prelude + script], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return gather(child);
}

/**
 * Runs a script of bash in a pseudo terminal, of 100 columns by default; stdout holds all that the terminal was sent. Needs
 * Debian's `script`.
 */
export async function terminal(script: string, options: Omit<RunOptions, "input"> & { readonly columns?: number } = {}): Promise<Ended> {
  const prelude = `stty cols ${(options.columns ?? 100).toString()} rows 30; kgdump() { "$NODE" "$KGDUMP" "$@"; }; `;
  const child = spawn("script", ["-qec", `bash -c '${(prelude + script).replaceAll("'", "'\\''")}'`, "/dev/null"], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return gather(child);
}

/** The exit status as a shell has it: of what a signal ended, 128 and its number. */
function statusOf({ code, signal }: Ended): number | null {
  return signal === null ? code : 128 + constants.signals[signal];
}

/** Asserts that it ended with one clear error: its exit code, its code, no stack, nothing that a terminal obeys. */
export function assertOneError(t: ExecutionContext, ended: Ended, exitCode: number, code: string): void {
  const { stderr } = ended;
  t.is(statusOf(ended), exitCode, stderr);
  t.is(stderr.match(/^kgdump: /gm)?.length, 1, stderr);
  t.true(stderr.includes(`[${code}]`), stderr);
  t.notRegex(stderr, /^\s+at /m);
  t.true(stderr.split("\n").every(isPrintable), JSON.stringify(stderr));
}
