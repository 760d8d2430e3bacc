/** The payloads of keyspace-start, keyspace-end, footer and abort frames: maps. */

import { KgdumpError } from "../../errors.js";
import { ABORT_REASON_BYTES, FOOTER_KEY_BYTES, FRAME_HEAD_LENGTH, INDEX_BLOCKS, LIMIT_NAME, LIMIT_TEXT, MAGIC_LENGTH } from "../constants.js";
import { itemAt } from "../item-at.js";
import { digest, MsgpackReader, type Shape } from "../msgpack/reader.js";
import { MsgpackWriter } from "../msgpack/writer.js";
import type { DeltaResult, DumpFooter, DumpHeader, IndexLocation, KeyspaceTotals, Totals } from "../types.js";

/** The sums, in the order in which they are written. */
export const TOTAL_NAMES = ["entries", "keyBytes", "valueBytes", "blocks", "rawBytes", "storedBytes", "gaps"] as const satisfies readonly (keyof Totals)[];

/** The sums, the digest and the result. */
const KEYSPACE_FIELDS = TOTAL_NAMES.length + 2;

/** An array head, five integers and a nil. */
const LEAST_LOCATION = 7;

/** A block's frame: head, array, four integers, two keys of no bytes and data of one. */
const LEAST_BLOCK = FRAME_HEAD_LENGTH + 12;

/** What a block takes in an index frame: array, six integers, two keys of no bytes. */
const LEAST_LISTED = 11;

const NUMBERS = Object.fromEntries(TOTAL_NAMES.map((name) => [name, (r: MsgpackReader, field: string) => r.uint(field)])) as {
  [K in keyof Totals]: (reader: MsgpackReader, field: string) => number;
};

/** What a footer's list of index frames must fit into. */
export interface FooterRoom {
  readonly offset: number;
  readonly indexFrames: number;
}

const ANY_ROOM: FooterRoom = { offset: Infinity, indexFrames: Infinity };

/** Encodes the payload of a keyspace-start frame. */
export function encodeKeyspaceStart(header: DumpHeader, keyspace: number): Uint8Array {
  const announced = itemAt(header.keyspaces, keyspace, "keyspace");
  return new MsgpackWriter().map(3).str("keyspace").uint(keyspace).str("name").bin(announced.name).str("order").str(announced.comparator).bytes();
}

/**
 * Checks that a keyspace-start frame begins the keyspace that the header has at that place.
 * @throws {KgdumpError} DUMP_MALFORMED; DUMP_FRAME_MISPLACED when it is another keyspace's
 */
export function checkKeyspaceStart(payload: Uint8Array, header: DumpHeader, keyspace: number, lenient: boolean): void {
  const announced = header.keyspaces[keyspace];
  const reader = new MsgpackReader(payload, "keyspace-start");
  const shape = { keyspace: NUMBERS.entries, name: (r: MsgpackReader, field: string) => r.bin(field, LIMIT_NAME), order: text };
  const found = reader.fields("", shape, lenient);
  reader.end();
  if (announced === undefined || found.keyspace !== keyspace) {
    const due = announced === undefined ? `all ${String(keyspace)} keyspaces of the header have ended` : `keyspace ${String(keyspace)} should`;
    throw new KgdumpError("DUMP_FRAME_MISPLACED", `keyspace ${String(found.keyspace)} begins where ${due}`);
  }
  if (Buffer.compare(found.name, announced.name) !== 0) throw reader.malformed("name", "is not the one in the header");
  if (found.order !== announced.comparator) throw reader.malformed("order", "is not the one in the header");
}

/** Encodes the payload of a keyspace-end frame. */
export function encodeKeyspaceEnd(keyspace: number, totals: KeyspaceTotals): Uint8Array {
  const writer = new MsgpackWriter().map(KEYSPACE_FIELDS + 1).str("keyspace").uint(keyspace);
  return keyspaceTotals(writer, totals).bytes();
}

/**
 * Decodes a keyspace-end frame.
 * @throws {KgdumpError} DUMP_MALFORMED
 */
export function decodeKeyspaceEnd(payload: Uint8Array, header: DumpHeader, lenient: boolean): KeyspaceTotals & { keyspace: number } {
  const reader = new MsgpackReader(payload, "keyspace-end");
  const found = reader.fields("", { keyspace: NUMBERS.entries, ...keyspaceShape(header, lenient) }, lenient);
  reader.end();
  return found;
}

/** Encodes the footer's payload. */
export function encodeFooter(footer: DumpFooter): Uint8Array {
  const writer = sums(new MsgpackWriter().map(TOTAL_NAMES.length + 2), footer).str("keyspaces").array(footer.keyspaces.length);
  for (const totals of footer.keyspaces) keyspaceTotals(writer.map(KEYSPACE_FIELDS), totals);
  writer.str("indexes").array(footer.indexes.length);
  for (const index of footer.indexes) {
    writer.array(6).uint(index.offset).uint(index.frameLength).uint(index.keyspace).uint(index.firstBlock).uint(index.blocks);
    if (index.firstKey === null) writer.nil();
    else writer.bin(index.firstKey);
  }
  return writer.bytes();
}

/**
 * Decodes the footer, and checks that its sums add up and that its index covers all blocks in order.
 * @param room how many index frames it may list, and the offset of its own frame, before which they must lie
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED, DUMP_TOTALS_MISMATCH, DUMP_INDEX_WRONG
 */
