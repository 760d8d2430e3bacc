/**
 * Magic, frame heads and tail: every byte of them is fixed, checked against a checksum, or compared with another.
 * Pure functions over bytes; which frame may stand where is for the grammar.
 */

import { KgdumpError } from "../errors.js";
import { crcOf, markerOf } from "./checksum.js";
import {
  FORMAT_MAJOR,
  FRAME_HEAD_LENGTH,
  Kind,
  LIMIT_GAP,
  LIMIT_KEY,
  LIMIT_SKIPPED_PAYLOAD,
  LIMIT_SMALL_PAYLOAD,
  INDEX_BYTES,
  MAGIC_LENGTH,
  MAGIC_TEXT,
  MAGIC_TYPE,
  MARKER_LENGTH,
  PRELUDE_LENGTH,
  TAIL_LENGTH,
  TAIL_TEXT,
  TAIL_TYPE,
} from "./constants.js";
import type { Limits } from "./limits.js";
import type { FormatVersion } from "./types.js";

const EXT_8 = 0xc7;
const ARRAY_OF_2 = 0x92;
const BIN_32 = 0xc6;
/** The first bytes of every frame. */
export const FRAME_START = Buffer.of(ARRAY_OF_2, EXT_8, PRELUDE_LENGTH);
const MAGIC_START = Buffer.concat([Uint8Array.of(EXT_8, MAGIC_LENGTH - 3, MAGIC_TYPE), Buffer.from(MAGIC_TEXT, "latin1")]);
const TAIL_START = Buffer.from([EXT_8, TAIL_LENGTH - 3, TAIL_TYPE]);
const TAIL_END = Buffer.from(TAIL_TEXT, "latin1");

/** What stands before a frame's payload. */
export interface FrameHead {
  /** Ext type: one of Kind, or one that this version does not know. */
  readonly kind: number;
  /** The dump's marker: see `markerOf`. */
  readonly marker: Uint8Array;
  /** Number of the frame in its dump, from 0. */
  readonly sequence: number;
  readonly payloadLength: number;
  readonly payloadCrc: number;
}

/** The first bytes of a dump. */
export function encodeMagic(version: FormatVersion): Uint8Array {
  const bytes = Buffer.alloc(MAGIC_LENGTH);
  bytes.set(MAGIC_START);
  bytes.writeUInt16BE(version.major, MAGIC_START.length);
  bytes.writeUInt16BE(version.minor, MAGIC_START.length + 2);
  return bytes;
}

/** Whether bytes, which may be fewer than a whole magic, could begin a dump. */
export function startsLikeMagic(bytes: Uint8Array): boolean {
  return startsLike(bytes, MAGIC_START);
}

/** Whether bytes, which may be fewer than a whole head, could begin a frame. */
export function startsLikeFrame(bytes: Uint8Array): boolean {
  return startsLike(bytes, FRAME_START);
}

/** Whether bytes, which may be fewer than a whole tail, could begin a tail. */
export function startsLikeTail(bytes: Uint8Array): boolean {
  return startsLike(bytes, TAIL_START);
}

/**
 * Reads the version from a magic.
 * @param bytes MAGIC_LENGTH bytes for which `startsLikeMagic` holds
 * @throws {KgdumpError} DUMP_VERSION_UNSUPPORTED for another major version
 */
export function decodeMagic(bytes: Uint8Array): FormatVersion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint16(MAGIC_START.length);
  const minor = view.getUint16(MAGIC_START.length + 2);
  if (major !== FORMAT_MAJOR) {
    const version = `${String(major)}.${String(minor)}`;
    throw new KgdumpError("DUMP_VERSION_UNSUPPORTED", `the dump has format version ${version}; this program reads version ${String(FORMAT_MAJOR)}`, {
      hint: major > FORMAT_MAJOR ? "read it with a newer kgdump" : "version 0 was never released: the dump's first bytes may be damaged",
      offset: 0,
    });
  }
  return { major, minor };
}

