/** What the tests of sled share. */
import { createHash } from "node:crypto";
import type { ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink, readBackSled, type SledSinkOptions } from "#src/engines/sled/sled.js";
import type { EntryBlock, EntrySource, ScanOptions } from "#src/engines/store.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries, iterateEntries } from "#src/format/entries.js";
import type { TreeContent } from "../../checker/run.js";

/** A key and its value. */
export interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a store should hold: for each keyspace its name and its records in key order. */
export type Content = readonly { readonly name: Uint8Array; readonly records: readonly Pair[] }[];

/** Bytes that are often small, sometimes empty, sometimes of a length at which an encoding changes. */
export function anyBytes(): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 24 }) },
    { weight: 1, arbitrary: fc.constantFrom(255, 256, 300, 65_535, 65_536).map((length) => new Uint8Array(length).fill(length % 251)) },
    { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "\u0000", "\u001b[2J", "é").map((text) => Buffer.from(text)) },
  );
}

/** Records with different keys, in key order. */
export function anyRecords(maxLength: number): fc.Arbitrary<Pair[]> {
  return fc
    .uniqueArray(fc.record({ key: anyBytes(), value: anyBytes() }), { maxLength, selector: ({ key }) => Buffer.from(key).toString("latin1") })
    .map((records) => records.sort((a, b) => Buffer.compare(a.key, b.key)));
}

/** Makes a store that holds `content`, with blocks of up to `perBlock` records. */
export async function makeStore(path: string, content: Content, options: Partial<SledSinkOptions> = {}, perBlock = 50): Promise<void> {
  await using sink = await openSledSink(path, { create: true, ...options });
  for (const { name, records } of content) {
    await sink.createKeyspace(name);
    for (let at = 0; at < records.length; at += perBlock) {
      await sink.apply(name, encodeEntries(records.slice(at, at + perBlock)), "fail");
    }
  }
  await sink.flush();
}

/** Everything that a scan yields. */
export async function readRecords(source: EntrySource, keyspace: Uint8Array, options: Partial<ScanOptions> = {}): Promise<Pair[]> {
  const records: Pair[] = [];
  for await (const block of source.scan(keyspace, { blockSize: 1000, ...options })) records.push(...take(block));
  return records;
}

/** The records of a block, copied; the block is given back. */
export function take(block: EntryBlock): Pair[] {
  const records = [...iterateEntries(block.data)].map(({ key, value }) => ({ key: new Uint8Array(key), value: new Uint8Array(value ?? []) }));
  block.release();
  return records;
}

/** Number of records and digest of all of a store's keyspaces, read by kgdump: from its files, or, when it is only to be read back, by sled. */
export async function readStore(path: string, back = false): Promise<{ name: string; records: number; digest: string }[]> {
  await using source = await (back ? readBackSled(path, { check: false }) : openSledSource(path));
  const content = [];
  for (const { name } of source.info.keyspaces) {
    const records = await readRecords(source, name, { blockSize: 65_536 });
    content.push({ name: Buffer.from(name).toString("latin1"), records: records.length, digest: digestOf(records) });
  }
  return content;
}

/** The digest that sled-check prints. */
export function digestOf(records: readonly Pair[]): string {
  const hash = createHash("sha256");
  const length = Buffer.alloc(4);
  for (const { key, value } of records) {
    for (const part of [key, value]) {
      length.writeUInt32LE(part.length);
      hash.update(length).update(part);
    }
  }
  return hash.digest("hex");
}

/** What sled-check must print for `content`. */
export function expectedTrees(content: Content): TreeContent[] {
  const trees = content.map(({ name, records }) => ({
    name: Buffer.from(name).toString() === "default" ? Buffer.from("__sled__default") : Buffer.from(name),
    records: records.length,
    bytes: records.reduce((total, { key, value }) => total + key.length + value.length, 0),
    digest: digestOf(records),
  }));
  if (!trees.some(({ name }) => name.toString() === "__sled__default")) {
    trees.push({ name: Buffer.from("__sled__default"), records: 0, bytes: 0, digest: digestOf([]) });
  }
  return trees.sort((a, b) => Buffer.compare(a.name, b.name));
}

/** The error that `work` ends with. */
export async function failure(t: ExecutionContext, work: () => Promise<unknown>): Promise<KgdumpError> {
  const error = await t.throwsAsync(work);
  if (!(error instanceof KgdumpError)) throw new TypeError(`not a KgdumpError: ${String(error)}`);
  return error;
}
