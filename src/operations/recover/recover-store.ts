/**
 * Recover a store: what is sound of a damaged one becomes a dump, with a gap wherever something may be missing.
 *
 * All of the store is looked at first, then read in order; the new dump is read back whole before it gets its name.
 */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { SalvagedEntries, SalvagePiece, StoreLoss, StoreSalvage } from "../../engines/salvage.js";
import type { EngineName } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { type Codec, type CodecName, DEFAULT_BLOCK_SIZE, type DumpHeader, DumpWriter, FORMAT_VERSION, packBlock } from "../../format/index.js";
import { PRODUCER } from "../../version.js";
import { loadCodec } from "../dump/codecs.js";
import { fitHeader } from "../entries/fitting-header.js";
import { HugeEntries } from "../entries/huge.js";
import type { DumpOutput } from "../output/dump-output.js";
import { refuseInStore } from "../output/output.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";
import { openSalvage } from "./open-salvage.js";
import { writeAndReadBack } from "./read-back.js";

/** What `recoverStore` does. */
export interface RecoverStoreOptions extends WithProgress {
  /** Directory of the damaged store. */
  readonly store: string;
  /** Path of the new dump; without it nothing is written, and the result tells what would be. */
  readonly output?: string | undefined;
  /** Replace an output file that exists; default false. */
  readonly force?: boolean | undefined;
  /** Read tables, too, that the store's own list of them does not name; default false. */
  readonly unknownTables?: boolean | undefined;
  /** Default lz4. */
  readonly codec?: CodecName | undefined;
  /** Bytes of a block that the new dump's readers are going to be told to take; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  /** Called with the output's absolute path when it is there whole, and stays, whatever fails afterwards. */
  readonly onPublished?: ((path: string) => void) | undefined;
}

/** What is left of one keyspace. */
export interface SalvagedKeyspace {
  readonly name: Uint8Array;
  readonly entries: number;
  /** Encoded, uncompressed bytes. */
  readonly rawBytes: number;
  /** Places where something may be missing. */
  readonly gaps: number;
  /** Entries that may be older than what the store held. */
  readonly doubtful: number;
}

/** What was recovered of a store. */
export interface RecoverStoreResult {
  /** Absolute path of the damaged store. */
  readonly store: string;
  readonly engine: EngineName;
  /** Whether anything is missing, or may be. */
  readonly lost: boolean;
  /** Whether nobody can tell which files belong to the store's last state. */
  readonly unsure: boolean;
  readonly keyspaces: readonly SalvagedKeyspace[];
  readonly entries: number;
  readonly rawBytes: number;
  readonly gaps: number;
  readonly doubtful: number;
  /** With which settings a sled store was made; null for RocksDB. */
  readonly settings: { readonly compression: boolean; readonly segmentSize: number } | null;
  readonly losses: readonly StoreLoss[];
  readonly remarks: readonly string[];
  /** Absolute path, id and bytes of the new dump; null when none was to be written. */
  readonly output: string | null;
  readonly dumpId: string | null;
  readonly outputBytes: number | null;
  /** Absolute path of the new store; null when none was to be made. */
  readonly target: string | null;
  readonly seconds: number;
}

