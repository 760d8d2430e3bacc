/** Single frames of a complete dump, read at their places: its header, its footer, any other. */

import { KgdumpError } from "../errors.js";
import { FORMAT_MINOR, FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH, TAIL_LENGTH } from "./constants.js";
import { checkHeaderMarker, checkPayload, checkPayloadLength, decodeFrameHead, decodeMagic, decodeTail, endsLikeTail, type FrameHead, kindName, startsLikeMagic } from "./frame.js";
import type { Limits } from "./limits.js";
import { decodeHeader } from "./payload/header.js";
import { decodeFooter } from "./payload/totals.js";
import { at } from "./place.js";
import { guessFormat } from "./sniff.js";
import type { DumpFooter, DumpHeader } from "./types.js";

/** Something with a known size whose bytes can be read anywhere, such as a file. */
export interface RandomAccess {
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `offset`.
   * @throws when there are fewer
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes read at once for the magic and the header. */
const FIRST_READ = 64 * 1024;

/** A header, and what comes with it. */
export interface OpenedHead {
  readonly header: DumpHeader;
  readonly marker: Uint8Array;
  readonly lenient: boolean;
}

/**
 * Reads the magic and the header.
 * @throws {KgdumpError} DUMP_NOT_A_DUMP, DUMP_TRUNCATED, and any code for what is wrong with them
 */
export async function openHead(access: RandomAccess, limits: Limits): Promise<OpenedHead> {
  const start = await access.read(0, Math.min(access.size, FIRST_READ));
  if (start.length === 0) throw new KgdumpError("DUMP_TRUNCATED", "the file is empty: its producer wrote nothing", { offset: 0 });
  if (!startsLikeMagic(start)) throw new KgdumpError("DUMP_NOT_A_DUMP", "the file is not a dump", { offset: 0, hint: guessFormat(start.subarray(0, 512)) });
  if (start.length < MAGIC_LENGTH) throw cut(access);
  const version = decodeMagic(start.subarray(0, MAGIC_LENGTH));
  const { head, payload } = await readFrame(access, limits, MAGIC_LENGTH);
  checkMember(head, head.marker, Kind.header, MAGIC_LENGTH);
  checkHeaderMarker(head, payload, MAGIC_LENGTH);
  const header = at({ offset: MAGIC_LENGTH }, () => decodeHeader(payload, version, limits));
  return { header, marker: head.marker, lenient: version.minor > FORMAT_MINOR };
}

/**
 * Reads the tail and the footer.
 * @throws {KgdumpError} DUMP_TRUNCATED when there is no tail, and any code for what is wrong with them
 */
export async function openFooter(access: RandomAccess, limits: Limits, { header, marker, lenient }: OpenedHead): Promise<DumpFooter> {
  const tailOffset = access.size - TAIL_LENGTH;
  const tail = await access.read(tailOffset, TAIL_LENGTH);
  if (!endsLikeTail(tail)) {
    const hint = "it is cut off, was aborted by its producer, or something was added to it: read it front to back to learn what it holds";
    throw new KgdumpError("DUMP_TRUNCATED", "the file does not end as a complete dump does", { offset: access.size, hint });
  }
  const offset = decodeTail(tail, tailOffset);
  const { head, payload } = await readFrame(access, limits, offset);
  checkMember(head, marker, Kind.footer, offset);
  if (offset + FRAME_HEAD_LENGTH + payload.length !== tailOffset) {
    throw new KgdumpError("DUMP_TAIL_DAMAGED", "the dump's tail does not follow its footer", { offset: tailOffset });
  }
  return at({ offset }, () => decodeFooter(payload, header, lenient, { offset, indexFrames: limits.indexFrames }));
}

/**
 * Reads the frame at a place, and checks it by its checksums.
 * @throws {KgdumpError} DUMP_TRUNCATED, and the codes of a damaged frame
 */
export async function readFrame(access: RandomAccess, limits: Limits, offset: number): Promise<{ head: FrameHead; payload: Uint8Array }> {
  if (offset + FRAME_HEAD_LENGTH > access.size) throw cut(access);
  const head = decodeFrameHead(await access.read(offset, FRAME_HEAD_LENGTH), offset);
  checkPayloadLength(head, limits, offset);
  if (offset + FRAME_HEAD_LENGTH + head.payloadLength > access.size) throw cut(access);
  const payload = await access.read(offset + FRAME_HEAD_LENGTH, head.payloadLength);
  checkPayload(head, payload, offset);
  return { head, payload };
}

/**
 * Checks that a frame is of a dump, and of a kind.
 * @throws {KgdumpError} DUMP_FRAME_FOREIGN, DUMP_FRAME_MISPLACED
 */
export function checkMember(head: FrameHead, marker: Uint8Array, kind: number, offset: number): void {
  if (Buffer.compare(head.marker, marker) !== 0) {
    throw new KgdumpError("DUMP_FRAME_FOREIGN", `the ${kindName(head.kind)} frame at byte ${String(offset)} belongs to another dump`, { offset });
  }
  if (head.kind === kind) return;
  throw new KgdumpError("DUMP_FRAME_MISPLACED", `a ${kindName(head.kind)} frame stands at byte ${String(offset)}, where a ${kindName(kind)} frame should`, { offset });
}

function cut(access: RandomAccess): KgdumpError {
  return new KgdumpError("DUMP_TRUNCATED", `the dump is cut off after ${String(access.size)} bytes`, { offset: access.size });
}
