/**
 * Export: a store's entries become a dump.
 *
 * One pass, bounded memory: blocks come encoded from the engine, are compressed on other threads while the next are
 * read, and leave in order. A file appears whole or not at all; a stream that fails ends with an abort frame.
 */
import { randomUUID } from "node:crypto";
import { realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import type { EntryBlock, EntrySource, KeyspaceInfo, StoreInfo } from "../engines/engine.js";
import { KgdumpError } from "../errors.js";
import {
  type Codec,
  type CodecName,
  DEFAULT_BLOCK_SIZE,
  type DumpHeader,
  DumpWriter,
  FORMAT_MAJOR,
  FORMAT_MINOR,
  packBlock,
  type PackedBlock,
} from "../format/index.js";
import { closing } from "./closing.js";
import { describeFilter, type EntryFilter } from "./filter.js";
import { type KeyspaceName, selectKeyspaces } from "./keyspaces.js";
import { loadCodec, openSource, type TtlMode } from "./load-engine.js";
import { OrderedQueue } from "./ordered-queue.js";
import { type DumpOutput, openOutput } from "./output.js";
import { estimatedTotals, type ExpectedTotals, type OnProgress, ProgressMeter } from "./progress.js";
import { type KeyspaceResult, keyspaceResult } from "./results.js";
import { PRODUCER } from "./version.js";

/** Which part of a store to export, and how it is read. */
export interface ExportSelection extends EntryFilter {
  /** Directory of the store. */
  readonly store: string;
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  /** What to do with the timestamps of a RocksDB TTL store, which is refused without this. */
  readonly ttl?: TtlMode | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `exportStore` does. */
export interface ExportOptions extends ExportSelection {
  /** A path, which is published atomically, or an open stream, which is ended. */
  readonly output: string | Writable;
  /** Replace an output file that exists; default false. */
  readonly force?: boolean | undefined;
  /** Default lz4. */
  readonly codec?: CodecName | undefined;
  /** Compression level, for zstd 1 to 22, default 3. */
  readonly level?: number | undefined;
  /** Encoded bytes that a block holds at most, unless one entry is bigger; default 1 MiB. */
  readonly blockSize?: number | undefined;
  /** Time in the header; default SOURCE_DATE_EPOCH, else now. With it and `dumpId` the same store gives the same bytes. */
  readonly createdAt?: Date | undefined;
  /** Id of the dump, a UUID; default random. */
  readonly dumpId?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What was exported. */
export interface ExportResult {
  readonly dumpId: string;
  readonly store: StoreInfo;
  readonly keyspaces: readonly KeyspaceResult[];
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Encoded, uncompressed bytes. */
  readonly rawBytes: number;
  /** Bytes of the whole dump. */
  readonly dumpBytes: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** Absolute path of the dump, or null when it went to a stream. */
  readonly path: string | null;
}

/** Smallest and biggest block size that can be asked for. */
export const BLOCK_SIZE_RANGE = { min: 4 * 1024, max: 64 * 1024 * 1024 } as const;

/**
 * Exports a store.
 * @throws {KgdumpError} STORE_* when the store can't be read whole, KEYSPACE_UNKNOWN, OUTPUT_EXISTS, NO_SPACE,
 * BROKEN_PIPE, …; nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function exportStore(options: ExportOptions): Promise<ExportResult> {
  const started = performance.now();
  const blockSize = checkBlockSize(options.blockSize ?? DEFAULT_BLOCK_SIZE);
  const codecName = options.codec ?? "lz4";
  const codec = await loadCodec(codecName, { level: options.level });
  options.signal?.throwIfAborted();
  return closing(await openSource(options.store, { ttl: options.ttl }), async (source) => {
    await refuseOutputInStore(options.output, options.store);
    const keyspaces = selectedKeyspaces(source.info, options);
    const header = makeHeader(source.info, keyspaces, codecName, blockSize, options);
    const writer = new DumpWriter(header);
    const output = await openOutput(options.output, { force: options.force === true, signal: options.signal });
    try {
      await writeDump(writer, { source, keyspaces, codec, blockSize, output, options });
      options.signal?.throwIfAborted();
      await output.commit();
    } catch (error) {
      await output.discard(() => writer.abort(abortReason(error)));
      throw error;
    }
    return resultOf(writer, header.dumpId, source.info, keyspaces, output.path, started);
  });
}

/** The store is never written to, not even by a dump that is put into its directory. */
async function refuseOutputInStore(output: string | Writable, store: string): Promise<void> {
  if (typeof output !== "string") return;
  const directory = await realpath(dirname(resolve(output))).catch(() => null);
  const root = await realpath(store).catch(() => null);
  if (directory === null || root === null || !`${directory}${sep}`.startsWith(`${root}${sep}`)) return;
  throw new KgdumpError("USAGE", `${output} is inside the store, which is never written to`, {
    path: output,
    hint: "choose a file outside the store's directory",
  });
}

function resultOf(
  writer: DumpWriter,
  dumpId: string,
  store: StoreInfo,
  keyspaces: readonly KeyspaceInfo[],
  path: string | null,
  started: number,
): ExportResult {
  const results = keyspaces.map((keyspace, index) => keyspaceResult(keyspace.name, writer.totals[index]));
  const sum = (pick: (result: KeyspaceResult) => number): number => results.reduce((total, result) => total + pick(result), 0);
  return {
    dumpId,
    store,
    keyspaces: results,
    entries: sum((result) => result.entries),
    keyBytes: sum((result) => result.keyBytes),
    valueBytes: sum((result) => result.valueBytes),
    rawBytes: sum((result) => result.rawBytes),
    dumpBytes: writer.bytesWritten,
    seconds: (performance.now() - started) / 1000,
    warnings: store.warnings,
    path,
  };
}

interface Job {
  readonly source: EntrySource;
  readonly keyspaces: readonly KeyspaceInfo[];
  readonly codec: Codec;
  readonly blockSize: number;
  readonly output: DumpOutput;
  readonly options: ExportOptions;
}

async function writeDump(writer: DumpWriter, job: Job): Promise<void> {
  const { output, options } = job;
  const meter = new ProgressMeter("export", options.onProgress, expectedTotals(job.keyspaces, options));
  await output.write(writer.start());
  let remaining = options.limit ?? Infinity;
  for (const [index, keyspace] of job.keyspaces.entries()) {
    meter.enter(keyspace.name);
    await output.write(writer.startKeyspace(index));
    if (remaining > 0) remaining -= await writeKeyspace(writer, job, keyspace, remaining, meter);
    await output.write(writer.endKeyspace());
  }
  await output.write(writer.finish());
  meter.end();
}

/** Writes the blocks of one keyspace; returns the number of its entries. */
async function writeKeyspace(
  writer: DumpWriter,
  job: Job,
  keyspace: KeyspaceInfo,
  limit: number,
  meter: ProgressMeter,
): Promise<number> {
  const { source, codec, blockSize, output, options } = job;
  const packing = new OrderedQueue<{ block: EntryBlock; packed: PackedBlock; memory: Uint8Array }>(availableParallelism() + 1);
  const spare: Uint8Array[] = [];
  let entries = 0;
  const writeOldest = async (): Promise<void> => {
    const { block, packed, memory } = await packing.take();
    const before = writer.bytesWritten;
    await output.write(writer.block({ ...pickBlock(block), ...packed }));
    entries += block.entries;
    meter.add(block.entries, block.data.length, writer.bytesWritten - before);
    block.release();
    spare.push(memory);
  };
  try {
    const scan = source.scan(keyspace.name, {
      blockSize,
      from: options.from,
      to: options.to,
      prefix: options.prefix,
      limit: Number.isFinite(limit) ? limit : undefined,
      signal: options.signal,
    });
    for await (const block of scan) {
      const memory = spare.pop() ?? Buffer.allocUnsafeSlow(codec.mostCompressed?.(blockSize) ?? 0);
      packing.push(packBlock(codec, block.data, memory).then((packed) => ({ block, packed, memory })));
      while (packing.full) await writeOldest();
    }
    while (!packing.empty) await writeOldest();
  } finally {
    await packing.settle();
  }
  return entries;
}

function pickBlock(block: EntryBlock): {
  entries: number;
  keyBytes: number;
  valueBytes: number;
  firstKey: Uint8Array;
  lastKey: Uint8Array;
  raw: Uint8Array;
} {
  const { entries, keyBytes, valueBytes, firstKey, lastKey, data } = block;
  return { entries, keyBytes, valueBytes, firstKey, lastKey, raw: data };
}

function selectedKeyspaces(info: StoreInfo, options: ExportSelection): KeyspaceInfo[] {
  const names = info.keyspaces.map((keyspace) => keyspace.name);
  const selected = selectKeyspaces(names, { only: options.keyspaces, except: options.excludeKeyspaces });
  return info.keyspaces.filter((_, index) => selected[index]);
}

function makeHeader(
  info: StoreInfo,
  keyspaces: readonly KeyspaceInfo[],
  codec: CodecName,
  blockSize: number,
  options: ExportOptions,
): DumpHeader {
  const partial = isPartial(options);
  return {
    formatVersion: { major: FORMAT_MAJOR, minor: FORMAT_MINOR },
    dumpId: options.dumpId ?? randomUUID(),
    createdAt: options.createdAt ?? sourceDateEpoch() ?? new Date(),
    producer: PRODUCER,
    kind: "full",
    base: null,
    salvaged: null,
    source: {
      engine: info.engine,
      version: info.version,
      databaseId: info.databaseId,
      sequenceNumber: info.sequenceNumber,
    },
    codec,
    blockSize,
    keyspaces: keyspaces.map((keyspace) => ({
      name: keyspace.name,
      comparator: keyspace.comparator,
      estimatedEntries: partial ? 0 : keyspace.estimatedEntries,
      estimatedBytes: partial ? 0 : keyspace.estimatedBytes,
      sourceOptions: keyspace.settings,
    })),
    filter: describeFilter(options, keyspaces.length < info.keyspaces.length),
  };
}

/** Whether only a part of each keyspace is exported, so that the store's estimates say nothing. */
function isPartial(options: EntryFilter): boolean {
  return [options.prefix, options.from, options.to, options.limit].some((bound) => bound !== undefined);
}

function expectedTotals(keyspaces: readonly KeyspaceInfo[], options: EntryFilter): ExpectedTotals {
  return isPartial(options) ? { entries: options.limit ?? null, bytes: null } : estimatedTotals(keyspaces);
}

function sourceDateEpoch(): Date | null {
  const text = process.env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return null;
  if (!/^\d{1,12}$/.test(text)) {
    throw new KgdumpError("USAGE", "SOURCE_DATE_EPOCH is not a whole number of seconds", {
      hint: "set it to seconds since 1970, or unset it",
    });
  }
  return new Date(Number(text) * 1000);
}

function checkBlockSize(size: number): number {
  if (Number.isInteger(size) && size >= BLOCK_SIZE_RANGE.min && size <= BLOCK_SIZE_RANGE.max) return size;
  throw new KgdumpError("USAGE", `a block size of ${String(size)} bytes is not possible`, {
    hint: "choose one from 4 KiB to 64 MiB",
  });
}

/** What an abort frame says: the message of the error, which the consumer prints. */
function abortReason(error: unknown): string {
  if (error instanceof KgdumpError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}
