import test, { type ExecutionContext } from "ava";
import { FRAME_HEAD_LENGTH, Kind, LIMIT_SMALL_PAYLOAD, MAGIC_LENGTH } from "#src/format/constants.js";
import { FORMAT_VERSION, DEFAULT_LIMITS, type DumpHeader, type Limits } from "#src/format/index.js";
import { MsgpackWriter } from "#src/format/msgpack/writer.js";
import { encodeBlock } from "#src/format/payload/block.js";
import { encodeHeader } from "#src/format/payload/header.js";
import { encodeKeyspaceStart } from "#src/format/payload/totals.js";
import { bytes, codeOf, entry, type ForgedFrame, forge, header, keyspace, makeDump, outcome, smallDump, splitDump } from "./support/dumps.js";

type Block = Parameters<typeof encodeBlock>[0];

const start = (dumpHeader: DumpHeader): ForgedFrame[] => [
  { kind: Kind.header, payload: encodeHeader(dumpHeader, DEFAULT_LIMITS) },
  { kind: Kind.keyspaceStart, payload: encodeKeyspaceStart(dumpHeader, 0) },
];
const block = (more: Partial<Block> = {}): ForgedFrame => {
  const whole: Block = { keyspace: 0, codec: "none", rawLength: 6, entries: 1, firstKey: bytes("a"), lastKey: bytes("a"), data: Buffer.from("c40161c40131", "hex"), ...more };
  return { kind: Kind.block, payload: Buffer.concat(encodeBlock(whole)) };
};
/** Reads a dump that breaks in its last frame. */
const breaks = async (t: ExecutionContext, frames: ForgedFrame[], code: string, message?: RegExp, limits?: Partial<Limits>): Promise<void> => {
  const { error } = await outcome(forge(frames), { limits });
  t.like(error, { code }, message?.source);
  if (message !== undefined) t.regex(String(error), message);
};

test("limits: what is at one is read, what is one more is refused", async (t) => {
  const dump = await makeDump(header({ keyspaces: [keyspace("a"), keyspace("b")] }), [[[entry("key", "12345")]], []]);
  const { frames } = splitDump(dump);
  const size = (kind: number): number => frames.find((frame) => frame.kind === kind)?.payload.length ?? 0;
  const exact: Partial<Limits> = { key: 3, value: 5, rawBlock: 12, payload: Math.max(size(Kind.footer), size(Kind.header)), keyspaces: 2, header: size(Kind.header), footer: size(Kind.footer) };
  t.is(await codeOf(dump, { limits: exact }), "sound");
  for (const [name, limit] of Object.entries(exact)) {
    t.is(await codeOf(dump, { limits: { ...exact, [name]: limit - 1 } }), "DUMP_LIMIT_EXCEEDED", name);
  }
});

test("a limit that makes no sense is the caller's mistake", async (t) => {
  for (const limit of [0, -1, 1.5, NaN, 2 ** 32]) t.true((await outcome(await smallDump("none"), { limits: { key: limit } })).error instanceof TypeError);
  for (const decodeAhead of [0, 1.5, NaN]) t.true((await outcome(await smallDump("none"), { decodeAhead })).error instanceof TypeError);
});

