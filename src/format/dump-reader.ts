/** Reading a dump front to back: frames are checked, blocks decoded ahead, and nothing is released before its checks have passed. */

import { giveBack } from "../memory.js";
import { ByteReader } from "./byte-reader.js";
import type { CodecLoader } from "./codec.js";
import { type BlockUnpacker, ContentChecker, type KeyspaceShape, type UnpackedBlock } from "./content-checker.js";
import { FrameReader } from "./frame-reader.js";
import { type Limits, resolveLimits } from "./limits.js";
import { at, type Place, placed } from "./place.js";
import { type Step, StreamChecker } from "./stream-checker.js";
import type { DumpEvent, DumpHeader } from "./types.js";

/** Raw bytes of blocks that are decoded ahead, at most, unless one block alone has more. */
const AHEAD_BYTES = 64 * 1024 * 1024;

/** How to read a dump. */
export interface ReadOptions {
  /** Gives the codec of a block; called when the first block that has it is met. Not needed without decoding. */
  readonly loadCodec: CodecLoader;
  /** Makes what unpacks the blocks of a keyspace elsewhere; without it, they are checked on this thread. */
  readonly unpackerOf?: ((shape: KeyspaceShape) => BlockUnpacker) | undefined;
  /** Limits to change. */
  readonly limits?: Partial<Limits> | undefined;
  /** Whether to decode blocks and check their entries; otherwise everything but those is checked. Default true. */
  readonly decode?: boolean | undefined;
  /** How many blocks are decoded at the same time, from 1. Default 2. */
  readonly decodeAhead?: number | undefined;
  /** Ends reading with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A step whose block is being decoded, or a failure that waits for its turn. */
type Waiting =
  | { readonly step: Exclude<Step, { type: "block" | "footer" }> }
  | { readonly step: Extract<Step, { type: "footer" }>; readonly bytes: number }
  | { readonly step: Extract<Step, { type: "block" }>; readonly work: Promise<UnpackedBlock | null> }
  | { readonly failure: unknown };

/**
 * Reads and checks a whole dump.
 *
 * Yields what it holds in order; a block only after its frame, its decoding and each of its entries were checked. A
 * dump is sound only when the generator comes to its end without an error: the last event is the footer, released
 * when the input has ended right behind the dump. Stopping early closes the input.
 * @param input the dump's bytes in chunks of any size
 * @throws {KgdumpError} one of the DUMP_ codes, with offset and block, in the place where the sound part ends
 * @throws what the input throws, and the signal's reason
 * @throws {TypeError} for limits or options that make no sense
 */
export async function* readDump(input: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<DumpEvent, void, undefined> {
  const reading = new Reading(input, options);
  try {
    yield* reading.events();
  } finally {
    await reading.close();
  }
}

class Reading {
  readonly #options: ReadOptions;
  readonly #limits: Limits;
  readonly #decode: boolean;
  readonly #ahead: number;
  readonly #bytes: ByteReader;
  readonly #frames: FrameReader;
  #checker: StreamChecker | undefined;
  #content: ContentChecker | undefined;
  #header: DumpHeader | undefined;
  #footer: Extract<Step, { type: "footer" }> | undefined;

  constructor(input: AsyncIterable<Uint8Array>, options: ReadOptions) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#decode = options.decode ?? true;
    this.#ahead = options.decodeAhead ?? 2;
    if (!Number.isInteger(this.#ahead) || this.#ahead < 1) throw new TypeError(`decodeAhead must be a whole number from 1, not ${String(this.#ahead)}`);
    this.#bytes = new ByteReader(input, options.signal);
    this.#frames = new FrameReader(this.#bytes, this.#limits, () => this.#checker);
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }

  /** Reads ahead while there are only blocks waiting; everything, failures too, is released in order. */
  async *events(): AsyncGenerator<DumpEvent, void, undefined> {
    const waiting: Waiting[] = [];
    for (;;) {
      const first = waiting[0];
      if (first === undefined || this.#mayReadAhead(waiting)) {
        waiting.push(await this.#next());
        continue;
      }
      waiting.shift();
      const event = await this.#release(first);
      if (event !== undefined) yield event;
      if (event?.type === "footer") return;
    }
  }

  #mayReadAhead(waiting: readonly Waiting[]): boolean {
    let bytes = 0;
    for (const item of waiting) {
      if (!("work" in item)) return false;
      bytes += item.step.block.rawLength;
    }
    return waiting.length < this.#ahead && bytes < AHEAD_BYTES;
  }

  /** The next step of the dump, its block being decoded; never rejects. */
  async #next(): Promise<Waiting> {
    try {
      if (this.#footer !== undefined) return { step: this.#footer, bytes: await this.#frames.tail(this.#footer.offset) };
      this.#checker ??= new StreamChecker(await this.#frames.magic(), this.#limits);
      const frame = await this.#frames.frame();
      const step = this.#checker.accept(frame);
      if (step.type === "block") {
        const work = this.#unpack(step, frame.payload);
        // The failure is met when it is the block's turn.
        work.catch(() => undefined);
        return { step, work };
      }
      if (step.type !== "footer") return { step };
      this.#footer = step;
      return { step: { type: "nothing" } };
    } catch (failure) {
      return { failure };
    }
  }

  /** @param payload the frame's, of which `data` is a part; its memory is used again */
  async #unpack({ block, data }: Extract<Step, { type: "block" }>, payload: Uint8Array): Promise<UnpackedBlock | null> {
    // At once, as blocks are unpacked in the order of the calls.
    const work = this.#decode ? this.#content?.unpack(this.#options.loadCodec(block.codec), data, block.rawLength) : undefined;
    const unpacked = (await work) ?? null;
    // What was stored as it is is the block itself.
    if (unpacked?.raw.buffer !== payload.buffer) giveBack(payload);
    return unpacked;
  }

  async #release(item: Waiting): Promise<DumpEvent | undefined> {
    this.#options.signal?.throwIfAborted();
    if ("failure" in item) throw item.failure;
    if ("bytes" in item) return { type: "footer", footer: item.step.footer, bytes: item.bytes };
    if ("work" in item) {
      const { block } = item.step;
      const place: Place = { offset: block.offset, block: block.number, keyspace: this.#header?.keyspaces[block.keyspace]?.name };
      try {
        const decoded = await item.work;
        if (decoded === null) return { type: "block", block, raw: null };
        const { raw, facts } = decoded;
        this.#content?.block(block, raw, facts);
        return { type: "block", block, raw };
      } catch (error) {
        throw placed(error, place);
      }
    }
    const { step } = item;
    switch (step.type) {
      case "nothing":
        return undefined;
      case "header":
        this.#header = step.header;
        this.#content = new ContentChecker(step.header, this.#limits, this.#options.unpackerOf);
        return step;
      case "keyspace-start":
        this.#content?.start(step.keyspace);
        return step;
      case "gap":
        return step;
      case "keyspace-end": {
        const { type, keyspace, totals, offset } = step;
        const name = this.#header?.keyspaces[keyspace]?.name;
        if (this.#decode) at({ offset, keyspace: name }, () => this.#content?.end(totals));
        return { type, keyspace, totals };
      }
    }
  }
}
