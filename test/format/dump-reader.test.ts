import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { type CodecLoader, DumpFile, readDump } from "#src/format/index.js";
import { bytes, codeOf, entry, header, inChunks, makeDump, outcome, smallDump } from "./support/dumps.js";

/** An input that tells whether it was closed. */
function watched(dump: Uint8Array, size: number): { input: AsyncIterable<Uint8Array>; closed: () => number } {
  let closed = 0;
  async function* give(): AsyncGenerator<Uint8Array> {
    try {
      yield* inChunks(dump, size);
    } finally {
      closed += 1;
    }
  }
  return { input: give(), closed: () => closed };
}

const many = (): Promise<Buffer> => makeDump(header({ codec: "lz4" }), [Array.from({ length: 20 }, (_, index) => [entry(`k${String(index).padStart(2, "0")}`, "v".repeat(100))])]);

test("stopping early closes the input, after any number of events", async (t) => {
  const dump = await many();
  for (let stop = 1; stop < 24; stop += 1) {
    const { input, closed } = watched(dump, 64);
    let events = 0;
    for await (const _ of readDump(input, { loadCodec, decodeAhead: 3 })) {
      events += 1;
      if (events === stop) break;
    }
    t.is(closed(), 1, `after ${stop}`);
  }
});

test("an error closes the input too", async (t) => {
  const { input, closed } = watched(Buffer.from("this is no dump at all, but longer than its first bytes"), 64);
  t.is(await codeOf(input), "DUMP_NOT_A_DUMP");
  t.is(closed(), 1);
});

test("the header is released before anything behind it has arrived", async (t) => {
  const dump = await many();
  async function* stalled(): AsyncGenerator<Uint8Array> {
    yield dump.subarray(0, 17 + 33 + dump.readUInt32BE(17 + 29));
    await new Promise(() => undefined);
  }
  const events = readDump(stalled(), { loadCodec });
  t.is((await events.next()).value?.type, "header");
});

test("aborting ends a wait for input that never comes, with the signal's reason", async (t) => {
  const dump = await many();
  async function* stalled(): AsyncGenerator<Uint8Array> {
    yield dump.subarray(0, 500);
    await new Promise(() => undefined);
  }
  const controller = new AbortController();
  const reading = outcome(stalled(), { signal: controller.signal });
  setTimeout(() => { controller.abort(new Error("enough")); }, 10);
  t.is(String((await reading).error), "Error: enough");
  const { events, error } = await outcome(dump, { signal: AbortSignal.abort(new Error("before")) });
  t.deepEqual([events, String(error)], [[], "Error: before"]);
  t.is((await outcome(dump, { signal: new AbortController().signal })).error, undefined);
});

test("aborting between two events ends reading there", async (t) => {
  const controller = new AbortController();
  const seen: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const event of readDump(inChunks(await many(), 65_536), { loadCodec, signal: controller.signal })) {
        seen.push(event.type);
        if (event.type === "block") controller.abort(new Error("enough"));
      }
    },
    { message: "enough" },
  );
  t.deepEqual(seen, ["header", "keyspace-start", "block"]);
});

test("what the input throws comes through, after the blocks before it", async (t) => {
  const dump = await many();
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* inChunks(dump.subarray(0, 900), 100);
    throw new Error("read failed");
  }
  const { events, error } = await outcome(failing(), { decodeAhead: 4 });
  t.is(String(error), "Error: read failed");
  t.true(events.filter(({ type }) => type === "block").length >= 2);
});

test("an input that is not bytes is the caller's mistake; one without return() is fine", async (t) => {
  async function* text(): AsyncGenerator<Uint8Array> {
    yield "text" as unknown as Uint8Array;
  }
  t.true((await outcome(text())).error instanceof TypeError);
  const dump = await smallDump("none");
  const bare: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: dump }) }) };
  t.is(await codeOf(bare), "DUMP_TRAILING_DATA");
});

test("an empty chunk is no byte and no end, wherever it comes", async (t) => {
  const dump = await smallDump("lz4");
  const ends = { sound: dump, DUMP_TRUNCATED: dump.subarray(0, -1), DUMP_TRAILING_DATA: Buffer.concat([dump, Buffer.of(0)]) };
  for (const [code, given] of Object.entries(ends)) {
    for (const size of [1, 7, dump.length, given.length]) {
      async function* withEmpty(): AsyncGenerator<Uint8Array> {
        for (const _ of [1, 2]) yield Buffer.alloc(0);
        for await (const chunk of inChunks(given, size)) for (const each of [chunk, Buffer.alloc(0), Buffer.alloc(0)]) yield each;
      }
      t.is(await codeOf(withEmpty()), code, `${String(size)} bytes a chunk`);
    }
  }
});

test("chunks may be reused by their owner once the next is asked for", async (t) => {
  const dump = await many();
  const shared = Buffer.alloc(50);
  async function* reusing(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < dump.length; at += shared.length) {
      const length = dump.copy(shared, 0, at);
      yield shared.subarray(0, length);
      shared.fill(0xee);
    }
  }
  t.deepEqual((await outcome(reusing())).events, (await outcome(dump)).events);
});

