/** The vectors in the reader of src/format: whole, in random chunks and byte by byte with the same result, and by random access. */
import test, { type ExecutionContext } from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { unpackers } from "#src/codecs/unpacker.js";
import { KgdumpError } from "#src/errors.js";
import { CODEC_IDS, type CodecLoader, type DumpEvent, DumpFile, type DumpHeader, iterateEntries, type KeyspaceTotals, type ReadOptions, type Totals } from "#src/format/index.js";
import { inChunks, outcome } from "../format/support/dumps.js";
import { letters, released } from "./events.js";
import { hex, type InvalidVector, invalidVectors, type ValidVector, validVectors, type Vector, unhex } from "./vector-files.js";
import { loggedSeed } from "../support/seed.js";

/** Larger vectors take too long byte by byte. */
const BYTEWISE = 16_384;

const sums = ({ entries, keyBytes, valueBytes, blocks, rawBytes, storedBytes, gaps }: Totals): Totals => ({ entries, keyBytes, valueBytes, blocks, rawBytes, storedBytes, gaps });

function headerJson(header: DumpHeader): ValidVector["header"] {
  const { formatVersion, dumpId, createdAt, producer, kind, base, salvaged, source, codec, blockSize, filter, keyspaces } = header;
  return {
    format: [formatVersion.major, formatVersion.minor],
    id: dumpId,
    producer,
    kind,
    codec: CODEC_IDS[codec],
    blockSize,
    filter,
    time: createdAt.getTime(),
    base: base && { id: base.dumpId, keyspaces: base.keyspaces.map(({ name, entries, digest }) => ({ name: hex(name), entries, digest: Buffer.from(digest).toString("hex") })) },
    salvaged: salvaged && { id: salvaged.dumpId },
    source: {
      engine: source.engine,
      version: source.version,
      database: source.databaseId,
      sequence: source.sequenceNumber === null ? null : String(source.sequenceNumber),
      ...(formatVersion.minor === 0 ? {} : { options: [...(source.options ?? [])] }),
    },
    keyspaces: keyspaces.map(({ name, comparator, estimatedEntries, estimatedBytes, sourceOptions }) => ({ name: hex(name), order: comparator, entries: estimatedEntries, bytes: estimatedBytes, options: [...(sourceOptions ?? [])] })),
  };
}

const endJson = (totals: KeyspaceTotals): Pick<ValidVector["keyspaces"][number], "totals" | "digest" | "result"> => ({
  totals: sums(totals),
  digest: Buffer.from(totals.digest).toString("hex"),
  result: totals.result && { entries: totals.result.entries, digest: Buffer.from(totals.result.digest).toString("hex") },
});

const entriesJson = (raw: Uint8Array): ValidVector["keyspaces"][number]["entries"] => [...iterateEntries(raw)].map(({ key, value }) => [hex(key), hex(value)]);

/** What events say, as the JSON of a valid vector has it. */
function content(events: readonly DumpEvent[]): Omit<ValidVector, "events"> {
  const keyspaces: (Pick<ValidVector["keyspaces"][number], "totals" | "digest" | "result"> & { entries: ReturnType<typeof entriesJson>; gaps: object[] })[] = [];
  let found: Pick<ValidVector, "header" | "totals" | "bytes"> | undefined;
  let header: DumpHeader | undefined;
  let [entries, gaps]: [ReturnType<typeof entriesJson>[number][], object[]] = [[], []];
  for (const event of events) {
    if (event.type === "header") header = event.header;
    else if (event.type === "keyspace-start") [entries, gaps] = [[], []];
    else if (event.type === "block") entries.push(...entriesJson(event.raw ?? new Uint8Array(0)));
    else if (event.type === "gap") {
      const { keyspace: _, after, before, ...counts } = event.gap;
      gaps.push({ after: hex(after), before: hex(before), ...counts });
    } else if (event.type === "keyspace-end") keyspaces.push({ entries, gaps, ...endJson(event.totals) });
    else if (header !== undefined) found = { header: headerJson(header), totals: sums(event.footer), bytes: event.bytes };
  }
  if (found === undefined) throw new Error("no footer");
  return { ...found, keyspaces };
}

/** Chunks of 1 to 97 bytes, by a seed (a linear congruential generator, Numerical Recipes). */
async function* randomChunks(bytes: Uint8Array, seed: number): AsyncGenerator<Uint8Array> {
  let state = seed;
  for (let position = 0; position < bytes.length;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const size = 1 + ((state >>> 16) % 97);
    yield bytes.subarray(position, position + size);
    position += size;
  }
}

type Way = (bytes: Uint8Array) => Uint8Array | AsyncIterable<Uint8Array> | undefined;

