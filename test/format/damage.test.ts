import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { Kind } from "#src/format/constants.js";
import { type CodecName, DumpFile, type DumpHeader } from "#src/format/index.js";
import { assemble } from "../fuzz/structure.js";
import { codeOf, entry, type FoundFrame, header, inChunks, keyspace, makeDump, outcome, smallDump, splitDump } from "./support/dumps.js";
import { flipEveryBit, forEach, rearranged, smallDumps, tenKilobytes, verdict } from "./support/exhaustive.js";

const CODECS: readonly CodecName[] = ["none", "lz4", "zstd"];

const accessTo = (dump: Uint8Array) => ({
  size: dump.length,
  read: async (offset: number, length: number) => dump.subarray(offset, offset + length),
});

for (const [name, dump] of await smallDumps()) {
  test(`${name}: every truncation is DUMP_TRUNCATED, and releases what was sound`, async (t) => {
    const complete = await outcome(dump);
    await forEach(dump.length, async (length) => {
      const cut = await outcome(dump.subarray(0, length), { decodeAhead: 1 + (length % 3) });
      t.like(cut.error, { code: "DUMP_TRUNCATED", offset: length }, `cut at ${length}`);
      t.deepEqual(cut.events, complete.events.slice(0, cut.events.length));
    });
  });

  test(`${name}: a file that is cut anywhere does not open`, async (t) => {
    for (let length = 0; length < dump.length; length += 1) {
      await t.throwsAsync(DumpFile.open(accessTo(dump.subarray(0, length)), { loadCodec }), { code: "DUMP_TRUNCATED" }, `cut at ${length}`);
    }
  });

  test(`${name}: every frame, and every pair, dropped, doubled, swapped or put elsewhere is noticed`, async (t) => {
    const { magic, frames, tail } = splitDump(dump);
    const join = (list: readonly FoundFrame[]): Buffer => Buffer.concat([magic, ...list.map((frame) => frame.bytes), tail]);
    t.deepEqual(join(frames), dump);
    const variants = [...rearranged(dump)];
    await forEach(variants.length, async (index) => {
      const [what, list] = variants[index] ?? ["nothing", frames];
      t.not(await verdict(join(list)), "sound", what);
    });
    t.log(`${variants.length} variants`);
  });

  test(`${name}: so it is when whoever did it numbered the frames anew`, async (t) => {
    const { magic, frames } = splitDump(dump);
    const [first] = frames;
    const join = (list: readonly FoundFrame[]): Buffer => assemble({ magic, marker: first?.bytes.subarray(4, 12) ?? magic, frames: list, complete: true });
    t.deepEqual(join(frames), dump);
    const variants = [...rearranged(dump)];
    await forEach(variants.length, async (index) => {
      const [what, list] = variants[index] ?? ["nothing", frames];
      t.not(await verdict(join(list)), "sound", what);
    });
  });
}

for (const name of ["delta", "salvaged"]) {
  test(`${name}: every single flipped bit is an error with a code`, async (t) => {
    const dump = new Map(await smallDumps()).get(name);
    if (dump === undefined) return t.fail();
    await flipEveryBit(t, dump);
  });
}

test("every truncation of 10 KB is DUMP_TRUNCATED", async (t) => {
  const dump = await tenKilobytes("zstd");
  await forEach(dump.length, async (length) => {
    if ((await verdict(dump.subarray(0, length))) !== "DUMP_TRUNCATED") t.fail(`cut at ${length}`);
  });
  t.pass();
});

test("anything after the tail is refused", async (t) => {
  const dump = await smallDump("none");
  for (const junk of [Buffer.from([0]), Buffer.from("\n"), dump, splitDump(dump).tail]) {
    t.is(await codeOf(Buffer.concat([dump, junk])), "DUMP_TRAILING_DATA");
    t.is(await codeOf(inChunks(Buffer.concat([dump, junk]), 1)), "DUMP_TRAILING_DATA");
    await t.throwsAsync(DumpFile.open(accessTo(Buffer.concat([dump, junk])), { loadCodec }));
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

/** The same keys and lengths, other values. */
const sibling = (codec: CodecName, kind: DumpHeader["kind"], letter: string, more: Partial<DumpHeader> = {}): Promise<Buffer> => {
  const value = (key: string): string => key + (letter + key).repeat(30);
  const base = { dumpId: "11111111-2222-4333-8444-555555555555", keyspaces: [] };
  const given = header({ codec, kind, base: kind === "delta" ? base : null, keyspaces: [keyspace("one"), keyspace("two")], ...more });
  const blocks = (keys: string) => Array.from(keys, (key) => [entry(key, value(key)), entry(`${key}${key}`, value(key))]);
  return makeDump(given, [blocks("abcd"), blocks("efg")]);
};

for (const codec of CODECS) {
  for (const kind of ["full", "delta"] as const) {
    test(`${codec}, ${kind}: a block of a sibling dump in place of its own is always noticed, whatever it shares`, async (t) => {
      const one = splitDump(await sibling(codec, kind, "x"));
      const same = splitDump(await sibling(codec, kind, "y"));
      const other = splitDump(await sibling(codec, kind, "y", { dumpId: "11111111-2222-4333-8444-555555555555" }));
      const blocks = [...one.frames.keys()].filter((place) => one.frames[place]?.kind === Kind.block);
      t.is(blocks.length, 7);
      t.deepEqual(blocks.map((place) => same.frames[place]?.bytes.length), blocks.map((place) => one.frames[place]?.bytes.length));
      const splice = (from: typeof one, places: readonly number[]): Buffer => Buffer.concat([one.magic, ...one.frames.map(({ bytes: own }, place) => (places.includes(place) ? (from.frames[place]?.bytes ?? own) : own)), one.tail]);
      // Each set of blocks, all of them at last: with id, time, keys and lengths in common only the digest tells.
      for (let set = 1; set < 2 ** blocks.length; set += 1) {
        const places = blocks.filter((_, index) => (set >> index) % 2 === 1);
        t.is(await verdict(splice(same, places)), "DUMP_DIGEST_MISMATCH", places.join());
        t.is(await verdict(splice(other, places)), "DUMP_FRAME_FOREIGN", places.join());
      }
      const ends = [...one.frames.keys()].filter((place) => one.frames[place]?.kind === Kind.keyspaceEnd);
      t.is(await verdict(splice(same, [...blocks, ...ends])), "DUMP_DIGEST_MISMATCH", "with the keyspaces' ends: the footer tells");
    });
  }
}

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
