/**
 * A process of its own that reads damaged copies of a sled store, so that a crash or a hang of one is seen and hurts
 * nobody. Parameters: the store, a folder for the copies, and `unchecked` to let sled open them without a check. Each line of standard input is a Mutation as JSON; each is
 * answered by a line, an Answer as JSON.
 */
import { cp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { KgdumpError } from "#src/errors.js";
import { readStore } from "./support.js";

/** One change of one file; `flip` is the number of a bit, `cut` a length, `zero` a range of bytes. */
export interface Mutation {
  readonly file: string;
  readonly flip?: number;
  readonly cut?: number;
  readonly zero?: readonly [from: number, to: number];
  readonly remove?: boolean;
}

/** What reading the copy led to. */
export interface Answer {
  readonly code?: string;
  readonly message?: string;
  readonly content?: unknown;
}

async function mutate(path: string, mutation: Mutation): Promise<void> {
  if (mutation.remove === true) {
    await rm(path);
    return;
  }
  await using file = await open(path, "r+");
  if (mutation.cut !== undefined) await file.truncate(mutation.cut);
  if (mutation.zero !== undefined) await file.write(Buffer.alloc(mutation.zero[1] - mutation.zero[0]), 0, undefined, mutation.zero[0]);
  if (mutation.flip !== undefined) {
    const byte = Buffer.alloc(1);
    const at = Math.floor(mutation.flip / 8);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << mutation.flip % 8);
    await file.write(byte, 0, 1, at);
  }
}

async function answer(store: string, copy: string, mutation: Mutation): Promise<Answer> {
  await cp(store, copy, { recursive: true });
  await mutate(join(copy, mutation.file), mutation);
  try {
    return { content: await readStore(copy, unchecked === "unchecked") };
  } catch (error) {
    if (error instanceof KgdumpError) return { code: error.code, message: error.message };
    return { message: String(error) };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const [store = "", folder = "", unchecked] = process.argv.slice(2);
let number = 0;
for await (const line of createInterface(process.stdin)) {
  const result = await answer(store, join(folder, String(number++)), JSON.parse(line) as Mutation);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
