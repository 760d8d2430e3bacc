/** Damaging dumps at random, and telling from the bytes alone what must come out of their recovery. */
import { loadCodec } from "#src/codecs/index.js";
import { MAGIC_LENGTH } from "#src/format/constants.js";
import { type CodecName, type Entry, encodeEntries, iterateEntries, readDump } from "#src/format/index.js";
import { bytes, type Content, type FoundFrame, header, inChunks, keyspace, makeDump, splitDump } from "../../format/support/dumps.js";

/** Numbers from 0 to below `below`, the same for the same seed (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  }

  below(below: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

/** A dump, and where its frames are. */
export interface Sample {
  readonly dump: Buffer;
  readonly frames: readonly FoundFrame[];
  /** The entries of each block, in the order of the dump's blocks. */
  readonly blocks: readonly { readonly keyspace: number; readonly frame: FoundFrame; readonly entries: readonly Entry[] }[];
}

/** Names and orders of the sample's keyspaces. */
export const KEYSPACES = [keyspace("default"), keyspace("edges", { comparator: "reverse-bytewise" }), keyspace("empty"), keyspace("nodes")];

/** A dump of some twenty blocks in four keyspaces. The same for the same seed and codec; `side` changes the values only. */
export async function makeSample(codec: CodecName, seed: number, side = "main"): Promise<Sample> {
  const random = new Random(seed);
  const counts = [1 + random.below(10), random.below(6), 0, 1 + random.below(5)];
  const content: Content = counts.map((count, index) => {
    const blocks = Array.from({ length: count }, (_, block) =>
      Array.from({ length: 1 + random.below(4) }, (_unused, place) => {
        const key = bytes(`${KEYSPACES[index]?.comparator === "bytewise" ? "" : "r"}${String(1000 + block * 10 + place)}`);
        const length = random.pick([0, 3, 40, 700, 3000]);
        return { key, value: new Uint8Array(random.below(2) === 0 ? Buffer.alloc(length, `${side}${String(block)} `) : random.bytes(length)) };
      }),
    );
    return KEYSPACES[index]?.comparator === "bytewise" ? blocks : blocks.reverse().map((entries) => entries.reverse());
  });
  const dumpId = side === "main" ? "0f8fad5b-d9cb-469f-a165-70867728950e" : "11111111-d9cb-469f-a165-70867728950e";
  const dump = await makeDump(header({ codec, dumpId, keyspaces: KEYSPACES }), content);
  const { frames } = splitDump(dump);
  const found = frames.filter(({ kind }) => kind === 0x42);
  const blocks = content.flatMap((parts, index) => parts.map((entries) => ({ keyspace: index, entries })));
  return {
    dump,
    frames,
    blocks: blocks.map((block, at) => {
      const frame = found[at];
      if (frame === undefined) throw new Error("a block without a frame");
      return { ...block, frame };
    }),
  };
}

type Damage = (dump: Buffer, random: Random, sample: Sample, sibling: Sample) => Buffer;

const replaced = (dump: Buffer, at: number, length: number, by: Uint8Array): Buffer => Buffer.concat([dump.subarray(0, at), by, dump.subarray(at + length)]);

/** A frame where it now is, if it still is anywhere. */
function placeOf(dump: Buffer, frame: FoundFrame): number | null {
  const at = dump.indexOf(frame.bytes);
  return at < 0 ? null : at;
}

/** Bytes that look like parts of dumps and are none. */
function junk(random: Random, sample: Sample, sibling: Sample): Buffer {
  const head = random.pick(sample.frames).bytes.subarray(0, 33);
  return random.pick([
    () => random.bytes(1 + random.below(300)),
    () => Buffer.alloc(1 + random.below(300)),
    () => Buffer.alloc(1 + random.below(300), head.subarray(0, 4)),
    () => Buffer.concat(Array.from({ length: 1 + random.below(5) }, () => head)),
    () => Buffer.concat([head.subarray(0, 20), random.bytes(40)]),
    () => random.pick(sibling.frames).bytes,
    () => sibling.dump.subarray(0, random.below(sibling.dump.length)),
    () => random.pick(sample.frames).bytes.subarray(0, 34),
  ])();
}

