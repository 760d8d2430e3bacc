/**
 * Runs `sled-check`, which reads and writes sled stores with the crate as it is published. Set-up builds it from this
 * folder and puts it into build/checker/; with sled 0.32 and 0.33, into build/checker-0.32/ and build/checker-0.33/.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What the unmodified crate finds in one tree. */
export interface TreeContent {
  /** Name of the tree; sled's default tree is `__sled__default`. */
  readonly name: Buffer;
  readonly records: number;
  /** Bytes of all keys and values. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal over each record in key order as (u32 LE key length, key, u32 LE value length, value). */
  readonly digest: string;
}

/** Versions of sled besides 0.34 with which the program is built. */
export type OlderSled = "0.32" | "0.33";

/** How the store was made. */
export interface CheckerOptions {
  /** The sled that is to write or read; default 0.34. */
  readonly version?: OlderSled | undefined;
  readonly compression?: boolean;
  /** Calls of `sled::Config` by name, such as segment_size. */
  readonly config?: Readonly<Record<string, string>>;
  /** For `sledWrite`: end as a program does that is killed. */
  readonly noFlush?: boolean;
}

/** A process that has a store open. */
export interface Holder {
  readonly pid: number;
  /** Closes the store and waits for the process's end. */
  release(): Promise<void>;
}

/** No call takes so long, on a machine with much else to do. */
const LIMIT_MS = 180_000;

/**
 * Sled did not come to its end: with small segments all of its threads may wait for one another, about once in a thousand random stores.
 * Nothing follows from that for a store, or for who reads it.
 */
export class SledHangs extends Error {}

/** Does something with the crate. @returns null when sled hung */
export async function unlessHung<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SledHangs) return null;
    throw error;
  }
}

/** All trees of a store, in byte order of their names. @throws when the crate cannot read it */
export async function sledCheck(store: string, options: CheckerOptions = {}): Promise<TreeContent[]> {
  return contents(await run([store, ...flags(options)], "", options));
}

function contents(output: string): TreeContent[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", records = "", bytes = "", digest = ""] = line.split("\t");
      return { name: Buffer.from(name, "hex"), records: Number(records), bytes: Number(bytes), digest };
    });
}

/** Makes or changes a store; `lines` are commands as src/main.rs lists them. */
export async function sledWrite(store: string, lines: readonly string[], options: CheckerOptions = {}): Promise<void> {
  await run(["write", store, ...flags(options)], lines.map((line) => `${line}\n`).join(""), options);
}

/** The number that the store's `generate_id` gives next; this one is given away. */
export async function sledId(store: string, options: CheckerOptions = {}): Promise<number> {
  return Number(await run(["id", store, ...flags(options)], "", options));
}

/** Opens a store in another process and keeps it open until `release`. */
export async function sledHold(store: string, options: CheckerOptions = {}): Promise<Holder> {
  const child = spawn(binary(options), ["hold", store, ...flags(options)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said = await new Promise<string>((resolve) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("close", () => resolve("nothing"));
  });
  if (said !== "holding" || child.pid === undefined) throw new Error(`sled-check hold: ${said}`);
  return {
    pid: child.pid,
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Those entries of all trees that `sledChurn` leaves alone. */
export async function sledStill(store: string, options: CheckerOptions = {}): Promise<TreeContent[]> {
  return contents(await run(["still", store, ...flags(options)], "", options));
}

/** Makes `count` random updates, each compared with a model, as is everything at the end. @throws at a difference */
export async function sledHammer(store: string, seed: number, count: number, options: CheckerOptions = {}): Promise<void> {
  await run(["hammer", store, String(seed), String(count), ...flags(options)], "", options);
}

/** Makes random updates, and is killed (SIGKILL) after `milliseconds` of it. */
export async function sledChurn(store: string, seed: number, milliseconds: number, options: CheckerOptions = {}): Promise<void> {
  const child = spawn(binary(options), ["churn", store, String(seed), ...flags(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
  const hangs = new Promise<"hangs">((resolve) => void setTimeout(resolve, LIMIT_MS, "hangs").unref());
  const said = await Promise.race([new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve)), ended, hangs]);
  if (said === "churning") await sleep(milliseconds);
  child.kill("SIGKILL");
  if (said === "hangs") throw new SledHangs(`sled-check churn ${store}`);
  if ((await ended) !== "SIGKILL") throw new Error("sled-check churn ended by itself");
}

/** A key or value as `sledWrite` takes it. */
export function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : Buffer.from(bytes).toString("hex");
}

/** Compiled, this file is build/test/checker/run.js. */
function binary({ version }: CheckerOptions): string {
  const path = fileURLToPath(new URL(`../../checker${version === undefined ? "" : `-${version}`}/sled-check`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm test\`, which builds it`);
  return path;
}

function flags(options: CheckerOptions): string[] {
  return [
    ...(options.compression === true ? ["--compression"] : []),
    ...(options.noFlush === true ? ["--no-flush"] : []),
    ...Object.entries(options.config ?? {}).map(([name, value]) => `--${name}=${value}`),
  ];
}

async function run(parameters: string[], input: string, options: CheckerOptions): Promise<string> {
  const child = spawn(binary(options), parameters, { stdio: ["pipe", "pipe", "pipe"] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // It may end before it has read everything; its exit code tells why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  let hangs = false;
  const limit = setTimeout(() => {
    hangs = true;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearTimeout(limit));
  if (hangs) throw new SledHangs(`sled-check ${parameters.join(" ")}`);
  if (code !== (options.noFlush === true ? null : 0)) throw new Error(`sled-check ${parameters.join(" ")}: ${Buffer.concat(err).toString()}`);
  return Buffer.concat(out).toString();
}
