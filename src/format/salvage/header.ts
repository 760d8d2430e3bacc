/** The header of a damaged dump: its own, or, when that is lost, what the other frames say of it. */

import { KgdumpError } from "../../errors.js";
import { markerOf } from "../checksum.js";
import { CODEC_NAMES, type CodecName } from "../codec.js";
import { DEFAULT_BLOCK_SIZE, FORMAT_MAJOR, FORMAT_VERSION, FRAME_HEAD_LENGTH, Kind } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import { checkPayload, checkPayloadLength, decodeFrameHead } from "../frame.js";
import { KEY_ORDERS, type KeyOrder } from "../key-order.js";
import type { Limits } from "../limits.js";
import { MsgpackReader } from "../msgpack/reader.js";
import { decodeHeader } from "../payload/header.js";
import { decodeKeyspaceEnd } from "../payload/totals.js";
import type { DumpHeader, FormatVersion } from "../types.js";
import { type Chain, framesOf } from "./chain.js";
import { decodeKeyspaceStart } from "./grammar.js";
import type { KnownFrame } from "./scan.js";

/** Stands for the dump id of a header that is lost; no dump is written with it. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/** A damaged dump's header. */
export interface SalvagedHeader {
  readonly header: DumpHeader;
  /** Whether it had to be made up from the other frames: its id, time, source and settings are then not the dump's. */
  readonly lost: boolean;
  /** Keyspaces whose name is lost; they are named by their number. */
  readonly unnamed: readonly number[];
  /** Whether more keyspaces may have followed, which nobody can tell. */
  readonly open: boolean;
}

/**
 * Reads the payload of a frame that was found sound before.
 * @throws {KgdumpError} DUMP_LIMIT_EXCEEDED; any code when the file was changed meanwhile
 * @throws what reading throws
 */
export async function readPayload(access: RandomAccess, frame: Pick<KnownFrame, "kind" | "offset" | "end">, limits: Limits): Promise<Uint8Array> {
  const { kind, offset, end } = frame;
  checkPayloadLength({ kind, payloadLength: end - offset - FRAME_HEAD_LENGTH }, limits, offset);
  const bytes = await access.read(offset, end - offset);
  const head = decodeFrameHead(bytes.subarray(0, FRAME_HEAD_LENGTH), offset);
  const payload = bytes.subarray(FRAME_HEAD_LENGTH);
  checkPayload(head, payload, offset);
  return payload;
}

/** Whether an error says that the dump's bytes are wrong, not that they could not be read. */
export function isDumpFault(error: unknown): error is KgdumpError {
  return error instanceof KgdumpError && error.code.startsWith("DUMP_");
}

/**
 * Finds the header, or makes one up.
 * @throws {KgdumpError} DUMP_VERSION_UNSUPPORTED, DUMP_CODEC_UNKNOWN, DUMP_LIMIT_EXCEEDED when it is there but not for this program;
 * DUMP_FRAME_DAMAGED when it is lost and the dump is a delta
 * @throws what reading throws
 */
export async function salvageHeader(access: RandomAccess, chain: Chain, limits: Limits): Promise<SalvagedHeader> {
  const isHeader = ({ kind, sequence }: KnownFrame): boolean => kind === Kind.header && sequence === 0;
  for (const frame of [...chain.landmarks.filter(isHeader), ...chain.strays.filter((stray) => isHeader(stray) && !stray.own)]) {
    try {
      const payload = await readPayload(access, frame, limits);
      // A header of which the marker is not made is another dump's, whatever its frame says.
      if (Buffer.from(markerOf(payload)).toString("latin1") !== chain.marker) continue;
      return { header: decodeHeader(payload, versionOf(payload), limits), lost: false, unnamed: [], open: false };
    } catch (error) {
      if (!(error instanceof KgdumpError) || error.code !== "DUMP_MALFORMED") throw error;
    }
  }
  return new Rebuilding(limits).header(access, chain);
}

/** The version as the header has it, because the one in the magic has no checksum. */
function versionOf(payload: Uint8Array): FormatVersion {
  const shape = {
    format: (r: MsgpackReader, field: string) => {
      r.tuple(field, 2);
      return { major: r.uint(field), minor: r.uint(field) };
    },
  };
  const { format } = new MsgpackReader(payload, "header").fields("", shape, true);
  if (format.major === FORMAT_MAJOR) return format;
  const version = `${String(format.major)}.${String(format.minor)}`;
  throw new KgdumpError("DUMP_VERSION_UNSUPPORTED", `the dump has format version ${version}; this program reads version ${String(FORMAT_MAJOR)}`, {
    hint: "recover it with a newer kgdump",
  });
}

