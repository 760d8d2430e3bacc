/**
 * A model of a file system under a power loss, after ALICE (Pillai et al., OSDI 2014) and CrashMonkey (Mohan et al., OSDI 2018): a run of a
 * program is a list of what it did to files and names, and from each moment of it follows what the disk may hold when the power fails then.
 *
 * POSIX promises only what was synced: a file's bytes by fsync on the file, a name by fsync on its directory. Real file systems keep more,
 * and in several ways, which are the policies here.
 */
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Number of a file, directory or link, as long as the model lives. */
export type Inode = number;

/** A name in a directory, and what it stands for from now on; null: nothing. */
export type Naming = readonly [directory: Inode, name: string, inode: Inode | null];

/** One thing that a program did. */
export type Step =
  | { readonly kind: "write"; readonly file: Inode; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "length"; readonly file: Inode; readonly length: number; readonly atLeast: boolean }
  /** All of these happen at once, or none does. */
  | { readonly kind: "names"; readonly names: readonly Naming[]; readonly what: string }
  /** Whose it is, or who may open it. */
  | { readonly kind: "access"; readonly inode: Inode; readonly what: string }
  /** What was done before step `since` is durable: a file's bytes, a directory's names, and whose they are. */
  | { readonly kind: "sync"; readonly inode: Inode; readonly since: number };

/** What becomes of names that were not synced: all are there, none is, or those before the last sync of anything are, as ext4's journal has it. */
export type Names = "all" | "synced" | "ordered";
/** What becomes of bytes that were not synced: they are not there, or the file is as long as it was and holds zeros. */
export type Bytes = "lost" | "zeros";

/** How a disk behaves. */
export interface Policy {
  readonly names: Names;
  readonly bytes: Bytes;
}

export const POLICIES: readonly Policy[] = (["all", "synced", "ordered"] as const).flatMap((names) => (["lost", "zeros"] as const).map((bytes) => ({ names, bytes })));

type Node = { readonly kind: "directory" } | { readonly kind: "link"; readonly to: string } | { readonly kind: "file"; readonly initial: Buffer };

/** What a disk holds: paths below the root, and for each a directory, where a link leads, or a file's number and bytes. */
export type Disk = ReadonlyMap<string, "directory" | { readonly to: string } | { readonly file: Inode; readonly bytes: Buffer }>;

/** The files below one directory at the beginning, and what was done to them. */
export class Recording {
  readonly steps: Step[] = [];
  readonly root: Inode = 0;
  readonly #nodes: Node[] = [{ kind: "directory" }];
  readonly #initial: Naming[] = [];
  /** The names as the program sees them. */
  readonly #now = new Map<Inode, Map<string, Inode>>([[0, new Map()]]);

  /** Takes what is below a directory for durable. */
  constructor(path: string) {
    this.#take(path, this.root);
  }