/**
 * Recovers a store, which is only read. One that is sound is copied too, and the result says so.
 * @returns also when something is lost; `lost` then is true
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_DAMAGED when nothing of it is left, OUTPUT_EXISTS, USAGE, NO_SPACE, …;
 * nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function recoverStore(options: RecoverStoreOptions): Promise<RecoverStoreResult> {
  const started = performance.now();
  const store = resolve(options.store);
  const output = options.output === undefined ? null : resolve(options.output);
  if (output !== null) await refuseInStore(output, store);
  await using salvage = await openSalvage(store, { unknownTables: options.unknownTables });
  options.signal?.throwIfAborted();
  if (salvage.info.keyspaces.length === 0) throw nothingLeft(salvage);
  const written = output === null ? { ...(await readOnly(salvage, options)), dumpId: null, bytes: null, warnings: [] } : await writeDump(salvage, output, options);
  const { keyspaces } = written;
  const sum = (pick: (keyspace: SalvagedKeyspace) => number): number => keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);
  return {
    store,
    engine: salvage.info.engine,
    lost: salvage.unsure || salvage.losses.length > 0,
    unsure: salvage.unsure,
    keyspaces,
    entries: sum(({ entries }) => entries),
    rawBytes: sum(({ rawBytes }) => rawBytes),
    gaps: sum(({ gaps }) => gaps),
    doubtful: sum(({ doubtful }) => doubtful),
    settings: salvage.settings ?? null,
    losses: [...salvage.losses],
    remarks: [...salvage.remarks, ...written.warnings],
    output,
    dumpId: written.dumpId,
    outputBytes: written.bytes,
    target: null,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Fails with what is lost. @throws {KgdumpError} RECOVERY_INCOMPLETE when anything is, or may be */
export function requireWholeStore(result: RecoverStoreResult): void {
  if (!result.lost) return;
  const files = [...new Set(result.losses.map(({ file }) => file).filter((file) => file !== ""))];
  const shown = files.slice(0, 5).join(", ") + (files.length > 5 ? ` and ${String(files.length - 5)} more` : "");
  const unsure = "it is unknown which tables belong to its last state";
  const what = files.length > 0 ? `something of ${shown} is lost` : (result.losses[0]?.reason ?? unsure);
  throw new KgdumpError("RECOVERY_INCOMPLETE", `not everything could be recovered: ${what}`, {
    path: result.output ?? result.target ?? result.store,
    hint: hintOf(result),
  });
}

function hintOf({ output, target }: RecoverStoreResult): string {
  if (output !== null) return "the new dump is valid, and lacks what was damaged: kgdump inspect --gaps lists where";
  return target === null ? "nothing was written" : "the new store is sound, and lacks what was damaged: with -o a dump of it stays, of which kgdump inspect --gaps lists where";
}

function nothingLeft({ info, losses, remarks }: StoreSalvage): KgdumpError {
  const why = [...remarks, ...losses.map(({ file, reason }) => (file === "" ? reason : `${file}: ${reason}`))].slice(0, 5);
  return new KgdumpError("STORE_DAMAGED", `nothing of the store at ${info.path} can be recovered${why.map((reason) => `; ${reason}`).join("")}`, {
    path: info.path,
    hint: "copy the store again from its origin or a backup",
  });
}

/** Takes the pieces of a keyspace. */
interface Taker {
  start(index: number): Promise<void>;
  entries(block: SalvagedEntries, index: number, gap: boolean): Promise<void>;
  end(index: number, gap: boolean): Promise<void>;
}

async function eachPiece(salvage: StoreSalvage, options: RecoverStoreOptions, taker: Taker): Promise<SalvagedKeyspace[]> {
  const meter = new ProgressMeter("recover", options.onProgress, { entries: null, bytes: null });
  const keyspaces: SalvagedKeyspace[] = [];
  for (const [index, { name }] of salvage.info.keyspaces.entries()) {
    meter.enter(name);
    await taker.start(index);
    const sums = { entries: 0, rawBytes: 0, gaps: 0, doubtful: 0 };
    let gap = false;
    const pieces: AsyncIterable<SalvagePiece> = salvage.scan(name, { blockSize: blockSizeOf(options), signal: options.signal });
    for await (const piece of pieces) {
      options.signal?.throwIfAborted();
      if (piece.type === "gap") {
        sums.gaps += 1;
        gap = true;
        continue;
      }
      await taker.entries(piece.block, index, gap);
      gap = false;
      sums.entries += piece.block.entries;
      sums.rawBytes += piece.block.data.length;
      sums.doubtful += piece.block.doubtful;
      meter.add(piece.block.entries, piece.block.data.length);
    }
    await taker.end(index, gap);
    keyspaces.push({ name, ...sums });
  }
  meter.end();
  return keyspaces;
}

