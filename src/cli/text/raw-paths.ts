/**
 * Paths that are not UTF-8. Node gives arguments as text, with U+FFFD in place of what is no UTF-8; the bytes are in /proc/self/cmdline. A path with such
 * bytes gets another name by which the same thing can be opened, `/proc/self/fd/N` or a name in it, and what is printed has the path as it was typed.
 */
import { constants, openSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { hasCode, KgdumpError, systemError } from "../../errors.js";

/** Options whose value is a path. */
const PATH_OPTIONS: readonly string[] = ["-o", "--output", "-i", "--input", "--against", "--base", "--config", "--options-from"];
/** Options whose value is bytes of their own; who reads them says how they are typed. */
const OTHER_OPTIONS: readonly string[] = ["--prefix", "--keyspace", "--column-family", "--cf", "--exclude-keyspace", "--exclude-column-family", "--exclude-cf", "--map", "--get", "--separator", "--grep"];
/** The same of an export; of a migration they are paths. */
const KEY_OPTIONS: readonly string[] = ["--from", "--to"];
/** Commands that write paths down, and go on by them after an interruption. */
const WRITES_PATHS: readonly string[] = ["migrate", "rollback", "status", "cleanup"];

/** The working directory, whatever its name is. */
const HERE = "/proc/self/cwd";

/** What stands for paths, and how these are shown. */
export class RawPaths {
  readonly #shown = new Map<string, string>();

  /**
   * Puts what can be opened in place of paths that are not UTF-8.
   * @param args arguments as Node gives them
   * @param bytes the same arguments as they were given; null when that is not known
   * @throws {KgdumpError} NOT_FOUND when there is nothing, USAGE for a command that can't take such paths, PERMISSION_DENIED, IO_FAILED
   */
  replace(args: readonly string[], bytes = rawArguments(args.length)): string[] {
    if (bytes === null) return [...args];
    const command = args.find((arg) => !arg.startsWith("-")) ?? "";
    this.#standIn(workingDirectory(), command);
    return args.map((arg, index) => {
      const raw = bytes[index];
      if (raw === undefined || !arg.includes("\ufffd") || raw.equals(Buffer.from(arg))) return arg;
      const before = args[index - 1] ?? "";
      const writes = WRITES_PATHS.includes(command);
      const start = pathStart(arg, before, [...OTHER_OPTIONS, ...(writes ? [] : KEY_OPTIONS)]);
      if (start === null && !(writes && arg.startsWith("-"))) return arg;
      const path = raw.subarray(start ?? 0);
      if (start === null || writes) throw unusable(shownPath(path));
      return arg.slice(0, start) + this.#otherName(path);
    });
  }

  /** A text with the paths as they were typed. */
  text(text: string, json: boolean): string {
    let shown = text;
    for (const [name, path] of this.#shown) shown = shown.replaceAll(name, json ? JSON.stringify(path).slice(1, -1) : path);
    return shown;
  }

  /** Has paths that begin at the working directory begin at another name of it, where Node can't tell its name. */
  #standIn(directory: Buffer | null, command: string): void {
    if (directory === null) return;
    if (WRITES_PATHS.includes(command)) throw unusable(shownPath(directory));
    process.cwd = () => HERE;
    this.#shown.set(HERE, shownPath(directory));
  }

  /** Another name of what is at a path, or may be made there. */
  #otherName(path: Buffer): string {
    const slash = path.lastIndexOf("/", path.length > 1 && path.at(-1) === 0x2f ? -2 : undefined);
    const base = path.subarray(slash + 1);
    const parent = slash < 0 ? Buffer.from(".") : path.subarray(0, slash + 1);
    const inText = Buffer.from(base.toString()).equals(base);
    const directory = `/proc/self/fd/${String(openRaw(inText ? parent : path, path))}`;
    const name = inText ? `${directory}/${base.toString()}` : directory;
    this.#shown.set(name, shownPath(path));
    return name;
  }
}

/** The working directory, when its name is not UTF-8; else null. */
function workingDirectory(): Buffer | null {
  try {
    const told = process.cwd();
    if (!told.includes("\ufffd")) return null;
    const name = readlinkSync(HERE, { encoding: "buffer" });
    return name.equals(Buffer.from(told)) ? null : name;
  } catch {
    return null; // It was removed, which is told where it is needed.
  }
}

/** Where a path begins in an argument; null when it has none. @param others options whose values are none */
function pathStart(arg: string, before: string, others: readonly string[]): number | null {
  if (PATH_OPTIONS.includes(before)) return 0;
  if (others.includes(before)) return null;
  if (!arg.startsWith("-")) return 0;
  const equals = arg.indexOf("=");
  if (equals > 0 && PATH_OPTIONS.includes(arg.slice(0, equals))) return equals + 1;
  return PATH_OPTIONS.includes(arg.slice(0, 2)) && !arg.startsWith("--") ? 2 : null;
}

/** The last arguments of this process as bytes; null where the system does not tell. */
function rawArguments(count: number): Buffer[] | null {
  let line: Buffer;
  try {
    line = readFileSync("/proc/self/cmdline");
  } catch {
    return null;
  }
  const all: Buffer[] = [];
  for (let start = 0; start < line.length;) {
    const end = line.indexOf(0, start);
    all.push(line.subarray(start, end < 0 ? line.length : end));
    start = end < 0 ? line.length : end + 1;
  }
  return count === 0 ? [] : all.slice(-count);
}

/** Opens a directory or file for as long as the process lives. */
function openRaw(what: Buffer, path: Buffer): number {
  try {
    // Opening a FIFO would wait for its other end.
    const kind = statSync(what);
    return openSync(what, kind.isFIFO() ? constants.O_RDWR : constants.O_RDONLY);
  } catch (error) {
    const shown = shownPath(path);
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw systemError(error, `opening ${shown}`, { path: shown });
    throw new KgdumpError("NOT_FOUND", `there is nothing at ${shown}, and kgdump creates nothing whose name is not UTF-8`, {
      cause: error,
      path: shown,
      hint: "check the path; for an output, choose a name in UTF-8",
    });
  }
}

/** A path as text, in which each byte that is no UTF-8 is \xNN. */
function shownPath(path: Buffer): string {
  let shown = "";
  for (let at = 0; at < path.length;) {
    const length = [1, 2, 3, 4].find((size) => at + size <= path.length && !path.toString("utf8", at, at + size).includes("\ufffd"));
    shown += length === undefined ? `\\x${(path[at] ?? 0).toString(16).padStart(2, "0")}` : path.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return shown;
}

function unusable(path: string): KgdumpError {
  return new KgdumpError("USAGE", `${path} is not UTF-8, but a migration writes down the paths that it works on`, {
    path,
    hint: "give the directories names in UTF-8 for the migration, or use kgdump export and kgdump import, which read such paths",
  });
}