test.serial("hostile payload lengths in every kind are refused at once, without memory", async (t) => {
  const frames = [...start(header()), block()];
  const lengths = [DEFAULT_LIMITS.payload + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const kinds = [...Object.values(Kind), 0x7a];
  for (const kind of kinds) {
    for (const length of kind === Kind.abort ? [LIMIT_SMALL_PAYLOAD + 1, ...lengths] : lengths) {
      const forged = forge([...frames, { kind, payload: new Uint8Array(0) }]);
      const at = forged.length - FRAME_HEAD_LENGTH;
      forged.writeUInt32BE(length, at + 16);
      forged.writeUInt32BE(length, at + 29);
      forged.writeUInt32BE(crc(forged.subarray(at + 3, at + 24)), at + 24);
      const before = process.memoryUsage().rss;
      t.is(await codeOf(forged), "DUMP_LIMIT_EXCEEDED", `kind ${kind}, ${length} bytes`);
      t.true(process.memoryUsage().rss - before < 64 << 20);
    }
  }
});

test.serial("a frame that only claims to be large costs what arrives of it", async (t) => {
  const forged = forge([...start(header()), { kind: Kind.block, payload: new Uint8Array(0) }]);
  const at = forged.length - FRAME_HEAD_LENGTH;
  forged.writeUInt32BE(DEFAULT_LIMITS.payload, at + 16);
  forged.writeUInt32BE(DEFAULT_LIMITS.payload, at + 29);
  forged.writeUInt32BE(crc(forged.subarray(at + 3, at + 24)), at + 24);
  const before = process.memoryUsage().rss;
  t.is(await codeOf(forged), "DUMP_TRUNCATED");
  t.true(process.memoryUsage().rss - before < 64 << 20);
});

test("a payload larger than the first allocation is put together from its chunks", async (t) => {
  const value = "x".repeat(17 << 20);
  const dump = await makeDump(header(), [[[entry("a", value), entry("b", value)], [entry("c", "")]]]);
  const { events, error } = await outcome(dump);
  t.is(error, undefined);
  t.is(events.filter(({ type }) => type === "block").length, 2);
});

test("a block that contradicts itself is refused before it is decoded", async (t) => {
  const compressed = start(header({ codec: "zstd" }));
  const plain = start(header());
  await breaks(t, [...plain, block({ rawLength: 7 })], "DUMP_MALFORMED", /does not fit/);
  await breaks(t, [...plain, block({ codec: "zstd", rawLength: 9 })], "DUMP_MALFORMED", /header says none/);
  await breaks(t, [...compressed, block({ codec: "lz4", rawLength: 9 })], "DUMP_MALFORMED", /header says zstd/);
  await breaks(t, [...compressed, block({ codec: "zstd", rawLength: 6 })], "DUMP_MALFORMED", /does not fit/);
  await breaks(t, [...compressed, block({ codec: "zstd", rawLength: 9 })], "DUMP_BLOCK_DAMAGED", /not a zstd frame/);
  await breaks(t, [...compressed, block({ codec: "zstd", rawLength: (16 << 20) + 1 })], "DUMP_LIMIT_EXCEEDED", /256 times/);
  await breaks(t, [...compressed, block({ codec: "zstd", rawLength: 2 ** 32 - 1 })], "DUMP_LIMIT_EXCEEDED", /more than the limit/);
  await breaks(t, [...plain, block({ entries: 0 })], "DUMP_MALFORMED", /entries/);
  await breaks(t, [...plain, block({ entries: 3 })], "DUMP_MALFORMED", /entries/);
  await breaks(t, [...plain, block({ entries: 2 })], "DUMP_ORDER_BROKEN");
  await breaks(t, [...plain, block({ lastKey: bytes("b") })], "DUMP_MALFORMED", /one entry/);
  await breaks(t, [...plain, block({ keyspace: 1 })], "DUMP_MALFORMED", /header has 1/);
  await breaks(t, [...plain, block({ firstKey: bytes("b"), lastKey: bytes("b") })], "DUMP_ENTRIES_MALFORMED", /first key/);
  await breaks(t, [...plain, block(), block()], "DUMP_ORDER_BROKEN", /block before/);
  await breaks(t, [...start(header({ keyspaces: [keyspace("a"), keyspace("b")] })), block({ keyspace: 1 })], "DUMP_FRAME_MISPLACED", /keyspace 1/);
  const sound = block().payload;
  await breaks(t, [...plain, { kind: Kind.block, payload: Buffer.concat([sound, Buffer.of(0)]) }], "DUMP_MALFORMED", /too many/);
  await breaks(t, [...plain, { kind: Kind.block, payload: Buffer.concat([Buffer.of(0x96), sound.subarray(1)]) }], "DUMP_MALFORMED", /elements/);
  const unknown = Buffer.from(sound);
  unknown[2] = 9;
  await breaks(t, [...plain, { kind: Kind.block, payload: unknown }], "DUMP_CODEC_UNKNOWN");
});

test("hostile headers: nesting, counts, doubled keys and names", async (t) => {
  const broken = (payload: Uint8Array, code: string, message?: RegExp) => breaks(t, [{ kind: Kind.header, payload }], code, message);
  const sound = Buffer.from(encodeHeader(header(), DEFAULT_LIMITS));
  const replace = (from: string, to: string): Buffer => {
    const at = sound.indexOf(from, 0, "latin1");
    t.true(at > 0, from);
    return Buffer.concat([sound.subarray(0, at), Buffer.from(to, "latin1"), sound.subarray(at + from.length)]);
  };
  await broken(Buffer.alloc(200_000, 0x91), "DUMP_MALFORMED", /not a map/);
  await broken(Buffer.alloc(0), "DUMP_MALFORMED", /cut off/);
  await broken(replace("\xa5codec\x00", "\xa5codec\x63"), "DUMP_CODEC_UNKNOWN");
  await broken(replace("\xa5codec\x00", "\xa5codex\x00"), "DUMP_MALFORMED", /codex/);
  await broken(replace("0f8fad5b", "0F8fad5b"), "DUMP_MALFORMED", /UUID/);
  await broken(replace("\xa4full", "\xa4half"), "DUMP_MALFORMED", /"half"/);
  await broken(replace("\xa4full", "\xa5delta"), "DUMP_MALFORMED", /base/);
  await broken(replace("\xcd\x04\x00", "\x00"), "DUMP_MALFORMED", /blockSize is 0/);
  await broken(replace("\x92\x01\x01", "\x92\x01\x00"), "DUMP_MALFORMED", /is 1\.0/);
  await broken(replace("\x92\x01\x01", "\x92\x02\x00"), "DUMP_MALFORMED", /is 2\.0/);
  await broken(replace("keyspaces\x91", "keyspaces\xdd\xff\xff\xff\xff"), "DUMP_LIMIT_EXCEEDED", /4294967295 elements/);
  await broken(replace("keyspaces\x91", "keyspaces\xdd\x00\x01\x00\x00"), "DUMP_MALFORMED", /more than follow/);
  await broken(replace("bytewise", "bitewise"), "DUMP_MALFORMED", /bitewise/);
  await broken(replace("kgdump 0", "kgd\xff\xfep 0"), "DUMP_MALFORMED", /producer is not valid UTF-8/);
  await broken(replace("options\x80", "options\x82\xa1a\xa1b\xa1a\xa1c"), "DUMP_MALFORMED", /twice/);
  await broken(Buffer.concat([sound, Buffer.of(0xc0)]), "DUMP_MALFORMED", /too many/);
  const [one] = [sound.subarray(sound.indexOf("keyspaces") + 10)];
  const doubled = Buffer.concat([sound.subarray(0, sound.indexOf("keyspaces") + 9), Buffer.of(0x92), one, one]);
  await broken(doubled, "DUMP_MALFORMED", /two keyspaces/);
  const writer = new MsgpackWriter().map(65_536 * 5);
  for (let index = 0; index < 65_536 * 5; index += 1) writer.str(String(index)).str("");
  const many = Buffer.concat([sound.subarray(0, sound.length - 1), writer.bytes()]);
  await broken(many, "DUMP_LIMIT_EXCEEDED", /options/);
});

test("a payload nested a hundred thousand deep in a newer minor is refused", async (t) => {
  const version = { major: 1, minor: 7 };
  const sound = Buffer.from(encodeHeader(header(), DEFAULT_LIMITS));
  sound[sound.indexOf("\x92\x01\x01", 0, "latin1") + 2] = 7;
  sound[0] = 0x8d;
  const deep = Buffer.concat([sound, Buffer.from("\xa3new", "latin1"), Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)]);
  t.like((await outcome(forge([{ kind: Kind.header, payload: deep }], version))).error, { code: "DUMP_LIMIT_EXCEEDED" });
});