/** All kinds of damage. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  flip: (dump, random) => {
    const copy = Buffer.from(dump);
    const at = random.below(dump.length);
    if (dump.length > 0) copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at);
    return copy;
  },
  overwrite: (dump, random, sample, sibling) => {
    const at = random.below(dump.length);
    const by = random.below(2) === 0 ? random.bytes(1 + random.below(2000)) : junk(random, sample, sibling);
    return replaced(dump, at, Math.min(by.length, dump.length - at), by.subarray(0, dump.length - at));
  },
  page: (dump, random) => {
    const at = random.below(Math.ceil(dump.length / 4096)) * 4096;
    return replaced(dump, at, Math.min(4096, dump.length - at), Buffer.alloc(Math.min(4096, dump.length - at)));
  },
  cut: (dump, random) => dump.subarray(0, random.below(dump.length + 1)),
  tail: (dump, random) => dump.subarray(0, Math.max(0, dump.length - 1 - random.below(400))),
  head: (dump, random) => dump.subarray(random.below(700)),
  remove: (dump, random) => replaced(dump, random.below(dump.length), 1 + random.below(random.pick([3, 60, 3000])), Buffer.alloc(0)),
  insert: (dump, random, sample, sibling) => replaced(dump, random.below(dump.length + 1), 0, junk(random, sample, sibling)),
  insertBetween: (dump, random, sample, sibling) => replaced(dump, placeOf(dump, random.pick(sample.frames)) ?? 0, 0, junk(random, sample, sibling)),
  trailing: (dump, random, sample, sibling) => Buffer.concat([dump, junk(random, sample, sibling)]),
  drop: (dump, random, sample) => {
    const frame = random.pick(sample.frames);
    const at = placeOf(dump, frame);
    return at === null ? dump : replaced(dump, at, frame.bytes.length, Buffer.alloc(0));
  },
  double: (dump, random, sample) => {
    const from = random.below(sample.frames.length);
    const parts = sample.frames.slice(from, from + 1 + random.below(4));
    const at = placeOf(dump, random.pick(sample.frames)) ?? 0;
    return replaced(dump, at, 0, Buffer.concat(parts.map((part) => part.bytes)));
  },
  swap: (dump, random, sample) => {
    const [a, b] = [random.pick(sample.frames), random.pick(sample.frames)].sort((one, other) => one.offset - other.offset);
    if (a === undefined || b === undefined || a === b) return dump;
    const [first, second] = [placeOf(dump, a), placeOf(dump, b)];
    if (first === null || second === null || first + a.bytes.length > second) return dump;
    return replaced(replaced(dump, second, b.bytes.length, a.bytes), first, a.bytes.length, b.bytes);
  },
  splice: (dump, random, sample, sibling) => {
    const index = random.below(sample.frames.length);
    const [own, other] = [sample.frames[index], sibling.frames[index]];
    const at = own === undefined ? null : placeOf(dump, own);
    return at === null || own === undefined || other === undefined ? dump : replaced(dump, at, own.bytes.length, other.bytes);
  },
};

/** Damages a dump once to four times. @returns also what was done */
export function damage(sample: Sample, sibling: Sample, random: Random): { dump: Buffer; done: string[] } {
  let { dump } = sample;
  const done: string[] = [];
  const names = Object.keys(DAMAGES);
  for (let left = random.pick([1, 1, 2, 3, 4]); left > 0; left -= 1) {
    const name = random.pick(names);
    done.push(name);
    dump = DAMAGES[name]?.(dump, random, sample, sibling) ?? dump;
  }
  return { dump, done };
}

/** What a dump holds: each keyspace's entries as encoded, and its gaps. Fails when it is not sound. */
export async function contentOf(dump: Uint8Array): Promise<{ keyspaces: Buffer[]; gaps: number; salvaged: boolean }> {
  const keyspaces: Buffer[][] = [];
  let [gaps, salvaged] = [0, false];
  for await (const event of readDump(inChunks(dump, 65_536), { loadCodec })) {
    if (event.type === "header") salvaged = event.header.salvaged !== null;
    if (event.type === "keyspace-start") keyspaces.push([]);
    if (event.type === "gap") gaps += 1;
    if (event.type === "block") keyspaces.at(-1)?.push(Buffer.from(event.raw ?? []));
  }
  return { keyspaces: keyspaces.map((parts) => Buffer.concat(parts)), gaps, salvaged };
}

/** The entries that must be recovered: those of every block whose frame is whole somewhere in the damaged dump. */
export function expectedOf(sample: Sample, damaged: Buffer): { kept: Set<number>; keyspaces: Buffer[] } {
  const kept = new Set<number>();
  const parts: Entry[][] = KEYSPACES.map(() => []);
  for (const [index, { frame, keyspace: at, entries }] of sample.blocks.entries()) {
    if (!damaged.includes(frame.bytes)) continue;
    kept.add(index);
    parts[at]?.push(...entries);
  }
  return { kept, keyspaces: parts.map((entries) => Buffer.from(encodeEntries(entries))) };
}

/** Number of entries in encoded ones. */
export function countOf(raw: Uint8Array): number {
  return [...iterateEntries(raw)].length;
}

/** Where the frames begin. */
export const FIRST_FRAME = MAGIC_LENGTH;
