/** Where a dump is written to: a file that appears whole or not at all, or an open stream. */
import { constants, type Stats } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { readLinkName, statName } from "../disk/name-changes.js";
import { isOpenAlready, isTrusted, kindOf } from "../disk/trusted.js";
import type { DumpOutput } from "./dump-output.js";
import { outputExists, PublishedFile } from "./output-file.js";

/** What is written, by its name in messages, and how its files are called. */
const OUTPUTS = { dump: "graph.kgd", report: "report.html" } as const;

/** How an output is opened. */
interface OutputOptions {
  readonly force: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Default: a dump. */
  readonly what?: keyof typeof OUTPUTS | undefined;
}

/**
 * Opens the output of an export, or of a report.
 * @param target a path, or an open stream that is ended by commit and discard
 * @param options force: a file that exists may be replaced; signal: a write that waits for a slow reader gives up
 * @throws {KgdumpError} OUTPUT_EXISTS, NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED
 */
export async function openOutput(
  target: string | Writable,
  options: OutputOptions,
): Promise<DumpOutput> {
  const { what = "dump", signal } = options;
  if (typeof target !== "string") return openStream(target, what, signal);
  const path = resolve(target);
  const present = await statIfPresent(path);
  if (present?.isDirectory() === true) {
    throw new KgdumpError("OUTPUT_EXISTS", `cannot write a ${what} to ${path}: it is a directory`, {
      path,
      hint: `name a file, such as ${join(path, OUTPUTS[what])}`,
    });
  }
  // A device or a FIFO (/dev/stdout, /dev/null) can't be published by a rename: it takes the bytes as they come.
  if (present !== null && !present.isFile()) return openDevice(path, what, signal);
  if (present !== null && !options.force) throw outputExists(path);
  return PublishedFile.create(options.force ? await throughLinks(path) : path, options.force);
}

/** The store is never written to, not even by a dump that is put into its directory. @throws {KgdumpError} USAGE */
export async function refuseInStore(output: string, store: string): Promise<void> {
  const directory = await realpath(dirname(resolve(output))).catch(() => null);
  const root = await realpath(store).catch(() => null);
  if (directory === null || root === null || !`${directory}${sep}`.startsWith(`${root}${sep}`)) return;
  throw new KgdumpError("USAGE", `${output} is inside the store, which is never written to`, {
    path: output,
    hint: "choose a file outside the store's directory",
  });
}

/** Links that are followed. */
const MOST_LINKS = 40;

/** Where a path leads to: with `force` the file is replaced, and not a link to it. */
async function throughLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = await readLinkName(at).catch(() => null);
    if (next === null) return at;
    at = resolve(dirname(at), next);
  }
  throw new KgdumpError("IO_FAILED", `${path} is a link that leads in a circle`, { path, hint: "remove it, or choose another name" });
}

async function openStream(stream: Writable, what: keyof typeof OUTPUTS, signal: AbortSignal | undefined): Promise<DumpOutput> {
  const { StreamOutput } = await import("./output-stream.js");
  return new StreamOutput(stream, signal, what);
}

async function statIfPresent(path: string): Promise<Stats | null> {
  try {
    return await statName(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw systemError(error, `looking at ${path}`, { path });
  }
}

async function openDevice(path: string, what: keyof typeof OUTPUTS, signal: AbortSignal | undefined): Promise<DumpOutput> {
  try {
    const handle = await open(path, constants.O_WRONLY);
    try {
      // What was looked at before may have been replaced since.
      const found = await handle.stat();
      if (found.isFIFO() ? !isTrusted(found.uid) && !isOpenAlready(path) : !found.isCharacterDevice() && !found.isSocket()) throw noOutput(path, what, found.isFIFO() ? "a FIFO of another user" : kindOf(found));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return await openStream(handle.createWriteStream(), what, signal);
  } catch (error) {
    throw systemError(error, `opening ${path}`, { path });
  }
}

function noOutput(path: string, what: string, is: string): KgdumpError {
  return new KgdumpError("OUTPUT_EXISTS", `cannot write a ${what} to ${path}: it is ${is}`, { path, hint: "choose another name" });
}
