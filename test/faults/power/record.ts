/** Runs a command under strace and records what it does to the files below one directory. */
import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Ended, gather, KGDUMP } from "../../cli/support/run.js";
import { type Inode, type Naming, Recording } from "./disk.js";
import { OpenFiles } from "./open-files.js";

const CALLS = [
  ...["open", "openat", "creat", "close", "dup", "dup2", "dup3", "fcntl", "lseek", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate"],
  ...["copy_file_range", "sendfile", "ioctl", "mmap", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"],
  ...["fsync", "fdatasync", "sync", "syncfs", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat"],
];

/** A command that was recorded. */
export interface Recorded extends Ended {
  readonly recording: Recording;
  /** Directories that some file systems would not remove, as something of them is still open. */
  readonly stuck: readonly string[];
}

/**
 * Runs `kgdump ARGS` and records what it does below `root`, of which all that is there is durable. What it makes is its user's alone from the
 * beginning: no change of modes, which is synced by itself, then syncs what should have been.
 */
export async function record(root: string, args: readonly string[]): Promise<Recorded> {
  const work = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  try {
    const recording = new Recording(root);
    const log = join(work, "strace.log");
    const child = spawn("strace", ["-f", "-y", "-xx", "-s", String(2 ** 28), "-o", log, `-etrace=${CALLS.join(",")}`, "sh", "-c", 'umask 077; exec "$@"', "sh", process.execPath, KGDUMP, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, UV_USE_IO_URING: "0", NO_COLOR: "1" },
    });
    const ended = await gather(child);
    const reader = new Reader(recording, root);
    for await (const line of createInterface({ input: createReadStream(log, "latin1"), crlfDelay: Infinity })) reader.line(line);
    return { ...ended, recording, stuck: reader.open.stuck };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const text = (hex: string): Buffer => Buffer.from(hex.replaceAll("\\x", ""), "hex");
/** A descriptor with its path, a text, or anything else. */
const ARGUMENT = /(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>(?:\(deleted\))?|"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?|[^,\s][^,]*/g;

/** One argument of a call: its words as they stand, the descriptor and the path of one, or the bytes of a text. */
interface Argument {
  readonly words: string;
  readonly descriptor?: number;
  readonly path?: string;
  readonly bytes?: Buffer;
}

class Reader {
  readonly #recording: Recording;
  readonly #root: string;
  /** Calls that have begun, by thread: their words, and how many steps were done then. */
  readonly #begun = new Map<string, readonly [words: string, since: number]>();
  /** Where the next write on a descriptor goes; descriptors are the process's. */
  readonly #offsets = new Map<number, number>();
  readonly #appending = new Set<number>();
  readonly open = new OpenFiles();

  constructor(recording: Recording, root: string) {
    this.#recording = recording;
    this.#root = root;
  }

  line(line: string): void {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const unfinished = / <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      this.#begun.set(thread, [rest.slice(0, unfinished.index), this.#recording.steps.length]);
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    const [before, since] = this.#begun.get(thread) ?? ["", this.#recording.steps.length];
    const whole = resumed === null ? rest : before + rest.slice(resumed[0].length);
    if (resumed !== null) this.#begun.delete(thread);
    const [, call = "", list = "", result = ""] = /^(\w+)\((.*)\) += (-?\d+)(?:<[^>]*>)?(?: .*)?$/s.exec(whole) ?? [];
    if (call === "" || result.startsWith("-")) return;
    const found = [...list.matchAll(ARGUMENT)].map(([words, descriptor, path, bytes]): Argument => ({
      words: words.trim(),
      ...(descriptor === undefined ? {} : { descriptor: descriptor === "AT_FDCWD" ? -100 : Number(descriptor) }),
      ...(path === undefined ? {} : { path: text(path).toString() }),
      ...(bytes === undefined ? {} : { bytes: text(bytes) }),
    }));
    this.#call(call, found.filter(({ words }) => words !== ""), Number(result), resumed === null ? this.#recording.steps.length : since);
  }

  /** The names of a path below the root; null for any other path. */
  #below(path: string): string[] | null {
    if (path === this.#root) return [];
    return path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1).split("/").filter((name) => name !== "" && name !== ".") : null;
  }

  #inodeOf({ path, words }: Argument = { words: "" }): Inode | null {
    const names = path === undefined || words.endsWith("(deleted)") ? null : this.#below(path);
    return names === null ? null : this.#recording.find(names);
  }

  /** The paths that a call names: texts, each within the directory before it, if there is one. */
  #paths(args: readonly Argument[]): string[] {
    return args.flatMap(({ bytes }, index) => {
      if (bytes === undefined) return [];
      const name = bytes.toString();
      const within = args[index - 1]?.path;
      return [name.startsWith("/") || within === undefined ? name : join(within, name)];
    });
  }

  #call(call: string, args: readonly Argument[], result: number, since: number): void {
    const [first, second] = args;
    if (["open", "openat", "creat"].includes(call)) this.#open(call, args, result);
    else if (call === "dup" || call === "dup2" || call === "dup3" || (call === "fcntl" && second?.words.startsWith("F_DUPFD") === true)) this.#duplicate(first?.descriptor ?? -1, result);
    else if (call === "close") this.open.closed(first?.descriptor ?? -1);
    else if (call === "lseek") this.#offsets.set(first?.descriptor ?? -1, result);
    else if (call === "fsync" || call === "fdatasync") this.#sync(first, since);
    else if (/^f?ch(?:mod|own)(?:at)?$/.test(call)) this.#access(call, args);
    else if (call === "sync" || call === "syncfs") throw new Error(`the model does not know ${call}`);
    else if (call === "mmap" && args.some(({ words }) => words.includes("MAP_SHARED")) && args.some(({ words }) => words.includes("PROT_WRITE")) && args.some((arg) => this.#inodeOf(arg) !== null)) {
      throw new Error("the model does not know files that are written through memory");
    } else if (["write", "writev", "pwrite64", "pwritev", "pwritev2"].includes(call)) this.#write(call, args, result);
    else if (["ftruncate", "truncate", "fallocate"].includes(call)) this.#length(call, args);
    else if (call === "copy_file_range") this.#copy(first, args[1], args[2], args[3], result);
    else if (call === "sendfile") this.#copy(second, args[2], first, undefined, result);
    else if (call === "ioctl") {
      if (second?.words.includes("FICLONE") === true && this.#inodeOf(first) !== null) throw new Error("the model does not know clones");
    } else this.#names(call, args);
  }

  #duplicate(from: number, to: number): void {
    this.#offsets.set(to, this.#offsets.get(from) ?? 0);
    this.open.copied(from, to);
  }

  #sync(first: Argument | undefined, since: number): void {
    const inode = this.#inodeOf(first);
    if (inode !== null) this.#recording.add({ kind: "sync", inode, since });
  }

  #access(call: string, args: readonly Argument[]): void {
    const names = call === "fchmod" || call === "fchown" ? null : this.#below(this.#paths(args)[0] ?? "");
    const inode = call === "fchmod" || call === "fchown" ? this.#inodeOf(args[0]) : names === null ? null : this.#recording.find(names);
    // A link can't be opened, and so not be synced.
    if (inode !== null && !this.#recording.isLink(inode)) this.#recording.add({ kind: "access", inode, what: `${call} of ${args[0]?.path ?? names?.join("/") ?? ""}` });
  }

  #open(call: string, args: readonly Argument[], result: number): void {
    const [path = ""] = this.#paths(args);
    const flags = call === "creat" ? "O_CREAT|O_TRUNC" : args.map(({ words }) => words).join(" ");
    this.#offsets.set(result, 0);
    if (flags.includes("O_APPEND")) this.#appending.add(result);
    else this.#appending.delete(result);
    const names = this.#below(path);
    this.open.opened(result, null);
    if (names === null) return;
    const known = this.#recording.find(names);
    if (known !== null) this.open.opened(result, known);
    if (known === null && flags.includes("O_CREAT")) {
      const place = this.#recording.place(names);
      if (place === null) return;
      const made = this.#recording.make({ kind: "file", initial: Buffer.alloc(0) });
      this.open.opened(result, made);
      this.#recording.add({ kind: "names", names: [[...place, made]], what: `create ${names.join("/")}` });
    } else if (known !== null && flags.includes("O_TRUNC")) this.#recording.add({ kind: "length", file: known, length: 0, atLeast: false });
  }

  #write(call: string, args: readonly Argument[], written: number): void {
    const [first] = args;
    const file = this.#inodeOf(first);
    const descriptor = first?.descriptor ?? -1;
    const data = Buffer.concat(args.flatMap(({ words, bytes }) => bytes ?? [...words.matchAll(/iov_base="((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) => text(hex)))).subarray(0, written);
    const positioned = call.startsWith("p");
    if (file === null) return;
    if (data.length !== written) throw new Error(`of ${call} only ${String(data.length)} of ${String(written)} bytes are known`);
    const offset = positioned ? Number(args.at(-1)?.words) : this.#appending.has(descriptor) ? this.#recording.bytesOf(file).length : (this.#offsets.get(descriptor) ?? 0);
    if (!positioned) this.#offsets.set(descriptor, offset + written);
    this.#recording.add({ kind: "write", file, offset, data });
  }

  /** Bytes go from one file to another within the system. */
  #copy(from: Argument | undefined, fromAt: Argument | undefined, to: Argument | undefined, toAt: Argument | undefined, count: number): void {
    const offset = (file: Argument | undefined, at: Argument | undefined): number => {
      const given = /\[(\d+)/.exec(at?.words ?? "");
      if (given !== null) return Number(given[1]);
      const descriptor = file?.descriptor ?? -1;
      const start = this.#offsets.get(descriptor) ?? 0;
      this.#offsets.set(descriptor, start + count);
      return start;
    };
    const [read, written] = [offset(from, fromAt), offset(to, toAt)];
    const [source, file] = [this.#inodeOf(from), this.#inodeOf(to)];
    if (file === null || count === 0) return;
    if (source === null) throw new Error(`the model does not know bytes that are copied from ${from?.path ?? "elsewhere"}`);
    this.#recording.add({ kind: "write", file, offset: written, data: Buffer.from(this.#recording.bytesOf(source).subarray(read, read + count)) });
  }

  #length(call: string, args: readonly Argument[]): void {
    const numbers = args.flatMap(({ words }) => (/^\d+$/.test(words) ? [Number(words)] : []));
    const file = call === "truncate" ? this.#recording.find(this.#below(this.#paths(args)[0] ?? "") ?? ["", ""]) : this.#inodeOf(args[0]);
    if (file === null) return;
    const keeps = args.some(({ words }) => words.includes("FALLOC_FL_KEEP_SIZE"));
    if (call === "fallocate" && !keeps && args.some(({ words }) => words.includes("FALLOC_FL"))) throw new Error("the model does not know this fallocate");
    if (keeps) return;
    const length = call === "fallocate" ? numbers.slice(-2).reduce((sum, number) => sum + number, 0) : (numbers.at(-1) ?? 0);
    this.#recording.add({ kind: "length", file, length, atLeast: call === "fallocate" });
  }

  #names(call: string, args: readonly Argument[]): void {
    const paths = this.#paths(args).map((path) => this.#below(path));
    const places = paths.map((names) => (names === null ? null : this.#recording.place(names)));
    const inodes = paths.map((names) => (names === null ? null : this.#recording.find(names)));
    const what = `${call} ${paths.map((names) => names?.join("/") ?? "elsewhere").join(" ")}`;
    const add = (...names: readonly (Naming | null)[]): void => {
      const known = names.filter((naming) => naming !== null);
      if (known.length > 0) this.#recording.add({ kind: "names", names: known, what });
    };
    const naming = (index: number, inode: Inode | null): Naming | null => {
      const place = places[index] ?? null;
      return place === null ? null : [...place, inode];
    };
    const [from = null, to = null] = inodes;
    if (call.startsWith("rename")) {
      if (paths.some((names) => names === null) && paths.some((names) => names !== null)) throw new Error(`the model does not know what comes from elsewhere: ${what}`);
      const exchange = args.some(({ words }) => words.includes("RENAME_EXCHANGE"));
      add(naming(0, exchange ? to : null), naming(1, from));
    } else if (call.startsWith("link")) add(naming(1, from));
    else if (call.startsWith("symlink")) {
      const [target, path] = [args[0]?.bytes?.toString() ?? "", this.#paths(args).at(-1) ?? ""];
      const place = this.#recording.place(this.#below(path) ?? ["", ""]);
      if (place !== null && this.#below(path) !== null) add([...place, this.#recording.make({ kind: "link", to: target })]);
    } else if (call.startsWith("unlink") || call === "rmdir") {
      const place = places[0] ?? null;
      if (from !== null && place !== null) this.open.removed(from, place[0], what);
      add(naming(0, null));
    } else if (call.startsWith("mkdir") && places[0] !== null && places[0] !== undefined) add(naming(0, this.#recording.make({ kind: "directory" })));
  }
}
