import test from "ava";
import { Kind } from "#src/format/constants.js";
import { type CodecName, DumpFile } from "#src/format/index.js";
import { loadCodec } from "#src/codecs/index.js";
import { codeOf, entry, type FoundFrame, header, inChunks, makeDump, outcome, smallDump, splitDump } from "./support/dumps.js";

const CODECS: readonly CodecName[] = ["none", "lz4", "zstd"];

const accessTo = (dump: Uint8Array) => ({
  size: dump.length,
  read: async (offset: number, length: number) => dump.subarray(offset, offset + length),
});

for (const codec of CODECS) {
  test(`${codec}: every single flipped bit is an error with a code`, async (t) => {
    const dump = await smallDump(codec);
    t.is(await codeOf(dump), "sound");
    for (let bit = 0; bit < dump.length * 8; bit += 1) {
      const damaged = Buffer.from(dump);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const { error } = await outcome(damaged);
      if (!(error instanceof Error) || !("code" in error)) t.fail(`bit ${bit} of ${dump.length * 8} went unnoticed: ${String(error)}`);
    }
    t.log(`${dump.length * 8} bits`);
  });

  test(`${codec}: every truncation is DUMP_TRUNCATED, and releases what was sound`, async (t) => {
    const dump = await smallDump(codec);
    const whole = await outcome(dump);
    for (let length = 0; length < dump.length; length += 1) {
      const cut = await outcome(dump.subarray(0, length), { decodeAhead: 1 + (length % 3) });
      t.like(cut.error, { code: "DUMP_TRUNCATED", offset: length }, `cut at ${length}`);
      t.deepEqual(cut.events, whole.events.slice(0, cut.events.length));
    }
  });

  test(`${codec}: a file that is cut anywhere does not open`, async (t) => {
    const dump = await smallDump(codec);
    for (let length = 0; length < dump.length; length += 1) {
      await t.throwsAsync(DumpFile.open(accessTo(dump.subarray(0, length)), { loadCodec }), { code: "DUMP_TRUNCATED" }, `cut at ${length}`);
    }
  });
}

test("anything after the tail is refused", async (t) => {
  const dump = await smallDump("none");
  for (const junk of [Buffer.from([0]), Buffer.from("\n"), dump, splitDump(dump).tail]) {
    t.is(await codeOf(Buffer.concat([dump, junk])), "DUMP_TRAILING_DATA");
    t.is(await codeOf(inChunks(Buffer.concat([dump, junk]), 1)), "DUMP_TRAILING_DATA");
    await t.throwsAsync(DumpFile.open(accessTo(Buffer.concat([dump, junk])), { loadCodec }));
  }
});

test("every frame dropped, doubled, or swapped with any other is noticed", async (t) => {
  const dump = await smallDump("lz4");
  const { magic, frames, tail } = splitDump(dump);
  const join = (list: readonly FoundFrame[]): Buffer => Buffer.concat([magic, ...list.map((frame) => frame.bytes), tail]);
  t.deepEqual(join(frames), dump);
  for (const [place, frame] of frames.entries()) {
    t.not(await codeOf(join(frames.toSpliced(place, 1))), "sound", `without ${place}`);
    t.not(await codeOf(join(frames.toSpliced(place, 0, frame))), "sound", `${place} twice`);
    for (const [other, second] of frames.entries()) {
      if (other > place) t.not(await codeOf(join(frames.with(place, second).with(other, frame))), "sound", `${place} and ${other}`);
    }
  }
});

test("a frame of another dump is named so", async (t) => {
  const dump = splitDump(await smallDump("none"));
  const other = splitDump(await smallDump("none", { dumpId: "11111111-2222-4333-8444-555555555555" }));
  for (const [place, frame] of other.frames.entries()) {
    const spliced = Buffer.concat([dump.magic, ...dump.frames.map(({ bytes }) => bytes).with(place, frame.bytes), dump.tail]);
    t.is(await codeOf(spliced), "DUMP_FRAME_FOREIGN", `frame ${place}`);
  }
});

test("a block of a sibling with the same marker, keys and lengths is found by the digest", async (t) => {
  const one = splitDump(await makeDump(header(), [[[entry("a", "1"), entry("b", "2")]]]));
  const two = splitDump(await makeDump(header(), [[[entry("a", "1"), entry("b", "3")]]]));
  const place = one.frames.findIndex(({ kind }) => kind === Kind.block);
  const spliced = Buffer.concat([one.magic, ...one.frames.map(({ bytes }, index) => (index === place ? (two.frames[place]?.bytes ?? bytes) : bytes)), one.tail]);
  const { events, error } = await outcome(spliced);
  t.like(error, { code: "DUMP_DIGEST_MISMATCH" });
  t.is(events.at(-1)?.type, "block");
});

test("an error says where it is, and blocks before it are released", async (t) => {
  const dump = await smallDump("lz4");
  const { frames } = splitDump(dump);
  const second = frames.filter(({ kind }) => kind === Kind.block)[1];
  if (second === undefined) return t.fail();
  const damaged = Buffer.from(dump);
  damaged.writeUInt8(damaged.readUInt8(second.offset + second.bytes.length - 1) ^ 1, second.offset + second.bytes.length - 1);
  for (const decodeAhead of [1, 2, 8]) {
    const { events, error } = await outcome(damaged, { decodeAhead });
    t.like(error, { code: "DUMP_CHECKSUM_MISMATCH", offset: second.offset });
    t.is(events.filter(({ type }) => type === "block").length, 1);
  }
});

test("without decoding, all but the content is still checked", async (t) => {
  const dump = await smallDump("zstd");
  const { events, error } = await outcome(dump, { decode: false });
  t.is(error, undefined);
  t.true(events.filter((event) => event.type === "block").every((event) => event.raw === null));
  for (let length = 0; length < dump.length; length += 7) t.is(await codeOf(dump.subarray(0, length), { decode: false }), "DUMP_TRUNCATED");
});
