/** Doing something to every bit, byte, frame or pair of frames of a dump, and counting what goes unnoticed. */
import type { ExecutionContext } from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { type Codec, CODEC_NAMES, type CodecName, type DumpHeader, DumpWriter, readDump } from "#src/format/index.js";
import { bytes, entry, type FoundFrame, header, keyspace, makeDump, smallDump, splitDump, writeBlock } from "./dumps.js";

const codecs: ReadonlyMap<CodecName, Codec> = new Map(await Promise.all(CODEC_NAMES.map(async (name) => [name, await loadCodec(name)] as const)));

/** Readers at work at the same time, so that none waits for another's codec. */
const AT_ONCE = 16;

async function* whole(input: Uint8Array): AsyncGenerator<Uint8Array> {
  yield input;
}

/** The code that reading ends with, or "sound"; anything but a KgdumpError is thrown. */
export async function verdict(input: Uint8Array): Promise<string> {
  try {
    let last = "";
    for await (const { type } of readDump(whole(input), { loadCodec: async (name) => codecs.get(name) ?? loadCodec(name) })) last = type;
    return last === "footer" ? "sound" : "ended without a footer";
  } catch (error) {
    if (error instanceof KgdumpError && error.code.startsWith("DUMP_")) return error.code;
    throw error;
  }
}

/** Runs `check` for each number below `count`, several at a time; `lane` tells those apart that run at the same time. */
export async function forEach(count: number, check: (index: number, lane: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (_: unknown, lane: number): Promise<void> => {
    while (next < count) await check(next++, lane);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Flips every bit of a dump, one after the other. */
export async function flipEveryBit(t: ExecutionContext, dump: Buffer): Promise<void> {
  t.is(await verdict(dump), "sound");
  const copies = Array.from({ length: AT_ONCE }, () => Buffer.from(dump));
  const unnoticed: number[] = [];
  await forEach(dump.length * 8, async (bit, lane) => {
    const copy = copies[lane] ?? dump;
    copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    if ((await verdict(copy)) === "sound") unnoticed.push(bit);
    copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  });
  t.deepEqual(unnoticed, []);
  t.true(copies.every((copy) => copy.equals(dump)));
  t.log(`${String(dump.length * 8)} bits of ${String(dump.length)} bytes, 0 unnoticed`);
}

/** Text of which half repeats, so that both codecs shrink it, but not to nothing; the same each time. */
function halfRandom(length: number, start: number): string {
  let [state, text] = [start, ""];
  while (text.length < length) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const word = (state >>> 0).toString(36);
    text += word + word;
  }
  return text.slice(0, length);
}

/** A dump of about 10 KB whose blocks, two keyspaces of them, are stored with the codec. */
export async function tenKilobytes(codec: CodecName): Promise<Buffer> {
  const keyspaces = [keyspace("default", { estimatedEntries: 20 }), keyspace("edges", { comparator: "reverse-bytewise" })];
  const make = (length: number): Promise<Buffer> => {
    const entries = (names: string, size: number) => Array.from(names, (name, place) => entry(name, halfRandom(size, place + size)));
    return makeDump(header({ codec, keyspaces }), [[entries("abcdefghij", length), entries("kl", 100)], [entries("zyx", 90), entries("wv", 60)]]);
  };
  // As many bytes as it takes to have 10 KB when they are stored.
  let [length, dump] = [200, await make(200)];
  while (dump.length < 10_000) dump = await make((length += 20));
  return dump;
}

/** Small dumps of each shape: each codec, a delta and a salvaged one. */
export async function smallDumps(): Promise<[string, Buffer][]> {
  const base = { dumpId: "11111111-2222-4333-8444-555555555555", keyspaces: [{ name: bytes("default"), entries: 3, digest: new Uint8Array(32) }] };
  const delta: Partial<DumpHeader> = { kind: "delta", base, codec: "lz4" };
  const long = "ab".repeat(40);
  return [
    ...(await Promise.all(CODEC_NAMES.map(async (codec): Promise<[string, Buffer]> => [codec, await smallDump(codec)]))),
    ["delta", await makeDump(header(delta), [[[entry("a", null), entry("b", long), entry("c", long)], [entry("d", null)], [entry("e", "")]]])],
    ["salvaged", await salvagedDump()],
  ];
}

async function salvagedDump(): Promise<Buffer> {
  const writer = new DumpWriter(header({ salvaged: { dumpId: null } }));
  const gap = (after: string | null, before: string | null) => writer.gap({ after: after === null ? null : bytes(after), before: before === null ? null : bytes(before), blocks: 1, entries: null, bytes: 99 });
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...gap(null, "b")];
  chunks.push(...(await writeBlock(writer, "none", [entry("b", "1"), entry("c", "2")])), ...gap("c", "x"));
  chunks.push(...(await writeBlock(writer, "none", [entry("x", "3"), entry("y", "4")])), ...(await writeBlock(writer, "none", [entry("z", "5")])), ...gap("z", null));
  return Buffer.concat([...chunks, ...writer.endKeyspace(), ...writer.finish()]);
}

/** All lists of frames in which some are dropped, doubled or swapped: each one, and each pair. */
export function* rearranged(dump: Buffer): Generator<[string, FoundFrame[]]> {
  const { frames } = splitDump(dump);
  const entries = [...frames.entries()];
  const doubled = (list: readonly number[]): FoundFrame[] => frames.flatMap((frame, place) => (list.includes(place) ? [frame, frame] : [frame]));
  for (const [one, first] of entries) {
    yield [`${String(one)} dropped`, frames.filter((_, place) => place !== one)];
    yield [`${String(one)} doubled`, doubled([one])];
    for (const [other, second] of entries.slice(one + 1)) {
      yield [`${String(one)} and ${String(other)} dropped`, frames.filter((_, place) => place !== one && place !== other)];
      yield [`${String(one)} and ${String(other)} doubled`, doubled([one, other])];
      yield [`${String(one)} and ${String(other)} swapped`, frames.with(one, second).with(other, first)];
      yield [`${String(one)} moved behind ${String(other)}`, frames.toSpliced(other + 1, 0, first).toSpliced(one, 1)];
      yield [`${String(one)} in place of ${String(other)}`, frames.with(other, first)];
      yield [`${String(other)} in place of ${String(one)}`, frames.with(one, second)];
    }
  }
}
