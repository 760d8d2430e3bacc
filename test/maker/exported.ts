/** What kgdump exports of a store, beside what the store must hold. */
import { Writable } from "node:stream";
import { loadCodec } from "#src/codecs/index.js";
import { iterateEntries, readDump } from "#src/format/index.js";
import { exportStore, type ExportOptions } from "#src/operations/export/export.js";
import type { Made, MadeValue } from "./run.js";

/** Entries of each keyspace in their order, by the keyspace's name in hexadecimal: key and value. */
export type Exported = ReadonlyMap<string, readonly (readonly [key: Buffer, value: Buffer])[]>;

/** Exports a store into memory and reads the dump back. @throws what exportStore and readDump throw */
export async function exportedOf(store: string, options: Partial<ExportOptions> = {}): Promise<{ exported: Exported; warnings: readonly string[] }> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const { warnings } = await exportStore({ store, output, ...options });
  return { exported: await contentOfDump(chunks), warnings };
}

/** The entries of a whole dump. @throws what readDump throws */
export async function contentOfDump(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Exported> {
  const exported: [string, [Buffer, Buffer][]][] = [];
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  for await (const event of readDump(bytes(), { loadCodec })) {
    if (event.type === "header") exported.push(...event.header.keyspaces.map(({ name }): [string, []] => [Buffer.from(name).toString("hex"), []]));
    if (event.type !== "block") continue;
    for (const { key, value } of iterateEntries(event.raw ?? Buffer.alloc(0))) {
      exported[event.block.keyspace]?.[1].push([Buffer.from(key), Buffer.from(value ?? [])]);
    }
  }
  return new Map(exported);
}

/** What differs between a model and what was exported; nothing when it is the same, also in order. */
export function differences(made: Made, exported: Exported): string[] {
  const wrong: string[] = [];
  if (exported.size !== made.families.length) wrong.push(`${String(exported.size)} families instead of ${String(made.families.length)}`);
  for (const { name, entries } of made.families) {
    const family = name.toString("hex");
    const found = exported.get(family);
    if (found === undefined) wrong.push(`family ${family} is missing`);
    else if (found.length !== entries.length) wrong.push(`family ${family}: ${String(found.length)} entries instead of ${String(entries.length)}`);
    const at = entries.findIndex(([key, value], index) => found !== undefined && !isSame(found[index], key, value));
    if (at >= 0) wrong.push(`family ${family}: entry ${String(at)} is ${shown(found?.[at])} instead of ${shown(entries[at])}`);
  }
  return wrong;
}

function isSame(found: readonly [Buffer, Buffer] | undefined, key: Buffer, value: MadeValue): boolean {
  return found !== undefined && found[0].equals(key) && Buffer.isBuffer(value) && found[1].equals(value);
}

function shown(entry: readonly [Buffer, MadeValue] | undefined): string {
  if (entry === undefined) return "missing";
  return `${entry[0].toString("hex")}=${Buffer.isBuffer(entry[1]) ? entry[1].toString("hex") : "an entity"}`;
}
