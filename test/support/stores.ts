/** Small RocksDB stores for tests of operations. */
import { join } from "node:path";
import { createRocksdbSink, type RocksdbFamily } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";

/** Content of a store: family name, then key and value as text. */
export type Content = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Encoded entries of a family, in byte order. */
export function encoded(family: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(family).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
  return encodeEntries(entries.sort((a, b) => Buffer.compare(a.key, b.key)));
}

/** Makes a RocksDB store `name` in `directory`; returns its path. */
export async function makeStore(
  directory: string,
  name: string,
  content: Content,
  families: readonly RocksdbFamily[] = [],
): Promise<string> {
  const path = join(directory, name);
  await using sink = await createRocksdbSink(path, { families });
  for (const [family, entries] of Object.entries(content)) {
    await sink.createKeyspace(Buffer.from(family));
    if (Object.keys(entries).length > 0) await sink.apply(Buffer.from(family), encoded(entries), "overwrite");
  }
  await sink.flush();
  return path;
}

/** A family of `count` entries with keys `<prefix>0000000`, …. */
export function numbered(prefix: string, count: number, value = "value"): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${prefix}${index.toString().padStart(7, "0")}`, `${value} ${index.toString()}`]),
  );
}
