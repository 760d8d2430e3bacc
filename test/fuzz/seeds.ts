/** Sound dumps of every shape, and one that was given up: what mutations start from. */
import { loadCodec } from "#src/codecs/index.js";
import { Kind, MAGIC_LENGTH } from "#src/format/constants.js";
import { CODEC_NAMES, type Codec, type CodecName, DEFAULT_LIMITS, DumpWriter, FORMAT_VERSION, unpackBlock } from "#src/format/index.js";
import { decodeBlock } from "#src/format/payload/block.js";
import { decodeHeader } from "#src/format/payload/header.js";
import { bytes, type Content, DUMP_ID, entry, forge, header, keyspace, makeDump, smallDump, splitDump, writeBlock } from "../format/support/dumps.js";
import { assemble, bind } from "./structure.js";

/** A frame whose parts are going to be changed. */
export interface LooseFrame {
  readonly kind: number;
  readonly payload: Uint8Array;
  /** Of a block: its decoded entries, when they are known. */
  readonly raw?: Uint8Array | undefined;
}

/** A dump in parts. */
export interface LooseDump {
  readonly magic: Buffer;
  readonly marker: Uint8Array;
  readonly frames: readonly LooseFrame[];
  /** Whether footer and tail belong to it. */
  readonly complete: boolean;
}

/** What all targets mutate. */
export interface Seeds {
  readonly dumps: readonly Buffer[];
  readonly loose: readonly LooseDump[];
  /** Packed blocks of each codec, and what they decode to. */
  readonly packed: readonly { readonly codec: CodecName; readonly data: Uint8Array; readonly raw: Uint8Array }[];
}

/** The codecs, loaded once: loading takes longer than reading a small dump. */
export const codecs = await loadAll(true);

/** The same without native code. */
export const plainCodecs = await loadAll(false);

async function loadAll(native: boolean): Promise<ReadonlyMap<CodecName, Codec>> {
  return new Map(await Promise.all(CODEC_NAMES.map(async (name) => [name, await loadCodec(name, { native })] as const)));
}

/** Gives a codec that is loaded already. */
export async function loadedCodec(name: CodecName): Promise<Codec> {
  return codecs.get(name) ?? loadCodec(name);
}

/** Gives one without native code. */
export async function loadedPlainCodec(name: CodecName): Promise<Codec> {
  return plainCodecs.get(name) ?? loadCodec(name, { native: false });
}

/** Makes all seeds; the same each time. */
export async function makeSeeds(): Promise<Seeds> {
  const text = "kgdump ".repeat(30);
  const ordered = (count: number): Content => [Array.from({ length: count }, (_, index) => [entry(`key${String(index).padStart(4, "0")}`, index % 3 === 0 ? text : String(index))])];
  const result = { dumpId: "11111111-2222-4333-8444-555555555555", keyspaces: [{ name: bytes("default"), entries: 3, digest: new Uint8Array(32) }] };
  const options = new Map([["write_buffer_size", "67108864"], ["compression", "zstd"]]);
  const dumps = [
    ...(await Promise.all(CODEC_NAMES.map((codec) => smallDump(codec)))),
    await makeDump(header({ kind: "delta", base: result, codec: "lz4" }), [[[entry("a", null), entry("b", "1")], [entry("c", null)]]]),
    await salvaged(),
    await makeDump(header({ keyspaces: [] }), []),
    await makeDump(header({ keyspaces: [keyspace("a", { sourceOptions: options }), keyspace("b"), keyspace("c", { comparator: "reverse-bytewise" })], filter: "prefix=node:" }), [[], [[entry("", "")]], [[entry("z", text)], [entry("y", text)]]]),
    await makeDump(header({ codec: "zstd" }), ordered(40)),
    await longKeys(),
    await newerMinor(),
    await aborted(),
  ];
  const loose = await Promise.all(dumps.map(takeApart));
  const raws = [...new Set(loose.flatMap(({ frames }) => frames.flatMap(({ raw }) => (raw === undefined ? [] : [raw])))), Buffer.alloc(3000, text)];
  const packed = await Promise.all(raws.flatMap((raw) => [...codecs.values()].map(async (codec) => ({ codec: codec.name, raw, data: await codec.compress(raw) }))));
  return { dumps, loose, packed };
}

async function salvaged(): Promise<Buffer> {
  const writer = new DumpWriter(header({ salvaged: { dumpId: DUMP_ID } }));
  const hole = (after: string | null, before: string | null) => ({ after: after === null ? null : bytes(after), before: before === null ? null : bytes(before), blocks: null, entries: 7, bytes: 4096 });
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...writer.gap(hole(null, "a"))];
  chunks.push(...(await writeBlock(writer, "none", [entry("a", "1"), entry("b", "2")])), ...writer.gap(hole("b", "x")));
  chunks.push(...(await writeBlock(writer, "none", [entry("x", "1")])), ...writer.gap(hole("x", null)));
  return Buffer.concat([...chunks, ...writer.endKeyspace(), ...writer.finish()]);
}

/** Keys so long that the footer leaves one out, and the heads of their lengths are of each size. */
function longKeys(): Promise<Buffer> {
  return makeDump(header(), [[[entry("k".repeat(300), "v".repeat(300)), entry(`l${"k".repeat(254)}`, "")], [entry("m", "v".repeat(255))]]]);
}

async function newerMinor(): Promise<Buffer> {
  const version = { major: 1, minor: 3 };
  const { frames } = splitDump(await makeDump(header(), [[[entry("a", "1")]]]));
  const changed = frames.map(({ kind, payload }): { kind: number; payload: Uint8Array } => {
    if (kind === Kind.header) return { kind, payload: Buffer.concat([Buffer.of(0x8d), Buffer.from("\xa3new\x82\xa1a\x92\xc0\xc2\xa1b\xc4\x01x", "latin1"), Buffer.from(payload.subarray(1).toString("latin1").replace("\x92\x01\x01", "\x92\x01\x03"), "latin1")]) };
    return { kind, payload };
  });
  return assemble(bind({ magic: forge([], version), marker: Buffer.alloc(8), frames: changed.toSpliced(2, 0, { kind: 0x71, payload: bytes("anything") }), complete: true }));
}

async function aborted(): Promise<Buffer> {
  const writer = new DumpWriter(header());
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("a", "1")]))];
  return Buffer.concat([...chunks, ...writer.abort("the disk is full")]);
}

/** Takes a dump apart whose frames are sound. */
async function takeApart(dump: Buffer): Promise<LooseDump> {
  const { magic, frames, tail } = splitDump(dump);
  const first = frames[0];
  if (first === undefined) throw new TypeError("a seed has a header");
  const given = decodeHeader(first.payload, { ...FORMAT_VERSION, minor: magic.readUInt16BE(MAGIC_LENGTH - 2) }, DEFAULT_LIMITS);
  const loose = frames.map(async ({ kind, payload }) => {
    if (kind !== Kind.block) return { kind, payload };
    const block = decodeBlock(payload, given, DEFAULT_LIMITS);
    return { kind, payload, raw: await unpackBlock(await loadedCodec(block.codec), block.data, block.rawLength) };
  });
  return { magic, marker: first.bytes.subarray(4, 12), frames: await Promise.all(loose), complete: tail.length > 0 };
}