async function readOnly(salvage: StoreSalvage, options: RecoverStoreOptions): Promise<{ keyspaces: SalvagedKeyspace[] }> {
  const nothing = (): Promise<void> => Promise.resolve();
  return { keyspaces: await eachPiece(salvage, options, { start: nothing, entries: nothing, end: nothing }) };
}

async function writeDump(
  salvage: StoreSalvage,
  path: string,
  options: RecoverStoreOptions,
): Promise<{ keyspaces: SalvagedKeyspace[]; dumpId: string; bytes: number; warnings: readonly string[] }> {
  const codec = await loadCodec(options.codec ?? "lz4");
  const { header, warnings } = fitHeader(headerOf(salvage, codec, blockSizeOf(options)));
  const writer = new DumpWriter(header);
  const keyspaces = await writeAndReadBack(path, writer, options, async (output) => {
    await output.write(writer.start());
    const found = await eachPiece(salvage, options, new DumpTaker({ writer, output, codec, header, huge: new HugeEntries(undefined, options.maxBlockSize) }));
    await output.write(writer.finish());
    return found;
  });
  options.onPublished?.(path);
  return { keyspaces, dumpId: header.dumpId, bytes: writer.bytesWritten, warnings };
}

/** A dump that is being written. */
interface NewDump {
  readonly writer: DumpWriter;
  readonly output: DumpOutput;
  readonly codec: Codec;
  readonly header: DumpHeader;
  readonly huge: HugeEntries;
}

class DumpTaker implements Taker {
  readonly #to: NewDump;
  readonly #writer: DumpWriter;
  readonly #output: DumpOutput;
  #last: Uint8Array | null = null;

  constructor(to: NewDump) {
    this.#to = to;
    this.#writer = to.writer;
    this.#output = to.output;
  }

  async start(index: number): Promise<void> {
    this.#last = null;
    await this.#output.write(this.#writer.startKeyspace(index));
  }

  async entries(block: SalvagedEntries, index: number, gap: boolean): Promise<void> {
    const { codec, huge, header } = this.#to;
    huge.look(header.keyspaces[index]?.name ?? new Uint8Array(), block);
    if (gap) await this.#gap(block.firstKey);
    const packed = await packBlock(codec, block.data);
    await this.#output.write(this.#writer.block({ ...block, ...packed, raw: block.data }));
    this.#last = Uint8Array.from(block.lastKey);
  }

  async end(_index: number, gap: boolean): Promise<void> {
    if (gap) await this.#gap(null);
    await this.#output.write(this.#writer.endKeyspace());
  }

  async #gap(before: Uint8Array | null): Promise<void> {
    await this.#output.write(this.#writer.gap({ after: this.#last, before, blocks: null, entries: null, bytes: null }));
  }
}

/** Bytes of a block: no more than the new dump's readers take. */
function blockSizeOf({ maxBlockSize = Infinity }: RecoverStoreOptions): number {
  return Math.min(DEFAULT_BLOCK_SIZE, maxBlockSize);
}

function headerOf({ info }: StoreSalvage, codec: Codec, blockSize: number): DumpHeader {
  const { engine, version, databaseId, sequenceNumber, options, keyspaces } = info;
  return {
    formatVersion: FORMAT_VERSION,
    dumpId: randomUUID(),
    createdAt: new Date(),
    producer: PRODUCER,
    kind: "full",
    base: null,
    salvaged: { dumpId: null },
    source: { engine, version, databaseId, sequenceNumber, options },
    codec: codec.name,
    blockSize,
    keyspaces: keyspaces.map(({ name, comparator, settings }) => ({ name, comparator, estimatedEntries: 0, estimatedBytes: 0, sourceOptions: settings })),
    filter: null,
  };
}