/** Gathers what frames say of a header that is lost. */
class Rebuilding {
  readonly #limits: Limits;
  readonly #names = new Map<number, Uint8Array>();
  readonly #orders = new Map<number, KeyOrder>();
  /** Number and first key of the block of each keyspace that was seen last. */
  readonly #before = new Map<number, { readonly sequence: number; readonly first: Uint8Array }>();
  #keyspaces = 0;
  #listed: number | undefined;
  #codec: CodecName = "none";
  #delta = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  async header(access: RandomAccess, chain: Chain): Promise<SalvagedHeader> {
    for (const run of chain.runs) for await (const frame of framesOf(access, run)) await this.#tryFrame(access, frame);
    for (const frame of chain.strays) if (!frame.own) await this.#tryFrame(access, frame);
    if (this.#delta) {
      throw new KgdumpError("DUMP_FRAME_DAMAGED", "the header of a delta dump is lost: nobody knows what the delta builds on, so nothing can be done with it", {
        hint: "find another copy of the dump, or make the delta again",
      });
    }
    const unnamed: number[] = [];
    const taken = new Set([...this.#names.values()].map((name) => Buffer.from(name).toString("latin1")));
    const keyspaces = Array.from({ length: this.#listed ?? this.#keyspaces }, (_, index) => {
      const name = this.#names.get(index);
      if (name === undefined) unnamed.push(index);
      return {
        name: name ?? Buffer.from(freeName(`keyspace-${String(index)}`, taken)),
        comparator: this.#orders.get(index) ?? ("bytewise" as const),
        estimatedEntries: 0,
        estimatedBytes: 0,
      };
    });
    const header: DumpHeader = {
      formatVersion: FORMAT_VERSION,
      dumpId: NO_ID,
      createdAt: new Date(0),
      producer: "unknown",
      kind: "full",
      base: null,
      salvaged: null,
      source: { engine: "unknown", version: "unknown", databaseId: null, sequenceNumber: null },
      codec: this.#codec,
      blockSize: DEFAULT_BLOCK_SIZE,
      keyspaces,
      filter: "unknown, because the dump's header is lost",
    };
    return { header, lost: true, unnamed, open: this.#listed === undefined };
  }

  /** Takes in what a frame says; one that is malformed says nothing. */
  async #tryFrame(access: RandomAccess, frame: KnownFrame): Promise<void> {
    const readers: Readonly<Record<number, (payload: Uint8Array) => void>> = {
      [Kind.keyspaceStart]: (payload) => { this.#start(payload); },
      [Kind.block]: (payload) => { this.#block(payload, frame.sequence); },
      [Kind.keyspaceEnd]: (payload) => { this.#end(payload); },
      [Kind.footer]: (payload) => { this.#footer(payload); },
    };
    const read = readers[frame.kind];
    if (read === undefined) return;
    try {
      read(await readPayload(access, frame, this.#limits));
    } catch (error) {
      if (!isDumpFault(error)) throw error;
    }
  }

  #start(payload: Uint8Array): void {
    const { keyspace, name, order } = decodeKeyspaceStart(payload, this.#limits);
    const known = KEY_ORDERS.find((one) => one === order);
    if (known === undefined) return;
    this.#seen(keyspace);
    this.#names.set(keyspace, name);
    this.#orders.set(keyspace, known);
  }

  #block(payload: Uint8Array, sequence: number): void {
    const reader = new MsgpackReader(payload, "block");
    reader.tuple("block", 7);
    const keyspace = reader.uint("keyspace", this.#limits.keyspaces - 1);
    const codec = CODEC_NAMES[reader.uint("codec")];
    reader.uint("raw length");
    reader.uint("entries");
    const first = reader.bin("first key", this.#limits.key);
    const before = this.#before.get(keyspace) ?? { sequence, first };
    // Of blocks of one entry, the order is seen from one to the next.
    const direction = Buffer.compare(first, reader.bin("last key", this.#limits.key)) || Buffer.compare(before.first, first) * (sequence - before.sequence);
    this.#before.set(keyspace, { sequence, first: new Uint8Array(first) });
    this.#seen(keyspace);
    if (codec !== undefined && codec !== "none") this.#codec = codec;
    if (!this.#orders.has(keyspace) && direction !== 0) this.#orders.set(keyspace, direction < 0 ? "bytewise" : "reverse-bytewise");
  }

  #end(payload: Uint8Array): void {
    const kind = (as: "full" | "delta"): Pick<DumpHeader, "kind"> => ({ kind: as });
    try {
      this.#seen(decodeKeyspaceEnd(payload, kind("full") as DumpHeader, true).keyspace);
    } catch {
      this.#seen(decodeKeyspaceEnd(payload, kind("delta") as DumpHeader, true).keyspace);
      this.#delta = true;
    }
  }

  #footer(payload: Uint8Array): void {
    const shape = {
      keyspaces: (r: MsgpackReader, field: string) => {
        const count = r.array(field);
        for (let left = count; left > 0; left -= 1) r.skip(field);
        return count;
      },
    };
    const { keyspaces } = new MsgpackReader(payload, "footer").fields("", shape, true);
    if (keyspaces <= this.#limits.keyspaces) this.#listed = keyspaces;
  }

  #seen(keyspace: number): void {
    if (keyspace < this.#limits.keyspaces) this.#keyspaces = Math.max(this.#keyspaces, keyspace + 1);
  }
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let more = 2; taken.has(name); more += 1) name = `${wanted}-${String(more)}`;
  taken.add(name);
  return name;
}
