/**
 * Whether there is room, looked at before long work.
 *
 * Nobody knows before how much that takes. What it takes at least is refused where less is free, and never more than that: a wrong refusal would be worse
 * than a late one. What it may take is a warning, or, where a command can be told to begin all the same, a refusal.
 */
import type { StatsFs } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { formatCount } from "../../counts.js";
import { KgdumpError, systemError } from "../../errors.js";
import { syncDirectory } from "./sync.js";

/** One file system that something is written to. */
export interface Space {
  /** A directory on it. */
  readonly path: string;
  /** Bytes that are taken there. */
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** Bytes that are to be taken in a directory. */
export interface Need {
  readonly at: string;
  readonly bytes: number;
}

/**
 * Adds up what is needed on each file system.
 * @returns one for each, in the order in which they come up
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED for a directory that is not there or can't be looked at
 */
export async function spacesFor(needs: readonly Need[]): Promise<Space[]> {
  const spaces = new Map<number, Space>();
  for (const { at, bytes } of needs) {
    const device = await deviceOf(at);
    const { path, neededBytes, freeBytes } = spaces.get(device) ?? { path: at, neededBytes: 0, freeBytes: await freeOf(at) };
    spaces.set(device, { path, neededBytes: neededBytes + Math.ceil(bytes), freeBytes });
  }
  return [...spaces.values()];
}

/** Bytes that are free on the file system of a directory. @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED */
export async function freeOf(directory: string): Promise<number> {
  return freeBytes(await looking(directory, () => statfs(directory)));
}

function freeBytes({ bavail, bfree, bsize }: StatsFs): number {
  // What is kept for root is there for root.
  return (process.geteuid?.() === 0 ? bfree : bavail) * bsize;
}

/** The number of the file system of a directory. @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED */
export async function deviceOf(directory: string): Promise<number> {
  return (await looking(directory, () => stat(directory))).dev;
}

async function looking<T>(directory: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

/** Linux's numbers of file systems on which a byte that is written takes a byte: ext2 to ext4, XFS, tmpfs, FAT, exFAT. Others compress, or lie over others. */
const PLAIN: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x01021994, 0x4d44, 0x2011bab0]);

/** What is free in a directory for what is written now. */
export interface Room {
  /** By what the system says; Infinity where it says nothing, as one without a size takes what there is. */
  readonly free: number;
  /** The same, where what does not fit in it surely can't be written; else Infinity. */
  readonly sure: number;
}

/** Looks what is free. @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED */
export async function roomIn(directory: string): Promise<Room> {
  const found = await looking(directory, () => statfs(directory));
  const free = found.blocks === 0 ? Infinity : freeBytes(found);
  return { free, sure: process.platform === "linux" && PLAIN.has(found.type) ? free : Infinity };
}

/**
 * Looks whether there is room for what something takes.
 * @param work what it is for, such as "the import"
 * @param bytes least: what it takes at least, or 0 when nobody knows; likely: what it may take
 * @returns a warning, when there may be too little
 * @throws {KgdumpError} NO_SPACE when there is too little for the least; NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function checkRoom(directory: string, work: string, { least, likely }: { readonly least: number; readonly likely: number }): Promise<string[]> {
  let room = await roomIn(directory);
  if (room.sure < least) {
    // Some file systems count what was removed just now when that is durable.
    await syncDirectory(directory).catch(() => undefined);
    room = await roomIn(directory);
  }
  if (room.sure < least) throw noRoom({ path: directory, neededBytes: least, freeBytes: room.sure }, `${work} takes at least about`, "make room, or choose a place on another disk");
  return room.free < likely ? [`${directory} has ${formatCount(room.free)} bytes free, and ${work} may take up to about ${formatCount(Math.ceil(likely))}, by an estimate: it may not fit`] : [];
}

/**
 * That there is too little room.
 * @param says what the needed bytes are, such as "the import takes at least about"
 */
export function noRoom({ path, neededBytes, freeBytes }: Space, says: string, hint: string): KgdumpError {
  return new KgdumpError("NO_SPACE", `${path} has ${formatCount(freeBytes)} bytes free, and ${says} ${formatCount(Math.ceil(neededBytes))}, by an estimate`, { path, hint });
}