/** Whether the last bytes of a file could be the whole tail of a dump. */
export function endsLikeTail(bytes: Uint8Array): boolean {
  return bytes.length === TAIL_LENGTH && startsLikeTail(bytes) && Buffer.compare(bytes.subarray(TAIL_LENGTH - TAIL_END.length), TAIL_END) === 0;
}

/**
 * The bytes before a payload.
 * @param parts the payload, in parts that follow one another; not copied
 * @param payloadCrc CRC-32 of the parts, when it is known
 */
export function encodeFrameHead(kind: number, marker: Uint8Array, sequence: number, parts: readonly Uint8Array[], payloadCrc = crcOf(...parts)): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.allocUnsafe(FRAME_HEAD_LENGTH);
  head[0] = ARRAY_OF_2;
  head[1] = EXT_8;
  head[2] = PRELUDE_LENGTH;
  head[3] = kind;
  head.set(marker, 4);
  head.writeUInt32BE(sequence, 12);
  head.writeUInt32BE(length, 16);
  head.writeUInt32BE(payloadCrc, 20);
  head.writeUInt32BE(crcOf(head.subarray(3, 24)), 24);
  head[28] = BIN_32;
  head.writeUInt32BE(length, 29);
  return head;
}

/**
 * Reads and checks the bytes before a payload; nothing in them is believed before their own checksum is right.
 * @param bytes FRAME_HEAD_LENGTH bytes
 * @param offset their place in the dump, for errors
 * @throws {KgdumpError} DUMP_FRAME_DAMAGED
 */
export function decodeFrameHead(bytes: Uint8Array, offset: number): FrameHead {
  if (bytes.length < FRAME_HEAD_LENGTH) throw damaged(offset, "the bytes there are not the head of a frame");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = view.getUint8(0) === ARRAY_OF_2 && view.getUint16(1) === ((EXT_8 << 8) | PRELUDE_LENGTH) && view.getUint8(28) === BIN_32;
  if (!shape) throw damaged(offset, "the bytes there are not the head of a frame");
  if (crcOf(bytes.subarray(3, 24)) !== view.getUint32(24)) throw damaged(offset, "the checksum of the frame's head does not match");
  const payloadLength = view.getUint32(16);
  if (view.getUint32(29) !== payloadLength) throw damaged(offset, "the frame says two different lengths of its payload");
  const marker = new Uint8Array(bytes.subarray(4, 4 + MARKER_LENGTH));
  return { kind: view.getUint8(3), marker, sequence: view.getUint32(12), payloadLength, payloadCrc: view.getUint32(20) };
}

/**
 * Refuses a payload that is longer than its kind may have, before memory is taken for it.
 * @throws {KgdumpError} DUMP_LIMIT_EXCEEDED
 */
export function checkPayloadLength(head: Pick<FrameHead, "kind" | "payloadLength">, limits: Limits, offset: number): void {
  const limit = Math.min(limitOf(head.kind, limits), limits.payload);
  if (head.payloadLength <= limit) return;
  throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `the ${kindName(head.kind)} frame has a payload of ${String(head.payloadLength)} bytes, more than the limit of ${String(limit)}`, {
    offset,
    hint: head.kind === Kind.block ? "if you trust the dump, raise the block limit" : "if you trust the dump, raise the limit",
  });
}

/**
 * Compares a payload with the checksum in its frame's head.
 * @throws {KgdumpError} DUMP_CHECKSUM_MISMATCH
 */
export function checkPayload(head: FrameHead, payload: Uint8Array, offset: number): void {
  if (crcOf(payload) === head.payloadCrc) return;
  throw new KgdumpError("DUMP_CHECKSUM_MISMATCH", `the checksum of the ${kindName(head.kind)} frame does not match its payload`, { offset });
}

/**
 * Compares the marker in the header's frame with the header itself: all frames that have the marker belong to this one.
 * @param head of a header's frame, whose payload has the right checksum
 * @throws {KgdumpError} DUMP_FRAME_FOREIGN
 */
