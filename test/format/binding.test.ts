/** The marker binds all frames of a dump to its header: no other header can stand before them, however alike. */
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead } from "#src/format/frame.js";
import { DumpFile, type DumpHeader, iterateEntries, salvagedBlocks, surveyDump } from "#src/format/index.js";
import { entry, header, keyspace, makeDump, markerIn, outcome, splitDump } from "./support/dumps.js";

const accessTo = (dump: Uint8Array) => ({ size: dump.length, read: async (offset: number, length: number) => dump.subarray(offset, offset + length) });
const digest = new Uint8Array(32);
const base = (id: string) => ({ dumpId: id, keyspaces: [{ name: Buffer.from("default"), entries: 3, digest }] });
const content = [[[entry("a", "1"), entry("b", "2")], [entry("c", "3")]]];

/** Headers with the same id and time, each with what is different in its sibling. */
const SIBLINGS: Readonly<Record<string, [Partial<DumpHeader>, Partial<DumpHeader>]>> = {
  producer: [{}, { producer: "kgdump 9.9.9" }],
  options: [{}, { keyspaces: [keyspace("default", { sourceOptions: new Map([["compression", "zstd"]]) })] }],
  estimates: [{}, { keyspaces: [keyspace("default", { estimatedEntries: 7 })] }],
  filter: [{}, { filter: "prefix=a" }],
  base: [{ kind: "delta", base: base("11111111-2222-4333-8444-555555555555") }, { kind: "delta", base: base("99999999-2222-4333-8444-555555555555") }],
};

/** A dump, and the header of its sibling: with its own marker, and with that of the dump. */
async function pairs(name: string): Promise<{ dump: Buffer; own: Buffer; adopted: Buffer }> {
  const [first, second] = SIBLINGS[name] ?? [{}, {}];
  const [dump, sibling] = [await makeDump(header(first), content), await makeDump(header(second), content)];
  const { magic, frames, tail } = splitDump(dump);
  const payload = splitDump(sibling).frames[0]?.payload ?? Buffer.alloc(0);
  const put = (marker: Uint8Array): Buffer => Buffer.concat([magic, encodeFrameHead(Kind.header, marker, 0, [payload]), payload, ...frames.slice(1).map(({ bytes }) => bytes), tail]);
  return { dump, own: put(markerIn(sibling)), adopted: put(markerIn(dump)) };
}

for (const name of Object.keys(SIBLINGS)) {
  test(`${name}: the header of a sibling with the same id and time is refused, streaming and by look-up`, async (t) => {
    const { dump, own, adopted } = await pairs(name);
    t.is((await outcome(dump)).error, undefined);
    await t.notThrowsAsync(DumpFile.open(accessTo(dump), { loadCodec }));

    const refused = await outcome(adopted);
    t.like(refused.error, { code: "DUMP_FRAME_FOREIGN", offset: MAGIC_LENGTH, block: undefined });
    t.deepEqual(refused.events, [], "nothing of it is released");
    await t.throwsAsync(DumpFile.open(accessTo(adopted), { loadCodec }), { code: "DUMP_FRAME_FOREIGN", message: /header/ });

    const exchanged = await outcome(own);
    t.like(exchanged.error, { code: "DUMP_FRAME_FOREIGN" });
    t.is(exchanged.events.length, 1);
    await t.throwsAsync(DumpFile.open(accessTo(own), { loadCodec }), { name: "KgdumpError" });
  });

  test(`${name}: salvaging does not take the sibling's header for the dump's own`, async (t) => {
    const { own, adopted } = await pairs(name);
    for (const bytes of [own, adopted]) {
      const found = await surveyDump(accessTo(bytes), { loadCodec }).catch((error: unknown) => error);
      if (name === "base") {
        t.true(found instanceof KgdumpError && found.code === "DUMP_FRAME_DAMAGED", "what a delta builds on is nobody's guess");
        continue;
      }
      if (found instanceof Error) return t.fail(String(found));
      const salvage = found as Awaited<ReturnType<typeof surveyDump>>;
      t.true(salvage.lost);
      t.false(salvage.sound);
      t.is(salvage.header.producer, "unknown");
      const keys: string[] = [];
      for (const piece of salvage.keyspaces[0]?.pieces ?? []) {
        if (piece.type === "gap") return t.fail("an entry is lost");
        for await (const { raw } of salvagedBlocks(accessTo(bytes), salvage, piece.stretch, { loadCodec })) keys.push(...[...iterateEntries(raw)].map(({ key }) => Buffer.from(key).toString()));
      }
      t.deepEqual(keys, ["a", "b", "c"]);
    }
  });
}

test("a marker that all frames share but that is not made of the header is refused", async (t) => {
  const { frames, magic, tail } = splitDump(await makeDump(header(), content));
  const rest = frames.map(({ kind, payload }, place) => Buffer.concat([encodeFrameHead(kind, Buffer.alloc(8, 7), place, [payload]), payload]));
  const dump = Buffer.concat([magic, ...rest, tail]);
  t.like((await outcome(dump)).error, { code: "DUMP_FRAME_FOREIGN", offset: MAGIC_LENGTH });
  await t.throwsAsync(DumpFile.open(accessTo(dump), { loadCodec }), { code: "DUMP_FRAME_FOREIGN" });
  t.true((await surveyDump(accessTo(dump), { loadCodec })).lost);
});

test("the header's checksum comes before its marker, and its marker before what it says", async (t) => {
  const dump = await makeDump(header(), content);
  const flipped = Buffer.from(dump);
  flipped.writeUInt8(flipped.readUInt8(MAGIC_LENGTH + FRAME_HEAD_LENGTH + 40) ^ 1, MAGIC_LENGTH + FRAME_HEAD_LENGTH + 40);
  t.like((await outcome(flipped)).error, { code: "DUMP_CHECKSUM_MISMATCH", offset: MAGIC_LENGTH });
  const nothing = Buffer.concat([splitDump(dump).magic, encodeFrameHead(Kind.header, markerIn(dump), 0, [Buffer.of(0xc0)]), Buffer.of(0xc0)]);
  t.like((await outcome(nothing)).error, { code: "DUMP_FRAME_FOREIGN", offset: MAGIC_LENGTH });
});