test("versions: a newer minor may bring fields and skippable frames, a newer major is refused by name", async (t) => {
  const sound = Buffer.from(encodeHeader(header({ keyspaces: [] }), DEFAULT_LIMITS));
  sound[sound.indexOf("\x92\x01\x01", 0, "latin1") + 2] = 7;
  sound[0] = 0x8d;
  const newer: ForgedFrame = { kind: Kind.header, payload: Buffer.concat([sound, Buffer.from("\xa3new\x91\xc0", "latin1")]) };
  const version = { major: 1, minor: 7 };
  const skippable: ForgedFrame = { kind: 0x71, payload: bytes("anything") };

  const { events, error } = await outcome(forge([newer, skippable], version));
  t.is(events[0]?.type, "header");
  t.like(error, { code: "DUMP_TRUNCATED" });
  for (const kind of [0x51, 0x60, 0x7b, 0x05, 0xf1]) {
    t.like((await outcome(forge([newer, { ...skippable, kind }], version))).error, { code: "DUMP_FRAME_UNKNOWN", hint: "read it with a newer kgdump" });
  }
  t.like((await outcome(forge([skippable, newer], version))).error, { code: "DUMP_FRAME_MISPLACED" });
  await breaks(t, [...start(header()), skippable], "DUMP_FRAME_UNKNOWN", /version 1\.1/);

  const dump = await smallDump("none");
  for (const [major, minor] of [[2, 0], [0, 9], [65_535, 65_535]] as const) {
    const other = Buffer.from(dump);
    other.writeUInt16BE(major, MAGIC_LENGTH - 4);
    other.writeUInt16BE(minor, MAGIC_LENGTH - 2);
    const { error: refusal } = await outcome(other);
    t.like(refusal, { code: "DUMP_VERSION_UNSUPPORTED" });
    t.regex(String(refusal), new RegExp(`${major}\\.${minor}`));
  }
});

