/** Making small dumps for tests: whole ones by the writer, and forged ones whose checksums are right. */

import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { markerOf } from "#src/format/checksum.js";
import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH, MARKER_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead, encodeMagic } from "#src/format/frame.js";
import {
  type CodecName,
  type DumpEvent,
  type DumpHeader,
  DumpWriter,
  encodeEntries,
  type Entry,
  FORMAT_VERSION,
  type FormatVersion,
  type HeaderKeyspace,
  packBlock,
  readDump,
  type ReadOptions,
} from "#src/format/index.js";

export const DUMP_ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
export const CREATED_AT = new Date(1_700_000_000_000);

/** UTF-8 bytes of a text. */
export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "utf8"));

/** An entry from two texts. */
export const entry = (key: string, value: string | null): Entry => ({ key: bytes(key), value: value === null ? null : bytes(value) });

/** A keyspace of a header. */
export const keyspace = (name: string, more: Partial<HeaderKeyspace> = {}): HeaderKeyspace => ({
  name: bytes(name),
  comparator: "bytewise",
  estimatedEntries: 0,
  estimatedBytes: 0,
  ...more,
});

/** A header with one keyspace, and what is to be different. */
export const header = (more: Partial<DumpHeader> = {}): DumpHeader => ({
  formatVersion: FORMAT_VERSION,
  dumpId: DUMP_ID,
  createdAt: CREATED_AT,
  producer: "kgdump 0.1.0",
  kind: "full",
  base: null,
  salvaged: null,
  source: { engine: "rocksdb", version: "10.10.1", databaseId: null, sequenceNumber: null },
  codec: "none",
  blockSize: 1024,
  keyspaces: [keyspace("default")],
  filter: null,
  ...more,
});

/** Blocks of entries for each keyspace. */
export type Content = readonly (readonly (readonly Entry[])[])[];

/** Writes one block. */
export async function writeBlock(writer: DumpWriter, codecName: CodecName, entries: readonly Entry[]): Promise<Uint8Array[]> {
  const raw = encodeEntries(entries);
  const packed = await packBlock(await loadCodec(codecName), raw);
  const sum = (length: (each: Entry) => number): number => entries.reduce((total, each) => total + length(each), 0);
  return writer.block({
    entries: entries.length,
    keyBytes: sum(({ key }) => key.length),
    valueBytes: sum(({ value }) => value?.length ?? 0),
    firstKey: entries.at(0)?.key ?? new Uint8Array(0),
    lastKey: entries.at(-1)?.key ?? new Uint8Array(0),
    raw,
    ...packed,
  });
}

/** A whole dump. */
export async function makeDump(dumpHeader: DumpHeader, content: Content): Promise<Buffer> {
  const writer = new DumpWriter(dumpHeader);
  const chunks = [...writer.start()];
  for (const [index, blocks] of content.entries()) {
    chunks.push(...writer.startKeyspace(index));
    for (const entries of blocks) chunks.push(...(await writeBlock(writer, dumpHeader.codec, entries)));
    chunks.push(...writer.endKeyspace(dumpHeader.kind === "delta" ? { entries: 1, digest: new Uint8Array(32) } : null));
  }
  chunks.push(...writer.finish());
  return Buffer.concat(chunks);
}

/** A small dump with two keyspaces and three blocks, some of which shrink when compressed. */
export function smallDump(codec: CodecName, more: Partial<DumpHeader> = {}): Promise<Buffer> {
  const text = "ab".repeat(60);
  const keyspaces = [keyspace("default", { estimatedEntries: 4 }), keyspace("edges", { comparator: "reverse-bytewise" })];
  return makeDump(header({ codec, keyspaces, ...more }), [
    [[entry("a", text), entry("b", text)], [entry("c", "3"), entry("d", text)]],
    [[entry("z", text), entry("y", text), entry("", "")]],
  ]);
}

/** Bytes in chunks of one size, or of the sizes given in turn. */
export async function* inChunks(data: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let position = 0, turn = 0; position < data.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? data.length;
    yield data.subarray(position, position + size);
    position += size;
  }
}

/** What reading a dump gave: its events, and the error that ended it. */
export interface Outcome {
  readonly events: DumpEvent[];
  readonly error: unknown;
}

/** Reads a dump to its end or its error. */
export async function outcome(input: Uint8Array | AsyncIterable<Uint8Array>, options: Partial<ReadOptions> = {}): Promise<Outcome> {
  const events: DumpEvent[] = [];
  try {
    const stream = input instanceof Uint8Array ? inChunks(input, 65_536) : input;
    for await (const event of readDump(stream, { loadCodec, ...options })) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

/** The code of the error that reading ends with, "sound" without one, or what else was thrown. */
export async function codeOf(input: Uint8Array | AsyncIterable<Uint8Array>, options: Partial<ReadOptions> = {}): Promise<string> {
  const { error } = await outcome(input, options);
  if (error === undefined) return "sound";
  return error instanceof KgdumpError ? error.code : `threw ${error instanceof Error ? error.message : typeof error}`;
}

/** A frame as it stands in a dump. */
export interface FoundFrame {
  readonly kind: number;
  readonly offset: number;
  /** The whole frame. */
  readonly bytes: Buffer;
  readonly payload: Buffer;
}

/** The frames of a sound dump, its magic and its tail. */
export function splitDump(dump: Buffer): { magic: Buffer; frames: FoundFrame[]; tail: Buffer } {
  const frames: FoundFrame[] = [];
  let offset = MAGIC_LENGTH;
  while (dump[offset] === 0x92) {
    const end = offset + FRAME_HEAD_LENGTH + dump.readUInt32BE(offset + 29);
    frames.push({ kind: dump.readUInt8(offset + 3), offset, bytes: dump.subarray(offset, end), payload: dump.subarray(offset + FRAME_HEAD_LENGTH, end) });
    offset = end;
  }
  return { magic: dump.subarray(0, MAGIC_LENGTH), frames, tail: dump.subarray(offset) };
}

/** A frame to forge. */
export interface ForgedFrame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** The marker of a dump, as its first frame has it. */
export const markerIn = (dump: Uint8Array): Uint8Array => dump.subarray(MAGIC_LENGTH + 4, MAGIC_LENGTH + 4 + MARKER_LENGTH);

/** The marker that binds frames to the header among them, whatever its payload is; any when there is none. */
export function boundMarker(frames: readonly ForgedFrame[]): Uint8Array {
  return markerOf(frames.find(({ kind }) => kind === Kind.header)?.payload ?? new Uint8Array(0));
}

/** Magic and frames with right checksums, marker and numbers, whatever the payloads are. */
export function forge(frames: readonly ForgedFrame[], version: FormatVersion = FORMAT_VERSION): Buffer {
  const marker = boundMarker(frames);
  const parts = frames.flatMap(({ kind, payload }, sequence) => [encodeFrameHead(kind, marker, sequence, [payload]), payload]);
  return Buffer.concat([encodeMagic(version), ...parts]);
}