/** Ways to give a vector to a reader; undefined when it is too large for one. */
const WAYS: Record<string, (seed: number) => Way> = {
  whole: () => (bytes) => inChunks(bytes, Math.max(1, bytes.length)),
  "in random chunks": (seed) => (bytes) => randomChunks(bytes, seed),
  "byte by byte": () => (bytes) => (bytes.length > BYTEWISE ? undefined : inChunks(bytes, 1)),
};

const loadPlain: CodecLoader = (name) => loadCodec(name, { native: false });

/** Blocks are decoded by native code or without, and checked on the reader's own thread, or elsewhere. */
const READERS: readonly Partial<ReadOptions>[] = [{}, { unpackerOf: unpackers() }, { loadCodec: loadPlain }];

function checkValid(t: ExecutionContext, { name, json }: Vector<ValidVector>, { events, error }: { events: DumpEvent[]; error: unknown }): void {
  t.is(error, undefined, name);
  if (error !== undefined) return;
  t.is(letters(events), json.events, name);
  const { header, keyspaces, totals, bytes } = json;
  t.deepEqual(content(events), { header, keyspaces, totals, bytes }, name);
}

function checkInvalid(t: ExecutionContext, { name, json }: Vector<InvalidVector>, { events, error }: { events: DumpEvent[]; error: unknown }): void {
  t.true(error instanceof KgdumpError, name);
  if (!(error instanceof KgdumpError)) return;
  const { code, offset, block } = error;
  t.deepEqual({ code, offset, block: block ?? null, released: released(events) }, { code: json.code, offset: json.offset, block: json.block, released: json.released }, name);
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`valid vectors, ${name}`, async (t) => {
    const seed = loggedSeed(t);
    for (const vector of validVectors()) {
      for (const options of READERS) {
        const input = way(seed)(vector.bytes);
        if (input !== undefined) checkValid(t, vector, await outcome(input, options));
      }
    }
  });

  test(`invalid vectors, ${name}`, async (t) => {
    const seed = loggedSeed(t);
    for (const vector of invalidVectors()) {
      for (const options of READERS) {
        const input = way(seed)(vector.bytes);
        if (input !== undefined) checkInvalid(t, vector, await outcome(input, options));
      }
    }
  });
}

test("the same result whatever is decoded ahead", async (t) => {
  for (const vector of invalidVectors()) {
    for (const options of READERS) {
      checkInvalid(t, vector, await outcome(vector.bytes, { decodeAhead: 1, ...options }));
      checkInvalid(t, vector, await outcome(vector.bytes, { decodeAhead: 7, ...options }));
    }
  }
});

const open = (dump: Uint8Array, codecs: CodecLoader): Promise<DumpFile> =>
  DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec: codecs });

for (const [how, codecs] of Object.entries<CodecLoader>({ "with native code": loadCodec, "without native code": loadPlain })) {
  test(`valid vectors by random access, ${how}: the same blocks, and each key is found`, async (t) => {
    for (const { name, bytes, json } of validVectors()) {
      const file = await open(bytes, codecs);
      t.deepEqual(headerJson(file.header), json.header, name);
      t.deepEqual(sums(file.footer), json.totals, name);
      for (const [keyspace, { entries }] of json.keyspaces.entries()) {
        const found = [];
        for await (const block of file.blocks(keyspace)) found.push(...entriesJson(await file.readBlock(block)));
        t.deepEqual(found, entries, name);
        // Some keys are enough where there are a thousand.
        for (const [key, value] of entries.filter((_, place) => place % 97 === 0)) {
          const got = await file.get(keyspace, unhex(key));
          t.deepEqual(got === undefined ? "absent" : hex(got), value, `${name} ${JSON.stringify(key)}`);
        }
      }
    }
  });

  test(`invalid vectors by random access, ${how}: an error with a code, or what a streaming reader would have released too`, async (t) => {
    for (const { name, bytes, json } of invalidVectors()) {
      const { events } = await outcome(bytes);
      const sound = new Map(events.flatMap((event) => (event.type === "block" && event.raw !== null ? [[event.block.number, Buffer.from(event.raw)] as const] : [])));
      try {
        const file = await open(bytes, codecs);
        for await (const block of file.blocks()) {
          const raw = await file.readBlock(block);
          const real = sound.get(block.number);
          if (real === undefined) continue;
          t.deepEqual(Buffer.from(raw), real, name);
          for (const { key, value } of iterateEntries(real)) t.deepEqual(hex((await file.get(block.keyspace, key)) ?? null), hex(value), name);
        }
        t.is(json.random, "unseen", name);
      } catch (error) {
        t.true(error instanceof KgdumpError, `${name}: ${String(error)}`);
        t.is(json.random, "refused", name);
      }
    }
  });
}