export function checkHeaderMarker(head: FrameHead, payload: Uint8Array, offset: number): void {
  if (Buffer.compare(head.marker, markerOf(payload)) === 0) return;
  throw new KgdumpError("DUMP_FRAME_FOREIGN", `the header at byte ${String(offset)} does not match the marker of the frames: it belongs to another dump or was changed`, {
    offset,
    hint: "the header was exchanged or changed: find another copy of the dump, or recover what is left of this one",
  });
}

/**
 * The last bytes of a dump.
 * @param footerOffset where the footer's frame begins
 * @param offset where the tail itself begins
 */
export function encodeTail(footerOffset: number, offset: number): Uint8Array {
  const tail = Buffer.alloc(TAIL_LENGTH);
  tail.set(TAIL_START);
  tail.writeBigUInt64BE(BigInt(footerOffset), 3);
  tail.writeBigUInt64BE(BigInt(offset + TAIL_LENGTH), 11);
  tail.writeUInt32BE(crcOf(tail.subarray(2, 19)), 19);
  tail.set(TAIL_END, 23);
  return tail;
}

/**
 * Reads and checks a tail.
 * @param bytes TAIL_LENGTH bytes
 * @param offset their place in the dump
 * @returns offset of the footer's frame
 * @throws {KgdumpError} DUMP_TAIL_DAMAGED
 */
export function decodeTail(bytes: Uint8Array, offset: number): number {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wrong = (problem: string): KgdumpError => new KgdumpError("DUMP_TAIL_DAMAGED", `the dump's tail ${problem}`, { offset });
  if (!endsLikeTail(bytes)) throw wrong("is not there");
  if (crcOf(tail.subarray(2, 19)) !== tail.readUInt32BE(19)) throw wrong("has a wrong checksum");
  const length = tail.readBigUInt64BE(11);
  if (length !== BigInt(offset + TAIL_LENGTH)) throw wrong(`says that the dump has ${String(length)} bytes; it has ${String(offset + TAIL_LENGTH)}`);
  const footerOffset = tail.readBigUInt64BE(3);
  if (footerOffset > BigInt(offset)) throw wrong(`says that the footer is at ${String(footerOffset)}, behind it`);
  return Number(footerOffset);
}

/** Name of a kind for messages. */
export function kindName(kind: number): string {
  const names: Readonly<Record<number, string>> = {
    [Kind.header]: "header",
    [Kind.keyspaceStart]: "keyspace-start",
    [Kind.block]: "block",
    [Kind.index]: "index",
    [Kind.gap]: "gap",
    [Kind.keyspaceEnd]: "keyspace-end",
    [Kind.footer]: "footer",
    [Kind.abort]: "abort",
  };
  return names[kind] ?? `unknown (0x${kind.toString(16).padStart(2, "0")})`;
}

function startsLike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  return Buffer.compare(bytes.subarray(0, length), start.subarray(0, length)) === 0;
}

function limitOf(kind: number, limits: Limits): number {
  switch (kind) {
    case Kind.header:
      return limits.header;
    case Kind.footer:
      return limits.footer;
    case Kind.block:
      return limits.payload;
    case Kind.index:
      return INDEX_BYTES + 2 * Math.max(limits.key, LIMIT_KEY) + 128;
    case Kind.gap:
      return LIMIT_GAP + 2 * Math.max(limits.key, LIMIT_KEY);
    case Kind.keyspaceStart:
    case Kind.keyspaceEnd:
    case Kind.abort:
      return LIMIT_SMALL_PAYLOAD;
    default:
      return LIMIT_SKIPPED_PAYLOAD;
  }
}

function damaged(offset: number, problem: string): KgdumpError {
  return new KgdumpError("DUMP_FRAME_DAMAGED", `damaged at byte ${String(offset)}: ${problem}`, { offset });
}