export function decodeFooter(payload: Uint8Array, header: DumpHeader, lenient: boolean, room: FooterRoom = ANY_ROOM): DumpFooter {
  const reader = new MsgpackReader(payload, "footer");
  const found = reader.fields(
    "",
    {
      ...NUMBERS,
      keyspaces: (r, field) => {
        r.tuple(field, header.keyspaces.length);
        return header.keyspaces.map(({ name }, index) => ({ name, ...r.fields(`${field}[${String(index)}]`, keyspaceShape(header, lenient), lenient) }));
      },
      indexes: (r, field) => decodeLocations(r, field, header.keyspaces.length, room),
    },
    lenient,
  );
  reader.end();
  const wrong = totalsDifference(found, sumTotals(found.keyspaces));
  if (wrong !== undefined) throw new KgdumpError("DUMP_TOTALS_MISMATCH", `the footer's ${wrong} is not the sum of the keyspaces'`);
  const listed = found.keyspaces.map(() => 0);
  for (const { keyspace, blocks } of found.indexes) listed[keyspace] = itemAt(listed, keyspace, "keyspace") + blocks;
  if (found.keyspaces.some(({ blocks }, place) => listed[place] !== blocks)) {
    throw new KgdumpError("DUMP_INDEX_WRONG", "the footer's index frames do not list each block of each keyspace once");
  }
  return found;
}

/** Encodes the payload of an abort frame; a reason that is too long is cut. */
export function encodeAbort(reason: string): Uint8Array {
  const whole = Buffer.from(reason, "utf8");
  let end = Math.min(whole.length, ABORT_REASON_BYTES);
  while (end < whole.length && (whole.readUInt8(end) & 0xc0) === 0x80) end -= 1;
  return new MsgpackWriter().map(1).str("reason").str(whole.toString("utf8", 0, end)).bytes();
}

/**
 * Decodes an abort frame.
 * @returns the producer's reason
 * @throws {KgdumpError} DUMP_MALFORMED
 */
export function decodeAbort(payload: Uint8Array, lenient: boolean): string {
  const reader = new MsgpackReader(payload, "abort");
  const { reason } = reader.fields("", { reason: text }, lenient);
  reader.end();
  return reason;
}

/** Adds up the totals of keyspaces. */
export function sumTotals(keyspaces: readonly Totals[]): Totals {
  const sum = (name: keyof Totals): number => keyspaces.reduce((total, keyspace) => total + keyspace[name], 0);
  return Object.fromEntries(TOTAL_NAMES.map((name) => [name, sum(name)])) as unknown as Totals;
}

/** Whether two keyspaces' ends say the same of what a delta leads to. */
export function sameResult(a: DeltaResult | null, b: DeltaResult | null): boolean {
  if (a === null || b === null) return a === b;
  return a.entries === b.entries && Buffer.compare(a.digest, b.digest) === 0;
}

/** Name of the first sum in which two totals differ. */
export function totalsDifference(a: Totals, b: Totals): string | undefined {
  return TOTAL_NAMES.find((name) => a[name] !== b[name]);
}

/** The list of index frames, none of which may be where it and the blocks that it lists have no room. */
function decodeLocations(reader: MsgpackReader, field: string, keyspaces: number, room: FooterRoom): IndexLocation[] {
  const found: IndexLocation[] = [];
  const count = reader.array(field, LEAST_LOCATION, room.indexFrames);
  let [end, block, keyspace] = [MAGIC_LENGTH, 0, 0];
  for (let left = count; left > 0; left -= 1) {
    const index = decodeLocation(reader, field);
    const fits =
      index.offset >= end + index.blocks * LEAST_BLOCK &&
      index.frameLength >= FRAME_HEAD_LENGTH + index.blocks * LEAST_LISTED &&
      index.offset + index.frameLength <= room.offset;
    const sound = fits && index.keyspace >= keyspace && index.keyspace < keyspaces && index.firstBlock === block && index.blocks > 0;
    if (!sound) throw new KgdumpError("DUMP_INDEX_WRONG", `the footer's list of index frames is not in order at byte ${String(index.offset)} of the dump`);
    found.push(index);
    end = index.offset + index.frameLength;
    block += index.blocks;
    keyspace = index.keyspace;
  }
  return found;
}

function decodeLocation(reader: MsgpackReader, field: string): IndexLocation {
  reader.tuple(field, 6);
  const [offset, frameLength, keyspace, firstBlock, blocks] = [
    reader.uint(field),
    reader.uint(field),
    reader.uint(field),
    reader.uint(field),
    reader.uint(field, INDEX_BLOCKS),
  ];
  const firstKey = reader.nullable(() => new Uint8Array(reader.bin(field, FOOTER_KEY_BYTES)));
  return { offset, frameLength, keyspace, firstBlock, blocks, firstKey };
}

function sums(writer: MsgpackWriter, totals: Totals): MsgpackWriter {
  for (const name of TOTAL_NAMES) writer.str(name).uint(totals[name]);
  return writer;
}

function keyspaceTotals(writer: MsgpackWriter, totals: KeyspaceTotals): MsgpackWriter {
  sums(writer, totals).str("digest").bin(totals.digest).str("result");
  if (totals.result === null) return writer.nil();
  return writer.map(2).str("entries").uint(totals.result.entries).str("digest").bin(totals.result.digest);
}

function keyspaceShape({ kind }: DumpHeader, lenient: boolean): Shape<KeyspaceTotals> {
  const shape: Shape<DeltaResult> = { entries: NUMBERS.entries, digest };
  const result = (r: MsgpackReader, field: string): DeltaResult | null => {
    const found = r.nullable(() => r.fields(field, shape, lenient));
    if ((kind === "delta") !== (found !== null)) throw r.malformed(field, `does not fit a ${kind} dump`);
    return found;
  };
  return { ...NUMBERS, digest, result };
}

function text(reader: MsgpackReader, field: string): string {
  return reader.str(field, LIMIT_TEXT);
}