test("a failure to load a codec comes through; without decoding none is loaded", async (t) => {
  const dump = await smallDump("zstd");
  const failing: CodecLoader = async () => { throw new Error("no such codec here"); };
  t.is(String((await outcome(dump, { loadCodec: failing })).error), "Error: no such codec here");
  t.is((await outcome(dump, { loadCodec: failing, decode: false })).error, undefined);
});

test("blocks are decoded ahead, but no more than asked for, and released in order", async (t) => {
  const dump = await many();
  for (const decodeAhead of [1, 2, 5]) {
    let [running, most] = [0, 0];
    const slow: CodecLoader = async (name) => {
      const codec = await loadCodec(name);
      return {
        ...codec,
        decompress: async (data, length) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 1 + ((data[0] ?? 0) % 3)));
          running -= 1;
          return codec.decompress(data, length);
        },
      };
    };
    const { events, error } = await outcome(dump, { loadCodec: slow, decodeAhead });
    t.is(error, undefined);
    t.is(most, decodeAhead);
    t.deepEqual(events.flatMap((event) => (event.type === "block" ? [event.block.number] : [])), Array.from({ length: 20 }, (_, index) => index));
  }
});

test("what is no dump is refused with a guess of what it is", async (t) => {
  const tar = Buffer.alloc(512);
  tar.write("ustar", 257, "latin1");
  const guesses: [Uint8Array, RegExp][] = [
    [Buffer.from([0x1f, 0x8b, 8, 0]), /gzip/],
    [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /zstd/],
    [Buffer.from("PK\u0003\u0004 and more of it"), /zip/],
    [tar, /tar/],
    [bytes("<!doctype html><html></html>"), /HTML/],
    [bytes('{"error": "not found"}'), /JSON/],
    [bytes("ssh: connect to host new-host port 22: no route\n"), /text/],
    [bytes("MANIFEST-000005\n"), /RocksDB/],
    [Buffer.from("\xc7\x0eKKGDUMP\n\x1a\n\x00\x01\x00\x00", "latin1"), /line ends/],
    [Buffer.from("\xc7\x0eKKGDUMP\r\r\n\x1a\r\n\x00\x01\x00\x00", "latin1"), /terminal stands between/],
    [Buffer.from("\xef\xbf\xbd\x0eKKGDUMP\r\n\x1a\n\x00\x01", "latin1"), /re-encoded/],
    [Buffer.from([0xff, 0xfe, 0xc7, 0, 0x0e, 0]), /UTF-16/],
    [Buffer.alloc(300, 0xee), /kgdump export/],
  ];
  for (const [input, hint] of guesses) {
    const { error } = await outcome(input);
    t.like(error, { code: "DUMP_NOT_A_DUMP", offset: 0 });
    t.regex((error as { hint: string }).hint, hint);
    await t.throwsAsync(DumpFile.open({ size: input.length, read: async (offset, length) => input.subarray(offset, offset + length) }, { loadCodec }), { code: "DUMP_NOT_A_DUMP" });
  }
  t.like((await outcome(new Uint8Array(0))).error, { code: "DUMP_TRUNCATED" });
  t.regex(String((await outcome(new Uint8Array(0))).error), /wrote nothing/);
});

test("a cut dump says how much of it is complete", async (t) => {
  const dump = await smallDump("none");
  t.regex(String((await outcome(dump.subarray(0, 10))).error), /first bytes/);
  t.regex(String((await outcome(dump.subarray(0, 60))).error), /not even its header is complete/);
  t.regex(String((await outcome(dump.subarray(0, dump.length - 1))).error), /within its tail; complete are 2 of 2 keyspaces and 3 blocks/);
  t.regex(String((await outcome(dump.subarray(0, dump.length - 31))).error), /where its tail should begin/);
});

test("a look-up refuses a keyspace that is not there, and passes on what reading throws", async (t) => {
  const dump = await smallDump("lz4");
  let broken = false;
  const access = {
    size: dump.length,
    read: async (offset: number, length: number) => {
      if (broken) throw new Error("EIO");
      return dump.subarray(offset, offset + length);
    },
  };
  const file = await DumpFile.open(access, { loadCodec });
  await t.throwsAsync(file.get(2, bytes("a")), { instanceOf: TypeError });
  const found = [];
  for await (const block of file.blocks(1)) found.push(block.number);
  t.deepEqual(found, [2]);
  t.deepEqual(await file.get(1, bytes("")), bytes(""));
  t.is(await file.get(1, bytes("zz")), undefined);
  const { value: first } = await file.blocks(0).next();
  broken = true;
  if (first === undefined) return t.fail();
  await t.throwsAsync(file.readBlock(first), { message: "EIO" });
});

test("the values that a look-up gives are copies", async (t) => {
  const dump = await makeDump(header(), [[[entry("a", "value")]]]);
  const file = await DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec });
  const value = await file.get(0, bytes("a"));
  dump.fill(0);
  t.deepEqual(value, bytes("value"));
});
