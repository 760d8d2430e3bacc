/**
 * Export: a store's entries become a dump.
 *
 * One pass, bounded memory: blocks come encoded from the engine, are checked, hashed and compressed on other threads while
 * the next are read, and leave in order. A file appears whole or not at all; a stream that fails ends with an abort frame.
 */
import { availableParallelism } from "node:os";
import type { Writable } from "node:stream";
import type { EngineName, EntryBlock, EntrySource, KeyspaceInfo, StoreInfo } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { giveBack, HUGE_BLOCK } from "../../memory.js";
import type { KeyspacePacker } from "../../codecs/packer.js";
import type { CodecName } from "../../format/codec.js";
// Not by the index: all that reads and salvages dumps would be loaded too.
import { DEFAULT_BLOCK_SIZE } from "../../format/constants.js";
import { type CheckedBlock, DumpWriter } from "../../format/dump-writer.js";
import { closing } from "../run/closing.js";
import type { DumpChain } from "../dump/chain.js";
import type { KeyspaceDelta } from "./delta.js";
import { expectedTotals, isPartial, makeHeader } from "./header.js";
import { fitHeader } from "../entries/fitting-header.js";
import { HugeEntries } from "../entries/huge.js";
import { emptyWarnings } from "../entries/filter.js";
import { openSource } from "../disk/stores.js";
import { orAborted, OrderedQueue } from "../run/ordered-queue.js";
import type { DumpOutput } from "../output/dump-output.js";
import { openOutput, refuseInStore } from "../output/output.js";
import { type OnProgress, ProgressMeter, type WithWarnings } from "../run/progress.js";
import { through, type WithSeams } from "../run/seams.js";
import { type KeyspaceResult, keyspaceResult } from "../dump/results.js";
import { loadCodec, loadPacker, type PackerOf } from "../dump/codecs.js";
import { checkRoomForDump } from "./room.js";
import { type ExportSelection, selectedKeyspaces, selectionOf } from "./selection.js";

/** What `exportStore` does. */
export interface ExportOptions extends ExportSelection, WithSeams, WithWarnings {
  /** A path, which is published atomically, or an open stream, which is ended. */
  readonly output: string | Writable;
  /** Write only what changed since these dumps: a full one, and the deltas that follow it, in their order. */
  readonly base?: readonly string[] | undefined;
  /** Replace an output file that exists; default false. */
  readonly force?: boolean | undefined;
  /** Default lz4. */
  readonly codec?: CodecName | undefined;
  /** Compression level, for zstd 1 to 22, default 3. */
  readonly level?: number | undefined;
  /** Encoded bytes that a block holds at most, unless one entry is bigger; default 1 MiB. */
  readonly blockSize?: number | undefined;
  /** Bytes of a block that the dump's readers are going to be told to take: larger entries end the export. Default: what readers take by default. */
  readonly maxBlockSize?: number | undefined;
  /** The engine that the dump is meant for: an entry that it can't hold ends the export as soon as it is met. */
  readonly target?: EngineName | undefined;
  /** Time in the header; default SOURCE_DATE_EPOCH, else now. With it and `dumpId` the same store gives the same bytes. */
  readonly createdAt?: Date | undefined;
  /** Id of the dump, a UUID; default random. */
  readonly dumpId?: string | undefined;
  /** Is told how far it is. */
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
 * BROKEN_PIPE, …; DELTA_BASE_DIFFERENT and DUMP_* when the dumps of `base` can't be built on; nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function exportStore(options: ExportOptions): Promise<ExportResult> {
  return exporting(options, async (work) => closing(await openSource(options.store, { ...options, ...selectionOf(options) }), (real) => work(through(options.seams?.exporting, real))));
}

/**
 * Exports a store that is open already, and stays open.
 * @throws {KgdumpError} see exportStore
 * @throws the signal's reason when it aborts
 */
export async function exportSource(source: EntrySource, options: ExportOptions): Promise<ExportResult> {
  return exporting(options, (work) => work(source));
}

type Work = (source: EntrySource) => Promise<ExportResult>;

