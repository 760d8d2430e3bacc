/** The corpus: small dumps, each of which once showed something, or stands for an outcome that a reader can have. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KgdumpError } from "#src/errors.js";
import { readDump } from "#src/format/index.js";
import { run } from "./run.js";
import { loadedCodec } from "./seeds.js";
import { LIMITS } from "./targets.js";

/** Where it is, as seen from the compiled tests. */
export const CORPUS = fileURLToPath(new URL("../../../test/fuzz/corpus/", import.meta.url));

/** A file of the corpus; its name begins with the outcome of reading it front to back. */
export interface Case {
  readonly name: string;
  readonly expected: string;
  readonly input: Buffer;
}

/** All files of the corpus. */
export function readCorpus(): Case[] {
  const names = readdirSync(CORPUS).filter((name) => name.endsWith(".kgd")).sort();
  return names.map((name) => ({ name, expected: name.replace(/-[^-]*\.kgd$/, ""), input: readFileSync(join(CORPUS, name)) }));
}

/**
 * What reading gives.
 * @returns the code, and the message without what differs from dump to dump
 */
export async function outcomeOf(input: Uint8Array): Promise<{ code: string; shape: string }> {
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield input;
  }
  const kinds: string[] = [];
  try {
    for await (const { type } of readDump(whole(), { loadCodec: loadedCodec, limits: LIMITS })) if (kinds.at(-1) !== type) kinds.push(type);
    return { code: "sound", shape: kinds.join() };
  } catch (error) {
    if (!(error instanceof KgdumpError)) throw error;
    return { code: error.code, shape: error.message.replace(/"[^"]*"/g, "").replace(/0x[0-9a-f]+|\d+/g, "#") };
  }
}

/**
 * Adds dumps to the corpus whose outcome no file of it has yet, the smallest of each found in so many inputs.
 * @returns how many were added
 */
export async function collect(seed: number, inputs: number, most = 40): Promise<number> {
  mkdirSync(CORPUS, { recursive: true });
  const known = new Set<string>();
  for (const { input } of readCorpus()) known.add(shapeKey(await outcomeOf(input)));
  const candidates: Uint8Array[] = [];
  const seen = new Map<string, number>();
  await run({ target: "read", seed, from: 0, inputs, onInput: (input, outcome) => {
    const count = seen.get(outcome) ?? 0;
    seen.set(outcome, count + 1);
    if (count < most * 20) candidates.push(input);
  } });
  const found = new Map<string, { code: string; input: Uint8Array }>();
  for (const input of candidates) {
    const outcome = await outcomeOf(input);
    const key = shapeKey(outcome);
    if (!known.has(key) && input.length < (found.get(key)?.input.length ?? 4096)) found.set(key, { code: outcome.code, input });
  }
  const perCode = new Map<string, number>();
  let added = 0;
  for (const { code, input } of found.values()) {
    const count = (perCode.get(code) ?? 0) + 1;
    perCode.set(code, count);
    if (count > most) continue;
    writeFileSync(join(CORPUS, `${code}-${createHash("sha256").update(input).digest("hex").slice(0, 10)}.kgd`), input);
    added += 1;
  }
  return added;
}

function shapeKey({ code, shape }: { code: string; shape: string }): string {
  return `${code} ${shape}`;
}