  #take(path: string, into: Inode): void {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      const inode = this.make(
        entry.isDirectory() ? { kind: "directory" } : entry.isSymbolicLink() ? { kind: "link", to: readlinkSync(inner) } : { kind: "file", initial: readFileSync(inner) },
      );
      this.#initial.push([into, entry.name, inode]);
      this.#name([into, entry.name, inode]);
      if (entry.isDirectory()) this.#take(inner, inode);
    }
  }

  /** A new file, directory or link, without a name. */
  make(node: Node): Inode {
    const inode = this.#nodes.push(node) - 1;
    if (node.kind === "directory") this.#now.set(inode, new Map());
    return inode;
  }

  #name([directory, name, inode]: Naming): void {
    if (inode === null) this.#now.get(directory)?.delete(name);
    else this.#now.get(directory)?.set(name, inode);
  }

  /** The directory and the last name of a path below the root, as the program sees it; null when there is no such directory. */
  place(path: readonly string[]): readonly [directory: Inode, name: string] | null {
    let directory = this.root;
    for (const name of path.slice(0, -1)) {
      const next = this.#now.get(directory)?.get(name);
      if (next === undefined || this.#nodes[next]?.kind !== "directory") return null;
      directory = next;
    }
    return [directory, path.at(-1) ?? ""];
  }

  /** What is at a path, as the program sees it. */
  find(path: readonly string[]): Inode | null {
    if (path.length === 0) return this.root;
    const place = this.place(path);
    return place === null ? null : (this.#now.get(place[0])?.get(place[1]) ?? null);
  }

  /** Changes of owners and modes that no sync of what was changed follows, of what has a name in the end. */
  unsyncedAccess(): string[] {
    const named = new Set([...this.#now.values()].flatMap((names) => [...names.values()]));
    const isSynced = (inode: Inode, index: number): boolean => this.steps.some((step) => step.kind === "sync" && step.inode === inode && step.since > index);
    return this.steps.flatMap((step, index) => (step.kind === "access" && named.has(step.inode) && !isSynced(step.inode, index) ? [step.what] : []));
  }

  /** Whether it is a link. */
  isLink(inode: Inode): boolean {
    return this.#nodes[inode]?.kind === "link";
  }

  /** Adds a step. */
  add(step: Step): void {
    this.steps.push(step);
    if (step.kind === "names") for (const naming of step.names) this.#name(naming);
  }

  /** Moments at which a power loss is told apart from one before: after each name and each sync, and at the end. */
  moments(): number[] {
    const moments = this.steps.flatMap(({ kind }, index) => (kind === "names" || kind === "sync" ? [index + 1] : []));
    return [...new Set([0, ...moments, this.steps.length])];
  }

  /** What the program sees when the first `done` steps were done; default: at the end. */
  seen(done = this.steps.length): Disk {
    const steps = this.steps.slice(0, done);
    return this.#disk(steps, () => true, (inode) => this.#bytes(inode, steps, "lost", done));
  }

  /** The bytes of a file, as the program sees it. */
  bytesOf(file: Inode): Buffer {
    return this.#bytes(file, this.steps, "lost", this.steps.length);
  }

  /** What the disk holds after a power loss when the first `done` steps were done. */
  after(done: number, policy: Policy): Disk {
    const steps = this.steps.slice(0, done);
    const syncs = steps.flatMap((step) => (step.kind === "sync" ? [step] : []));
    const lastSync = Math.max(0, ...syncs.map(({ since }) => since));
    const isDurable = (step: Extract<Step, { kind: "names" }>, index: number): boolean => {
      if (policy.names === "all") return true;
      if (policy.names === "ordered" && index < lastSync) return true;
      return step.names.every(([directory]) => syncs.some(({ inode, since }) => inode === directory && since > index));
    };
    return this.#disk(steps, isDurable, (inode) => this.#bytes(inode, steps, policy.bytes));
  }

  #disk(steps: readonly Step[], isThere: (step: Extract<Step, { kind: "names" }>, index: number) => boolean, bytesOf: (inode: Inode) => Buffer): Disk {
    const names = new Map<Inode, Map<string, Inode>>();
    const set = ([directory, name, inode]: Naming): void => {
      const inner = names.get(directory) ?? new Map<string, Inode>();
      if (inode === null) inner.delete(name);
      else inner.set(name, inode);
      names.set(directory, inner);
    };
    this.#initial.forEach(set);
    steps.forEach((step, index) => {
      if (step.kind === "names" && isThere(step, index)) step.names.forEach(set);
    });
    const disk = new Map<string, "directory" | { to: string } | { file: Inode; bytes: Buffer }>();
    const walk = (directory: Inode, path: string): void => {
      for (const [name, inode] of names.get(directory) ?? []) {
        const node = this.#nodes[inode];
        const inner = path === "" ? name : `${path}/${name}`;
        if (node?.kind === "directory") {
          disk.set(inner, "directory");
          walk(inode, inner);
        } else if (node?.kind === "link") disk.set(inner, { to: node.to });
        else disk.set(inner, { file: inode, bytes: bytesOf(inode) });
      }
    };
    walk(this.root, "");
    return disk;
  }

  #bytes(file: Inode, steps: readonly Step[], bytes: Bytes, seen?: number): Buffer {
    const node = this.#nodes[file];
    // Bytes that were written before this step are on the disk.
    const synced = seen ?? Math.max(0, ...steps.map((step) => (step.kind === "sync" && step.inode === file ? step.since : 0)));
    let content = node?.kind === "file" ? node.initial : Buffer.alloc(0);
    let length = content.length;
    steps.forEach((step, index) => {
      if ((step.kind !== "write" && step.kind !== "length") || step.file !== file) return;
      const before = content.length;
      const end = step.kind === "write" ? step.offset + step.data.length : step.length;
      const cuts = step.kind === "length" && !step.atLeast;
      length = cuts ? end : Math.max(length, end);
      if (index >= synced) return;
      if (cuts || end > before) content = Buffer.concat([content.subarray(0, end), Buffer.alloc(Math.max(0, end - before))]);
      if (step.kind === "write") {
        content = Buffer.from(content);
        step.data.copy(content, step.offset);
      }
    });
    if (bytes === "lost" || length <= content.length) return content;
    return Buffer.concat([content, Buffer.alloc(length - content.length)]);
  }
}

/** What lies at a name of the root, and below it. */
function below(disk: Disk, name: string): Disk {
  return new Map([...disk].filter(([path]) => path === name || path.startsWith(`${name}/`)));
}

/** Whether both hold the same; a hard link is as good as a copy. */
export function sameDisk(a: Disk, b: Disk): boolean {
  return a.size === b.size && [...a].every(([path, what]) => sameThing(what, b.get(path)));
}

/** Whether two paths of disks stand for the same. */
export function sameThing(a: ReturnType<Disk["get"]>, b: typeof a): boolean {
  return typeof a === "object" && typeof b === "object" && "bytes" in a && "bytes" in b ? a.bytes.equals(b.bytes) : JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Names of the root that a power loss may leave with something which never had that name: neither at the beginning nor when the program gave it. Those that
 * begin with a dot, and what is being removed, are for the program alone.
 * @returns the first state of each
 */
export function tornNames(recording: Recording): string[] {
  const given = new Map<string, Disk[]>();
  const note = (name: string, disk: Disk): void => {
    if (!/^\.|\.kgdump-removed$/.test(name)) given.set(name, [...(given.get(name) ?? []), below(disk, name)]);
  };
  recording.steps.forEach((step, index) => {
    if (step.kind !== "names") return;
    for (const [directory, name] of step.names) if (directory === recording.root) note(name, recording.seen(index + 1));
  });
  for (const name of given.keys()) note(name, recording.seen(0));
  const torn = new Map<string, string>();
  for (const policy of POLICIES) {
    for (const moment of recording.moments()) {
      const disk = recording.after(moment, policy);
      for (const [name, wholes] of given) {
        const left = below(disk, name);
        if (torn.has(name) || left.size === 0 || wholes.some((whole) => sameDisk(whole, left))) continue;
        torn.set(name, `names ${policy.names}, bytes ${policy.bytes}, after step ${String(moment)} of ${String(recording.steps.length)}: ${name} is not whole`);
      }
    }
  }
  return [...torn.values()];
}

/** A text that is the same for disks that hold the same. */
export function digestOf(disk: Disk): string {
  const hash = createHash("sha256");
  for (const [path, what] of [...disk].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0`).update(typeof what === "string" ? "d" : "to" in what ? `l${what.to}` : createHash("sha256").update(what.bytes).digest("hex"));
  }
  return hash.digest("hex");
}

/** Writes what a disk holds into an empty directory. */
export function layOut(disk: Disk, root: string): void {
  const files = new Map<Inode, string>();
  for (const [path, what] of disk) {
    const full = join(root, path);
    if (what === "directory") mkdirSync(full);
    else if ("to" in what) symlinkSync(what.to, full);
    else if (files.has(what.file)) linkSync(files.get(what.file) ?? "", full);
    else {
      files.set(what.file, full);
      writeFileSync(full, what.bytes);
    }
  }
}
