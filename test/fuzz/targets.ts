/** What is fuzzed: how each target makes its inputs, and what must hold whatever the input is. */
import { zstdProblem } from "#src/codecs/zstd-frame.js";
import { KgdumpError } from "#src/errors.js";
import { Kind, LIMIT_SMALL_PAYLOAD, MAGIC_LENGTH, TAIL_LENGTH } from "#src/format/constants.js";
import { checkPayload, checkPayloadLength, decodeFrameHead, decodeMagic, decodeTail, encodeFrameHead, encodeTail, endsLikeTail, startsLikeMagic } from "#src/format/frame.js";
import { checkEntries, type Codec, DEFAULT_LIMITS, type DumpHeader, encodeEntries, FORMAT_VERSION, iterateEntries, resolveLimits } from "#src/format/index.js";
import { decodeIndex, IndexBuilder } from "#src/format/payload/block-index.js";
import { decodeGap, encodeGap } from "#src/format/payload/gap.js";
import { decodeHeader, encodeHeader } from "#src/format/payload/header.js";
import { decodeAbort, decodeFooter, decodeKeyspaceEnd, encodeAbort, encodeFooter, encodeKeyspaceEnd } from "#src/format/payload/totals.js";
import { Finding } from "./finding.js";
import { mutateBytes, mutateTokens } from "./mutate-bytes.js";
import type { Random } from "./random.js";
import { codecs, plainCodecs, type Seeds } from "./seeds.js";
import { mutateDump } from "./structure.js";
import { TEXTS } from "./texts.js";
import { readFile, readStream, recover, summarize } from "./whole.js";

/** Limits of all readers here, so that memory is bounded by little. */
export const LIMITS = resolveLimits({ rawBlock: 1 << 20, value: 1 << 20, payload: 4 << 20 });

/** Something that takes hostile bytes. */
export interface Target {
  readonly make: (seeds: Seeds, random: Random) => Uint8Array;
  /**
   * Gives the input to the code.
   * @returns the code of its error, or "sound"
   * @throws {Finding} when a property does not hold
   * @throws what the code should never throw
   */
  readonly check: (input: Uint8Array, random: Random) => string | Promise<string>;
}

/** What an error of the code says, if it may be thrown at all. */
export function codeOfError(error: unknown): string {
  if (error instanceof KgdumpError && error.code.startsWith("DUMP_")) return error.code;
  throw error;
}

/** Runs what decodes and encodes again; what was sound must come back as the same bytes. */
function roundTrip(input: Uint8Array, code: () => Uint8Array | undefined): string {
  let again: Uint8Array | undefined;
  try {
    again = code();
  } catch (error) {
    return codeOfError(error);
  }
  if (again !== undefined && Buffer.compare(again, input) !== 0) throw new Finding("what was decoded is encoded as other bytes");
  return "sound";
}

const payloads = (seeds: Seeds, kind: number): Uint8Array[] => seeds.loose.flatMap(({ frames }) => frames.flatMap((frame) => (frame.kind === kind ? [frame.payload] : [])));
const payloadOf = (kind: number) => {
  let found: Uint8Array[] | undefined;
  return (seeds: Seeds, random: Random): Uint8Array => {
    found ??= payloads(seeds, kind);
    const payload = random.pick(found);
    return random.once(4) ? mutateBytes(payload, random, random.pick(found)) : mutateTokens(payload, random);
  };
};

const plain: DumpHeader = {
  formatVersion: FORMAT_VERSION,
  dumpId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  createdAt: new Date(0),
  producer: "fuzz",
  kind: "full",
  base: null,
  salvaged: null,
  source: { engine: "rocksdb", version: "1", databaseId: null, sequenceNumber: null },
  codec: "zstd",
  blockSize: 1024,
  keyspaces: (["bytewise", "reverse-bytewise", "bytewise"] as const).map((comparator, index) => ({ name: Buffer.of(index), comparator, estimatedEntries: 0, estimatedBytes: 0 })),
  filter: null,
};