async function exporting(options: ExportOptions, withSource: (work: Work) => Promise<ExportResult>): Promise<ExportResult> {
  const started = performance.now();
  const blockSize = checkBlockSize(Math.min(options.blockSize ?? DEFAULT_BLOCK_SIZE, options.maxBlockSize ?? Infinity));
  const codec = options.codec ?? "lz4";
  const packer = await loadPacker(await loadCodec(codec, { level: options.level }));
  options.signal?.throwIfAborted();
  const chain = await openBase(options);
  const run = (): Promise<ExportResult> => withSource((source) => exportFrom({ source, chain, packer, codec, blockSize, options }, started));
  return chain === null ? run() : closing(chain, run);
}

async function exportFrom(opened: Omit<Job, "keyspaces" | "output" | "huge" | "spare">, started: number): Promise<ExportResult> {
  const { source, chain, codec, blockSize, options } = opened;
  if (typeof options.output === "string") await refuseInStore(options.output, options.store);
  const keyspaces = selectedKeyspaces(source.info, options);
  const { header, warnings } = fitHeader(makeHeader(source.info, keyspaces, { ...options, codec, blockSize, base: chain?.base ?? null }));
  const writer = new DumpWriter(header);
  const watching = (): HugeEntries => new HugeEntries(options.target, options.maxBlockSize);
  const huge = watching();
  const output = await openOutput(options.output, { force: options.force === true, signal: options.signal });
  const room: string[] = [];
  try {
    if (output.path !== null && chain === null) {
      const rehearse = (nowhere: DumpOutput): Promise<void> =>
        writeDump(new DumpWriter(header), { ...opened, keyspaces, output: nowhere, huge: watching(), spare: [], options: { ...options, onProgress: undefined } });
      room.push(...(await checkRoomForDump(output.path, { codec, level: options.level, bytes: expectedTotals(keyspaces, options).bytes }, rehearse)));
      for (const warning of room) options.onWarning?.(warning);
    }
    await writeDump(writer, { ...opened, keyspaces, output, huge, spare: [] });
    options.signal?.throwIfAborted();
    await output.commit();
  } catch (error) {
    await output.discard(() => writer.abort(abortReason(error)));
    throw error;
  }
  const written = writer.totals.reduce((total, { entries }) => total + entries, 0);
  const empty = chain === null ? emptyWarnings("the store", { ...options, some: keyspaces.length < source.info.keyspaces.length }, written, "the dump is empty") : [];
  return resultOf(writer, header.dumpId, { ...source.info, warnings: [...source.info.warnings, ...warnings, ...huge.warnings(), ...room, ...empty] }, keyspaces, output.path, started);
}

