/** What no other test meets: mistakes of callers, and lies that need a whole file around them. */
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { FRAME_HEAD_LENGTH, Kind } from "#src/format/constants.js";
import { encodeFrameHead } from "#src/format/frame.js";
import { type BlockInfo, DEFAULT_LIMITS, DumpFile, DumpWriter, unpackBlock } from "#src/format/index.js";
import { itemAt } from "#src/format/item-at.js";
import { MsgpackWriter } from "#src/format/msgpack/writer.js";
import { decodeIndex } from "#src/format/payload/block-index.js";
import { placed, withBlock } from "#src/format/place.js";
import { encodeHeader } from "#src/format/payload/header.js";
import { bytes, codeOf, entry, forge, header, keyspace, makeDump, outcome, splitDump } from "./support/dumps.js";

const open = (dump: Uint8Array): Promise<DumpFile> => DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec });
const small = (): Promise<Buffer> => makeDump(header(), [[[entry("a", "1"), entry("b", "2")]]]);

test("an item that is not there is the caller's mistake", async (t) => {
  t.is(itemAt([1, 2], 1, "number"), 2);
  t.throws(() => itemAt([1, 2], 2, "number"), { instanceOf: TypeError, message: "no number 2" });
  const file = await open(await small());
  await t.throwsAsync(file.get(1, bytes("a")), { instanceOf: TypeError });
  await t.throwsAsync(file.blocks(1).next(), { instanceOf: TypeError });
});

test("only a salvaged dump has gaps, and a keyspace's parts come within it", (t) => {
  const writer = new DumpWriter(header());
  const gap = { after: null, before: null, blocks: null, entries: null, bytes: null };
  t.throws(() => writer.gap(gap), { instanceOf: TypeError, message: /out of order/ });
  writer.start();
  writer.startKeyspace(0);
  t.throws(() => writer.gap(gap), { instanceOf: TypeError, message: /only a salvaged dump/ });
});

test("an index frame of a keyspace that the header does not have is malformed", (t) => {
  const payload = new MsgpackWriter().array(3).uint(1).uint(0).array(0).bytes();
  t.throws(() => decodeIndex(payload, header(), DEFAULT_LIMITS, 1000), { code: "DUMP_MALFORMED", message: /header has 1/ });
});

test("a block that is asked for by wrong figures, or is another dump's, is not given", async (t) => {
  const dump = await small();
  const file = await open(dump);
  const { value } = await file.blocks().next();
  const info = value as BlockInfo;
  await t.throwsAsync(file.readBlock({ ...info, frameLength: info.frameLength + 1 }), { code: "DUMP_INDEX_WRONG", message: /another length/ });
  await t.throwsAsync(file.readBlock({ ...info, offset: 2 ** 40 }), { code: "DUMP_INDEX_WRONG", message: /no whole frame/ });
  await t.throwsAsync(file.readBlock({ ...info, frameLength: 1 }), { code: "DUMP_INDEX_WRONG", message: /no whole frame/ });
  const two = header({ keyspaces: [keyspace("default"), keyspace("other")] });
  const other = await open(await makeDump(two, [[[entry("a", "1"), entry("b", "2")]], []]));
  const figures = { keyspace: 1, codec: "lz4", rawLength: info.rawLength + 1, storedLength: info.storedLength - 1, entries: 3, firstKey: bytes("A"), lastKey: bytes("c") } as const;
  for (const [name, figure] of Object.entries(figures)) {
    const { value: listed } = await other.blocks().next();
    await t.throwsAsync(other.readBlock({ ...(listed as BlockInfo), [name]: figure }), { code: "DUMP_INDEX_WRONG", message: /not the one that the index lists/ }, name);
  }
  const frame = splitDump(dump).frames.find(({ kind }) => kind === Kind.block);
  if (frame === undefined) return t.fail();
  const foreign = Buffer.from(dump);
  foreign.set(encodeFrameHead(Kind.block, bytes("another!"), 2, [frame.payload]), frame.offset);
  const error: unknown = await (await open(foreign)).readBlock(info).catch((thrown: unknown) => thrown);
  t.like(error, { code: "DUMP_FRAME_FOREIGN", offset: frame.offset, block: 0 });
  t.is(frame.bytes.length, FRAME_HEAD_LENGTH + frame.payload.length);
});

test("a codec that gives another length is not believed", async (t) => {
  const liar = { name: "lz4", id: 1, compress: async (raw: Uint8Array) => raw, decompress: async () => new Uint8Array(3) } as const;
  await t.throwsAsync(unpackBlock(liar, new Uint8Array(1), 4), { code: "DUMP_BLOCK_DAMAGED", message: /3 bytes, not 4/ });
});

test("an error keeps what it says when its place is added, and no place is added twice", (t) => {
  const cause = new Error("origin");
  const error = new KgdumpError("ADDON_MISSING", "no addon", { cause, hint: "set up", path: "/addon.node" });
  const found = placed(error, { offset: 7, block: 3, keyspace: bytes("a") });
  t.like(found, { code: "ADDON_MISSING", hint: "set up", path: "/addon.node", cause, offset: 7, block: 3, keyspace: Buffer.from("a"), message: "block 3 at byte 7: no addon" });
  t.is(placed(found, { offset: 8 }), found);
  t.is(withBlock(found, 9), found);
  t.is(withBlock(cause, 9), cause);
  t.like(withBlock(new KgdumpError("DUMP_TRUNCATED", "cut", { offset: 5, hint: "again" }), 2), { code: "DUMP_TRUNCATED", offset: 5, block: 2, hint: "again", path: undefined });
});

test("the source of a dump of version 1.0 has no options of its own, and only there may they be missing", async (t) => {
  const options = new Map([["max_open_files", "7"]]);
  const sound = Buffer.from(encodeHeader(header({ keyspaces: [], source: { ...header().source, options } }), DEFAULT_LIMITS)).toString("latin1");
  const [map, key] = ["\x85\xa6engine", `\xa7options\x81\xaemax_open_files\xa17`];
  t.true(sound.includes(map) && sound.includes(key));
  const without = sound.replace(map, map.replace("\x85", "\x84")).replace(key, "");
  const read = (payload: string, minor: number): Promise<{ events: readonly unknown[] }> =>
    outcome(forge([{ kind: Kind.header, payload: Buffer.from(payload.replace("\x92\x01\x01", `\x92\x01${String.fromCharCode(minor)}`), "latin1") }], { major: 1, minor }));
  t.like((await read(without, 0)).events[0], { header: { formatVersion: { major: 1, minor: 0 }, source: header().source } });
  t.like((await read(sound, 1)).events[0], { header: { source: { options } } });
  t.is((await read(sound, 0)).events.length, 0);
  t.is((await read(without, 1)).events.length, 0);
});

test("when a block is refused elsewhere, and turns out to be sound, reading does not go on as if nothing was", async (t) => {
  const dump = await small();
  const refusing = { unpack: async (_: unknown, data: Uint8Array) => ({ raw: data, facts: null }), digest: () => new Uint8Array(32) };
  t.is(await codeOf(dump), "sound");
  t.is(await codeOf(dump, { unpackerOf: () => refusing }), "threw a block that was refused elsewhere is sound");
});
