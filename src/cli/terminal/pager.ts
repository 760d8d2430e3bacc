/** A pager for what may be longer than the terminal: as git starts one, that of KGDUMP_PAGER, PAGER, or less where it is installed. */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";
import { KgdumpError } from "../../errors.js";

/** What less does unless LESS says otherwise: ends at once when all fits the screen, passes colours on, and leaves the text there at its end. */
const LESS = "FRX";

/** A pager that runs. */
export interface Pager {
  /** What it shows. */
  readonly stream: Writable;
  /** Ends what it shows, and waits until the user leaves it. @throws {KgdumpError} IO_FAILED when it could not be run */
  leave(): Promise<void>;
  /** Ends it at once. */
  end(): void;
}

/**
 * The command of the user's pager.
 * @param env the environment of the process
 * @returns null when there is none, or none is wanted: an empty variable, or `cat`
 */
export function pagerOf(env: NodeJS.ProcessEnv): string | null {
  const { KGDUMP_PAGER: own, PAGER: usual, TERM: term, PATH: path = "" } = env;
  if (process.platform === "win32" || term === "dumb") return null;
  const asked = own ?? usual;
  if (asked !== undefined) return ["", "cat"].includes(asked.trim()) ? null : asked;
  return path.split(delimiter).some((directory) => isProgram(join(directory, "less"))) ? "less" : null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a pager on the terminal. @param command as a shell takes it */
export function startPager(command: string, env: NodeJS.ProcessEnv): Pager {
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["pipe", "inherit", "inherit"], env: { LESS, ...env } });
  const ended = new Promise<number | null>((done) => {
    child.once("error", () => { done(127); });
    child.once("exit", (code) => { done(code); });
  });
  // Who writes is told by the write itself.
  child.stdin.on("error", () => undefined);
  return {
    stream: child.stdin,
    leave: async () => {
      child.stdin.end();
      const code = await ended;
      // A shell says so for what it does not find, or may not run.
      if (code === 126 || code === 127) throw new KgdumpError("IO_FAILED", `the pager '${command}' can't be run`, { hint: "set KGDUMP_PAGER to another one, or to cat for none" });
    },
    end: () => { child.kill(); },
  };
}
