/** What the tests of crashes and faults share: a store with its true content, and what is whole and what is not. */
import { createCipheriv, createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck } from "../checker/run.js";
import { nameIsThere } from "./names.js";

/** The store that all commands of these tests read. */
export interface Source {
  readonly path: string;
  /** Number of entries of each family. */
  readonly families: Readonly<Record<string, number>>;
  /** Hash over all its files' names and bytes. */
  readonly fingerprint: string;
}

const FAMILIES = { default: 4000, nodes: 1500, empty: 0 } as const;
const VALUE_BYTES = 300;

/** Makes a RocksDB store of some thousand entries whose values hardly compress. The same content every time. */
export async function makeSource(directory: string): Promise<Source> {
  const path = join(directory, "source");
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 3), Buffer.alloc(16));
  {
    await using sink = await createRocksdbSink(path, {});
    for (const [family, count] of Object.entries(FAMILIES)) {
      const name = Buffer.from(family);
      await sink.createKeyspace(name);
      const entries = Array.from({ length: count }, (_, index) => ({
        key: Buffer.from(`node:${index.toString().padStart(8, "0")}`),
        value: noise.update(Buffer.alloc(VALUE_BYTES)),
      }));
      if (count > 0) await sink.apply(name, encodeEntries(entries), "overwrite");
    }
    await sink.flush();
  }
  return { path, families: FAMILIES, fingerprint: await fingerprint(path) };
}

/** Hash over the names and bytes of everything below a directory. */
export async function fingerprint(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of names.sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name);
    hash.update(`${path}\0`);
    if (entry.isFile()) hash.update(await readFile(path));
  }
  return hash.digest("hex");
}

/** Why what is at `path` is not the whole dump of the source, or null when it is. */
export async function dumpFault(path: string, source: Source, against: string): Promise<string | null> {
  try {
    const { dump, against: found } = await verifyDump({ input: path, against });
    const counts = dump.keyspaces.map(({ entries }) => entries).sort();
    if (JSON.stringify(counts) !== JSON.stringify(Object.values(source.families).sort())) return `${path}: ${JSON.stringify(counts)} entries`;
    return found?.equal === true ? null : `${path} differs from the store`;
  } catch (error) {
    return `${path}: ${String(error)}`;
  }
}

/** Content of a sled store as the unmodified crate reads it, as one text. */
export async function treesOf(target: string, compression = false): Promise<string> {
  const trees = await sledCheck(target, { compression });
  return trees.map(({ name, records, digest }) => `${name.toString()} ${records} ${digest}`).join("\n");
}

/** Why the target is neither absent nor whole, or null. `expected` is what `treesOf` says of a whole one. */
export async function targetFault(target: string, expected: string, compression = false): Promise<string | null> {
  if (!(await nameIsThere(target))) return null;
  try {
    const found = await treesOf(target, compression);
    return found === expected ? null : `${target} holds\n${found}\ninstead of\n${expected}`;
  } catch (error) {
    return `${target}: ${String(error)}`;
  }
}

/** Numbers from 0 to below 1, the same for the same seed (a 32-bit linear congruential generator, mixed). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = state ^ (state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
  };
}

/** Runs the work for each item, `width` at a time. */
export async function inParallel<Item>(items: readonly Item[], width: number, work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const rest = items.entries();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, item] of rest) await work(item, index);
    }),
  );
}
