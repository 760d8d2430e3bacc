/** What the RocksDB tests share: reading a store to the end, and making small ones. */
import type { ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbSinkOptions, type RocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import type { ScanOptions } from "#src/engines/store.js";
import { KgdumpError, type ErrorCode } from "#src/errors.js";
import { iterateEntries } from "#src/format/entries.js";

/** Key and value as latin-1 text, so that any bytes can be compared and printed. */
export type TextEntry = readonly [key: string, value: string];

/** Bytes of a latin-1 text. */
export const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** All entries of one family in the order of the scan. */
export async function entriesOf(source: RocksdbSource, family: string | Uint8Array, options: Partial<ScanOptions> = {}): Promise<TextEntry[]> {
  const name = typeof family === "string" ? Buffer.from(family) : family;
  const entries: TextEntry[] = [];
  for await (const block of source.scan(name, { blockSize: 4096, ...options })) {
    for (const { key, value } of iterateEntries(block.data)) {
      entries.push([Buffer.from(key).toString("latin1"), Buffer.from(value ?? []).toString("latin1")]);
    }
    block.release();
  }
  return entries;
}

/** All entries of all families of the store at `path`, by the family's name. */
export async function readStore(path: string, ttl?: "strip" | "keep"): Promise<{ entries: Map<string, TextEntry[]>; warnings: readonly string[] }> {
  const source = await openRocksdbSource(path, { ttl });
  try {
    const entries = new Map<string, TextEntry[]>();
    for (const { name } of source.info.keyspaces) entries.set(Buffer.from(name).toString(), await entriesOf(source, name));
    return { entries, warnings: source.info.warnings };
  } finally {
    await source.close();
  }
}

/** Makes a store, or opens it again, and puts these entries into one of its families. */
export async function putEntries(
  path: string,
  entries: Iterable<TextEntry>,
  options: RocksdbSinkOptions & { family?: string; flush?: boolean } = {},
): Promise<void> {
  const sink = await createRocksdbSink(path, options);
  try {
    const operations = [...entries].map(([key, value]) => ({ kind: "put" as const, key: bytes(key), value: bytes(value) }));
    if (operations.length > 0) await sink.operate(options.family ?? "default", operations);
    if (options.flush ?? true) await sink.flush();
  } finally {
    await sink.close();
  }
}

/** Entries `key00000`, `key00001`, … in their order. */
export function numbered(count: number, start = 0): TextEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(start + index).padStart(5, "0");
    return [`key${number}`, `value ${number} ${"x".repeat((start + index) % 50)}`];
  });
}

/** Asserts that `work` ends with a KgdumpError of this code, and returns it. */
export async function assertCode(t: ExecutionContext, code: ErrorCode | readonly ErrorCode[], work: () => Promise<unknown>): Promise<KgdumpError> {
  const error = await t.throwsAsync(work, { instanceOf: KgdumpError });
  const codes: readonly ErrorCode[] = typeof code === "string" ? [code] : code;
  t.true(codes.includes(error.code), `${error.code}: ${error.message}`);
  return error;
}