/** The dumps that a delta builds on; null for a full dump. @throws {KgdumpError} DUMP_*, DELTA_BASE_DIFFERENT, USAGE, NOT_FOUND */
export async function openBase(options: ExportSelection & Pick<ExportOptions, "base" | "maxBlockSize">): Promise<DumpChain | null> {
  if (options.base === undefined || options.base.length === 0) return null;
  if (isPartial(options) || options.keyspaces !== undefined || options.excludeKeyspaces !== undefined) {
    throw new KgdumpError("USAGE", "only whole stores can be compared with a base", { hint: "leave out what selects keyspaces or keys" });
  }
  const { DumpChain } = await import("../dump/chain.js");
  const chain = await DumpChain.open(options.base, { maxBlockSize: options.maxBlockSize, signal: options.signal });
  const partial = chain.dumps.find((dump) => dump.header.filter !== null);
  if (partial === undefined) return chain;
  await chain.close();
  throw new KgdumpError("DELTA_BASE_DIFFERENT", `${partial.path} holds only a part of its store (${partial.header.filter ?? ""})`, {
    path: partial.path,
    hint: "export the whole store first",
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
  const totals = writer.totals;
  const results = keyspaces.map((keyspace, index) => keyspaceResult(keyspace.name, totals[index]));
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
  readonly chain: DumpChain | null;
  readonly codec: CodecName;
  readonly packer: PackerOf;
  readonly blockSize: number;
  readonly output: DumpOutput;
  readonly huge: HugeEntries;
  /** Memory for packed blocks that nobody uses. */
  readonly spare: Uint8Array[];
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
    const delta = job.chain === null ? null : await deltaOf(job.chain, keyspace);
    const packer = job.packer({ order: keyspace.comparator, deletions: delta !== null });
    if (remaining > 0) remaining -= await writeKeyspace(writer, packer, job, keyspace.name, blocksOf(keyspace, delta, job, remaining, meter), meter, delta === null);
    await output.write(writer.endKeyspace(delta?.result() ?? null, packer.digest()));
  }
  await output.write(writer.finish());
  meter.end();
}

async function deltaOf(chain: DumpChain, keyspace: KeyspaceInfo): Promise<KeyspaceDelta> {
  const { KeyspaceDelta } = await import("./delta.js");
  return new KeyspaceDelta(chain, keyspace);
}

/** The blocks to write of one keyspace: its entries, or its changes. */
function blocksOf(keyspace: KeyspaceInfo, delta: KeyspaceDelta | null, job: Job, limit: number, meter: ProgressMeter): AsyncIterable<EntryBlock> {
  const { source, blockSize, options } = job;
  const scan = source.scan(keyspace.name, {
    blockSize,
    from: options.from,
    to: options.to,
    prefix: options.prefix,
    limit: Number.isFinite(limit) ? limit : undefined,
    signal: options.signal,
  });
  return delta?.changes(scan, blockSize, (block) => { meter.add(block.entries, block.data.length); }) ?? scan;
}

/**
 * Writes the blocks of one keyspace.
 * @param counted whether what is written counts as progress
 * @returns the number of its entries
 */
async function writeKeyspace(
  writer: DumpWriter,
  packer: KeyspacePacker,
  { blockSize, output, huge, spare, options: { signal } }: Job,
  name: Uint8Array,
  blocks: AsyncIterable<EntryBlock>,
  meter: ProgressMeter,
  counted: boolean,
): Promise<number> {
  const packing = new OrderedQueue<{ block: EntryBlock; packed: CheckedBlock; memory: Uint8Array }>(availableParallelism() + 1);
  let [entries, writing] = [0, Promise.resolve()];
  const writeOldest = async (): Promise<void> => {
    const { block, packed, memory } = await orAborted(packing.take(), signal);
    // A frame that was made must be written: an abort frame behind it would have the wrong number otherwise.
    await writing;
    const before = writer.bytesWritten;
    const chunks = writer.checkedBlock(packed);
    entries += block.entries;
    if (counted) meter.add(block.entries, block.data.length, writer.bytesWritten - before);
    writing = output.write(chunks).then(() => {
      block.release();
      giveBack(packed.data);
      spare.push(memory);
    });
    // Met by the next write, or at the end.
    writing.catch(() => undefined);
  };
  try {
    for await (const block of blocks) {
      huge.look(name, block);
      const memory = spare.pop() ?? Buffer.allocUnsafeSlow(packer.memoryFor(blockSize));
      packing.push(packer.pack(block, memory).then((packed) => ({ block, packed, memory })));
      const alone = block.data.length > HUGE_BLOCK;
      while (packing.full || (alone && !packing.empty)) await writeOldest();
      if (alone) await writing;
    }
    while (!packing.empty) await writeOldest();
    await writing;
  } finally {
    // What is being compressed may take minutes, and nobody needs it.
    await orAborted(packing.settle(), signal).catch(() => undefined);
    await writing.catch(() => undefined);
  }
  return entries;
}

function checkBlockSize(size: number): number {
  if (Number.isInteger(size) && size >= BLOCK_SIZE_RANGE.min && size <= BLOCK_SIZE_RANGE.max) return size;
  throw new KgdumpError("USAGE", `block size ${String(size)} is out of range`, { hint: "choose one from 4 KiB to 64 MiB" });
}

/** What an abort frame says: the message of the error, which the consumer prints. */
function abortReason(error: unknown): string {
  if (error instanceof KgdumpError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}