const header: Target = {
  make: payloadOf(Kind.header),
  check: (input) => {
    try {
      const found = decodeHeader(input, FORMAT_VERSION, LIMITS);
      const again = decodeHeader(encodeHeader(found, DEFAULT_LIMITS), FORMAT_VERSION, LIMITS);
      if (JSON.stringify(simple(again)) !== JSON.stringify(simple(found))) throw new Finding("a header is not the same after it was encoded");
      return "sound";
    } catch (error) {
      return codeOfError(error);
    }
  },
};

/** A header without what JSON does not know. */
function simple({ keyspaces, source, ...rest }: DumpHeader): unknown {
  const described = keyspaces.map(({ sourceOptions, ...others }) => ({ ...others, options: [...(sourceOptions ?? [])] }));
  return { ...rest, source: { ...source, sequenceNumber: String(source.sequenceNumber) }, keyspaces: described };
}

const index: Target = {
  make: payloadOf(Kind.index),
  check: (input) =>
    roundTrip(input, () => {
      const builder = new IndexBuilder();
      for (const block of decodeIndex(input, plain, LIMITS, 2 ** 40)) builder.add(block);
      return builder.blocks === 0 ? undefined : builder.take();
    }),
};

const totals: Target = {
  make: (seeds, random) => (random.once(3) ? footers(seeds, random) : ends(seeds, random)),
  check: (input) => {
    const one = { ...plain, keyspaces: plain.keyspaces.slice(0, 1 + ((input[1] ?? 0) & 1)) };
    if (input[0] !== 0x8a) return roundTrip(input, () => void encodeFooter(decodeFooter(input, one, false)));
    return roundTrip(input, () => {
      const { keyspace, ...found } = decodeKeyspaceEnd(input, one, false);
      const again = encodeKeyspaceEnd(keyspace, found);
      if (again.length !== input.length) throw new Finding("a keyspace's end is encoded longer or shorter than it was");
      return undefined;
    });
  },
};
const footers = payloadOf(Kind.footer);
const ends = payloadOf(Kind.keyspaceEnd);

const small: Target = {
  make: (seeds, random) => (random.once(3) ? aborts(seeds, random) : gaps(seeds, random)),
  check: (input) =>
    roundTrip(input, () => {
      if (input[0] === 0x81) encodeAbort(decodeAbort(input, false));
      else encodeGap(decodeGap(input, LIMITS, false));
      return undefined;
    }),
};
const aborts = payloadOf(Kind.abort);
const gaps = payloadOf(Kind.gap);

const frame: Target = {
  make: (seeds, random) => {
    const dump = random.pick(seeds.dumps);
    const start = random.pick([0, MAGIC_LENGTH, dump.length - TAIL_LENGTH, random.below(dump.length)]);
    const part = dump.subarray(start, start + 33 + random.below(100));
    return random.once(3) ? part : mutateBytes(part, random, dump);
  },
  check: (input) => {
    if (endsLikeTail(input)) return roundTrip(input, () => encodeTail(decodeTail(input, 914 - TAIL_LENGTH), 914 - TAIL_LENGTH));
    if (startsLikeMagic(input) && input.length >= MAGIC_LENGTH) return roundTrip(input, () => void decodeMagic(input));
    return roundTrip(input, () => {
      const head = decodeFrameHead(input, 7);
      checkPayloadLength(head, LIMITS, 7);
      const payload = input.subarray(33, 33 + head.payloadLength);
      checkPayload(head, payload, 7);
      return Buffer.concat([encodeFrameHead(head.kind, head.marker, head.sequence, [payload]), input.subarray(33)]);
    });
  },
};

