/** Blocks that are lost, and frames that changed places: any of them, in both orders of keys. */
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { Kind } from "#src/format/constants.js";
import { type KeyOrder, type Salvage, surveyDump } from "#src/format/index.js";
import { entry, header, keyspace, makeDump, splitDump } from "../support/dumps.js";

const survey = (dump: Buffer): Promise<Salvage> => surveyDump({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec });

/** Blocks with so many entries each. */
const SIZES = [2, 1, 3, 1, 2];

const dumpIn = (comparator: KeyOrder): Promise<Buffer> => {
  const blocks = SIZES.map((count, block) => Array.from({ length: count }, (_, place) => entry(`${String(block)}${String(place)}`, "value")));
  const ordered = comparator === "bytewise" ? blocks : blocks.map((block) => block.map(({ key, value }) => ({ key: Uint8Array.from(key, (byte) => 0x69 - byte), value })));
  return makeDump(header({ keyspaces: [keyspace("default", { comparator })] }), [ordered]);
};

for (const comparator of ["bytewise", "reverse-bytewise"] as const) {
  test(`whichever blocks are lost of a ${comparator} keyspace, the index says how many entries are missing`, async (t) => {
    const dump = await dumpIn(comparator);
    const blocks = splitDump(dump).frames.filter(({ kind }) => kind === Kind.block);
    for (let lost = 1; lost < 1 << SIZES.length; lost += 1) {
      const isLost = (at: number): boolean => ((lost >> at) & 1) === 1;
      const bad = Buffer.from(dump);
      for (const [at, { offset }] of blocks.entries()) if (isLost(at)) bad.writeUInt8(bad.readUInt8(offset + 40) ^ 0x10, offset + 40);
      const wanted: [blocks: number, entries: number][] = [];
      for (const [at, count] of SIZES.entries()) {
        if (!isLost(at)) continue;
        const [before] = isLost(at - 1) ? wanted.slice(-1) : [];
        if (before === undefined) wanted.push([1, count]);
        else [before[0], before[1]] = [before[0] + 1, before[1] + count];
      }
      const { keyspaces: [found], sound } = await survey(bad);
      t.deepEqual(found?.pieces.flatMap((piece) => (piece.type === "gap" ? [[piece.gap.blocks, piece.gap.entries]] : [])), wanted, lost.toString(2));
      t.is(found?.entries, SIZES.reduce((sum, count, at) => sum + (isLost(at) ? 0 : count), 0));
      t.false(sound);
    }
  });
}

test("a dump whose frames changed places is not sound, whichever they are, and nothing of it is lost where blocks did", async (t) => {
  const dump = await dumpIn("bytewise");
  const { magic, frames, tail } = splitDump(dump);
  t.like(await survey(dump), { sound: true, remarks: [] });
  for (let from = 1; from < frames.length; from += 1) {
    for (let to = 1; to < frames.length; to += 1) {
      if (from === to) continue;
      const moved = frames.toSpliced(from, 1).toSpliced(to, 0, ...frames.slice(from, from + 1));
      const { sound, remarks, keyspaces: [found] } = await survey(Buffer.concat([magic, ...moved.map(({ bytes }) => bytes), tail]));
      t.false(sound, `${String(from)} to ${String(to)}`);
      // Behind the last block stand the index and the end, and before the first one the start.
      if (Math.min(from, to) < 2 || Math.max(from, to) > 6) continue;
      t.deepEqual(remarks, ["parts of the dump are out of order"]);
      t.is(found?.entries, 9);
    }
  }
});