test("frames where they must not be", async (t) => {
  const plain = start(header());
  const [first, second] = plain;
  if (first === undefined || second === undefined) return t.fail();
  await breaks(t, [second], "DUMP_FRAME_MISPLACED", /before the header/);
  await breaks(t, [first, first], "DUMP_FRAME_MISPLACED", /second time/);
  await breaks(t, [first, block()], "DUMP_FRAME_MISPLACED", /outside/);
  await breaks(t, [...plain, second], "DUMP_FRAME_MISPLACED", /before the last keyspace has ended/);
  await breaks(t, [...plain, { kind: Kind.index, payload: Buffer.of(0x93) }], "DUMP_FRAME_MISPLACED", /without a block/);
  await breaks(t, [first, { kind: Kind.keyspaceEnd, payload: Buffer.of(0x80) }], "DUMP_FRAME_MISPLACED", /outside/);
  await breaks(t, [first, { kind: Kind.footer, payload: Buffer.of(0x80) }], "DUMP_FRAME_MISPLACED", /before all keyspaces/);
  await breaks(t, [...plain, { kind: Kind.footer, payload: Buffer.of(0x80) }], "DUMP_FRAME_MISPLACED", /before all keyspaces/);
  const other = header({ keyspaces: [keyspace("other")] });
  await breaks(t, [first, { kind: Kind.keyspaceStart, payload: encodeKeyspaceStart(other, 0) }], "DUMP_MALFORMED", /name/);
  const reversed = header({ keyspaces: [keyspace("default", { comparator: "reverse-bytewise" })] });
  await breaks(t, [first, { kind: Kind.keyspaceStart, payload: encodeKeyspaceStart(reversed, 0) }], "DUMP_MALFORMED", /order/);
  const two = header({ keyspaces: [keyspace("default"), keyspace("b")] });
  await breaks(t, [first, { kind: Kind.keyspaceStart, payload: encodeKeyspaceStart(two, 1) }], "DUMP_FRAME_MISPLACED", /keyspace 1 begins/);
  const none = { kind: Kind.header, payload: encodeHeader(header({ keyspaces: [] }), DEFAULT_LIMITS) };
  await breaks(t, [none, second], "DUMP_FRAME_MISPLACED", /keyspace 0 begins/);

  const { magic, frames, tail } = splitDump(await smallDump("none"));
  const join = (...parts: Uint8Array[]): Buffer => Buffer.concat([magic, ...frames.map((frame) => frame.bytes), ...parts]);
  t.is(await codeOf(join(frames.at(-1)?.bytes ?? tail, tail)), "DUMP_FRAME_MISPLACED", "two footers");
  t.is(await codeOf(join(bytes("junk"), tail)), "DUMP_TAIL_DAMAGED", "between footer and tail");
  t.is(await codeOf(Buffer.concat([magic, frames[0]?.bytes ?? tail, tail])), "DUMP_FRAME_MISPLACED", "no footer");
  t.is(await codeOf(Buffer.concat([magic, frames[0]?.bytes ?? tail, join(tail)])), "DUMP_FRAME_MISPLACED", "a dump in a dump");
  t.is(await codeOf(Buffer.concat([magic, frames[0]?.bytes ?? tail, bytes("text")])), "DUMP_FRAME_DAMAGED", "short junk");
  t.is(FORMAT_VERSION.major, 1);
});

test("an abort frame ends reading with the producer's reason", async (t) => {
  const payload = new MsgpackWriter().map(1).str("reason").str("the disk is full").bytes();
  const { events, error } = await outcome(forge([...start(header()), block(), { kind: Kind.abort, payload }]));
  t.like(error, { code: "DUMP_ABORTED" });
  t.regex(String(error), /the disk is full/);
  t.deepEqual(events.map(({ type }) => type), ["header", "keyspace-start", "block"]);
  await breaks(t, [...start(header()), { kind: Kind.abort, payload: Buffer.of(0x80) }], "DUMP_MALFORMED", /reason is missing/);
});

/** CRC-32, written again so that the test does not use what it tests. */
function crc(data: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  }
  return (value ^ 0xffff_ffff) >>> 0;
}