const entries: Target = {
  make: (seeds, random) => {
    const { raw } = random.pick(seeds.packed);
    return random.once(5) ? raw : random.once(2) ? mutateBytes(raw, random) : mutateTokens(raw, random);
  },
  check: (input, random) =>
    roundTrip(input, () => {
      const list = [...iterateEntries(input)];
      const order = random.once(2) ? "bytewise" : "reverse-bytewise";
      const expected = { order, entries: list.length, firstKey: list[0]?.key ?? new Uint8Array(0), lastKey: list.at(-1)?.key ?? new Uint8Array(0), deletions: random.once(2) } as const;
      const sums = checkEntries(input, expected, LIMITS);
      for (const [place, { key }] of list.entries()) {
        const next = list[place + 1]?.key;
        if (next !== undefined && Buffer.compare(key, next) * (order === "bytewise" ? 1 : -1) >= 0) throw new Finding("entries that are not in order were taken");
      }
      if (sums.keyBytes !== list.reduce((sum, { key }) => sum + key.length, 0)) throw new Finding("the lengths of keys are added up wrongly");
      return encodeEntries(list);
    }),
};

/** What a decoder makes of data: as many bytes as were asked for, or the code of its error. */
async function decoded(one: Codec | undefined, data: Uint8Array, length: number): Promise<Uint8Array | string> {
  try {
    const raw = await one?.decompress(data, length);
    if (raw?.length !== length) throw new Finding("a decoder gave another length");
    return raw;
  } catch (error) {
    return codeOfError(error);
  }
}

/** A codec's decoders, the native one and the one without native code: both decode to the same bytes, or refuse. */
const codec = (name: "lz4" | "zstd"): Target => ({
  make: (seeds, random) => {
    const { data, raw } = random.pick(seeds.packed.filter((packed) => packed.codec === name));
    const changed = random.once(10) ? random.bytes(random.below(60)) : mutateBytes(data, random);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(random.once(6) ? random.pick([1, raw.length + 1, 65_535, 1 << 20]) : raw.length);
    return Buffer.concat([length, changed]);
  },
  check: async (input) => {
    const bytes = Buffer.from(input);
    if (bytes.length < 4) return "sound";
    const length = bytes.readUInt32BE(0) % (LIMIT_SMALL_PAYLOAD * 8 + 1);
    const [native, plain] = [await decoded(codecs.get(name), bytes.subarray(4), length), await decoded(plainCodecs.get(name), bytes.subarray(4), length)];
    const same = typeof native === "string" || typeof plain === "string" ? native === plain : Buffer.compare(native, plain) === 0;
    if (!same) throw new Finding(`${name} is ${outcomeOf(native)} with native code, and ${outcomeOf(plain)} without`);
    return outcomeOf(native);
  },
});

const outcomeOf = (found: Uint8Array | string): string => (typeof found === "string" ? found : "sound");

const walk: Target = {
  make: codec("zstd").make,
  check: (input) => {
    const bytes = Buffer.from(input);
    return bytes.length < 4 || zstdProblem(bytes.subarray(4), bytes.readUInt32BE(0)) === undefined ? "sound" : "DUMP_BLOCK_DAMAGED";
  },
};

const dumpOf = (seeds: Seeds, random: Random): Uint8Array =>
  random.once(6) ? mutateBytes(random.pick(seeds.dumps), random, random.pick(seeds.dumps)) : mutateDump(random.pick(seeds.loose), seeds.loose, random);

/** All targets by name; those of `WHOLE_DUMPS` take a dump. */
export const TARGETS: Readonly<Record<string, Target>> = {
  header,
  index,
  totals,
  small,
  frame,
  entries,
  walk,
  lz4: codec("lz4"),
  zstd: codec("zstd"),
  read: { make: dumpOf, check: readStream },
  file: { make: dumpOf, check: readFile },
  inspect: { make: dumpOf, check: summarize },
  ...TEXTS,
  recover: { make: (seeds, random) => (random.once(3) ? dumpOf(seeds, random) : mutateBytes(dumpOf(seeds, random), random)), check: recover },
};

/** The targets whose input is a dump: the corpus is given to each. */
export const WHOLE_DUMPS = ["read", "file", "inspect", "recover"] as const;
