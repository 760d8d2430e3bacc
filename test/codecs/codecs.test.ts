import test from "ava";
import fc from "../support/properties.js";
import { loadCodec } from "#src/codecs/index.js";
import { decodeZstd } from "#src/codecs/zstd-decoder.js";
import { FREE_SLACK, FREE_WINDOW, withContentSize, zstdProblem } from "#src/codecs/zstd-frame.js";
import { boundedFrame } from "#src/codecs/zstd.js";
import { FREE_EXPANSION, LIMIT_EXPANSION } from "#src/format/constants.js";
import { CODEC_NAMES, type Codec, packBlock, unpackBlock } from "#src/format/index.js";

const text = (length: number): Buffer => Buffer.alloc(length, '{"id":"0f8fad5b","label":"Person","properties":[]}');

/** Headers of a zstd frame: the descriptor, what follows it, and its blocks. */
const frame = (descriptor: number, ...rest: (number | Uint8Array)[]): Buffer =>
  Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor]), ...rest.map((part) => (typeof part === "number" ? Buffer.from([part]) : part))]);
const block = (type: number, size: number, last: boolean): Buffer => {
  const head = Buffer.alloc(3);
  head.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return head;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const XXH64_OF_HELLO = 0x26c7_827d_889f_6da3n;

/** With native code, and without. */
const WAYS = [true, false] as const;

test("what is compressed is decompressed to the same, in every codec and size", async (t) => {
  for (const name of CODEC_NAMES) {
    const codec = await loadCodec(name);
    t.is(codec.name, name);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 400_000 }).map(text)), async (raw) => {
        const packed = await packBlock(codec, raw);
        t.true(packed.data.length <= raw.length);
        for (const native of WAYS) {
          const back = await unpackBlock(await loadCodec(packed.codec, { native }), packed.data, raw.length);
          t.is(Buffer.compare(back, raw), 0);
        }
      }),
      { numRuns: 60 },
    );
    for (const length of [255, 256, 65_791, 65_792, 131_071, 131_072, 131_073, 3 << 20]) {
      const raw = text(length);
      const packed = await packBlock(codec, raw);
      t.is(packed.codec, name);
      for (const native of WAYS) t.is(Buffer.compare(await (await loadCodec(name, { native })).decompress(packed.data, length), raw), 0);
    }
  }
});

test("a block that does not shrink is stored as it is", async (t) => {
  const raw = Uint8Array.from({ length: 2000 }, (_, index) => (index * index * 7919) >> 5);
  for (const name of ["lz4", "zstd"] as const) {
    const packed = await packBlock(await loadCodec(name), raw);
    t.is(packed.codec, "none");
    t.is(packed.data, raw);
  }
});

test("a large block that would look like a bomb is stored as it is", async (t) => {
  const raw = new Uint8Array(FREE_EXPANSION + 1);
  t.is((await packBlock(await loadCodec("zstd"), raw)).codec, "none");
  t.is((await packBlock(await loadCodec("zstd"), raw.subarray(1))).codec, "zstd");
  const lz4 = await packBlock(await loadCodec("lz4"), raw);
  t.is(lz4.codec, "lz4");
  t.true(raw.length <= lz4.data.length * LIMIT_EXPANSION);
  t.is(Buffer.compare(await (await loadCodec("lz4")).decompress(lz4.data, raw.length), raw), 0);
});

test("a codec that gives another length is not believed", async (t) => {
  const liar: Codec = { name: "lz4", id: 1, compress: async (raw) => raw, decompress: async () => new Uint8Array(3) };
  await t.throwsAsync(unpackBlock(liar, new Uint8Array(1), 4), { code: "DUMP_BLOCK_DAMAGED", message: /3 bytes, not 4/ });
});

test("levels: zstd has 1 to 22 and they matter; the others have none", async (t) => {
  const raw = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `the quick ${(index * 7919) % 1000} brown fox ${Math.sin(index)}`).join(" "));
  const size = async (level: number): Promise<number> => {
    const codec = await loadCodec("zstd", { level });
    const data = await codec.compress(raw);
    t.is(Buffer.compare(await codec.decompress(data, raw.length), raw), 0);
    return data.length;
  };
  const [fast, middle, best] = [await size(1), await size(9), await size(22)];
  t.true(fast !== middle && best < Math.min(fast, middle), `${fast} ${middle} ${best}`);
  for (const level of [0, 23, -1, 1.5, NaN]) await t.throwsAsync(loadCodec("zstd", { level }), { code: "USAGE" });
  for (const name of ["none", "lz4"] as const) await t.throwsAsync(loadCodec(name, { level: 3 }), { code: "USAGE" });
});

test("a frame in more pieces than readers allow is made again at a level that does not cut", async (t) => {
  const pieces = (count: number): Buffer =>
    frame(0x80, 0x38, u32(5), ...Array.from({ length: count }, (_, index) => Buffer.concat([block(2, 1, index === count - 1), Buffer.from([0])])));
  const levels: number[] = [];
  const encode = async (_: Uint8Array, level: number): Promise<Uint8Array> => {
    levels.push(level);
    return pieces(level > 12 ? 1000 : 3);
  };
  t.deepEqual(await boundedFrame(new Uint8Array(5), 19, encode), pieces(3));
  t.deepEqual(await boundedFrame(new Uint8Array(5), 3, encode), pieces(3));
  t.deepEqual(levels, [19, 12, 3]);
});

test("damaged or lying data ends with DUMP_BLOCK_DAMAGED", async (t) => {
  const raw = text(5000);
  for (const [name, native] of CODEC_NAMES.flatMap((one) => WAYS.map((way) => [one, way] as const))) {
    const codec = await loadCodec(name, { native });
    const data = await codec.compress(raw);
    const damaged = { code: "DUMP_BLOCK_DAMAGED" } as const;
    for (const length of [raw.length - 1, raw.length + 1, 0, 2 * raw.length]) await t.throwsAsync(codec.decompress(data, length), damaged, `${name} ${length}`);
    for (let cut = 0; cut < data.length; cut += 1 + (data.length >> 6)) await t.throwsAsync(codec.decompress(data.subarray(0, cut), raw.length), damaged, `${name} cut at ${cut}`);
    await t.throwsAsync(codec.decompress(Buffer.concat([data, data]), raw.length), damaged);
  }
});

test("random bytes and flipped bits never do anything but decode or fail with the code", async (t) => {
  const raw = text(5000);
  for (const [name, native] of (["lz4", "zstd"] as const).flatMap((one) => WAYS.map((way) => [one, way] as const))) {
    const codec = await loadCodec(name, { native });
    const data = Buffer.from(await codec.compress(raw));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.nat(data.length * 8 - 1)), fc.nat(9000), async (change, length) => {
        const bytes = Buffer.from(typeof change === "number" ? data : change);
        if (typeof change === "number") bytes.writeUInt8(bytes.readUInt8(change >> 3) ^ (1 << (change & 7)), change >> 3);
        const wanted = typeof change === "number" ? raw.length : length;
        try {
          t.is((await codec.decompress(bytes, wanted)).length, wanted);
        } catch (error) {
          t.like(error, { code: "DUMP_BLOCK_DAMAGED" });
        }
      }),
      { numRuns: 400 },
    );
  }
});

for (const native of WAYS) {
  test.serial(`an lz4 block that claims gigabytes is refused before memory is taken${native ? "" : ", without native code"}`, async (t) => {
    const codec = await loadCodec("lz4", { native });
    const before = process.memoryUsage().rss;
    await t.throwsAsync(codec.decompress(new Uint8Array(9).fill(0xff), 0xffff_ffff), { code: "DUMP_BLOCK_DAMAGED" });
    await t.throwsAsync(codec.decompress(new Uint8Array(0), 1000), { code: "DUMP_BLOCK_DAMAGED" });
    t.true(process.memoryUsage().rss - before < 64 << 20);
  });

  test.serial(`a zstd bomb is refused by its headers${native ? "" : ", without native code"}`, async (t) => {
    const codec = await loadCodec("zstd", { native });
    // Each block of four bytes repeats one byte 128 KiB often: 32 KiB of them are 1 GiB.
    const rle = (last: boolean): Buffer => Buffer.concat([block(1, 131_072, last), Buffer.from([0])]);
    const bomb = (rawLength: number): Buffer => frame(0x80, 0x38, u32(rawLength), ...Array.from({ length: 8191 }, () => rle(false)), rle(true));
    const before = process.memoryUsage().rss;
    await t.throwsAsync(codec.decompress(bomb(1 << 20), 1 << 20), { code: "DUMP_BLOCK_DAMAGED", message: /may decode to more/ });
    t.true(process.memoryUsage().rss - before < 64 << 20);
  });
}

test("a zstd block that is too large for WebAssembly is told, not decoded", async (t) => {
  await t.throwsAsync(decodeZstd(new Uint8Array(1), 2 ** 31 - 2 ** 26), { code: "ADDON_MISSING", message: /too large to be decoded without the package @mongodb-js\/zstd/ });
  await t.throwsAsync((await loadCodec("zstd", { native: false })).decompress(new Uint8Array(9), 2 ** 31), { code: "DUMP_BLOCK_DAMAGED" });
});

test("frames with a wrong content checksum are refused with native code and without", async (t) => {
  const stored = Buffer.concat([block(0, 5, true), Buffer.from("hello")]);
  // XXH64 of "hello", its lower four bytes.
  const sound = frame(0x24, 5, stored, u32(Number(XXH64_OF_HELLO & 0xffff_ffffn)));
  for (const native of WAYS) {
    const codec = await loadCodec("zstd", { native });
    t.is(Buffer.from(await codec.decompress(sound, 5)).toString(), "hello");
    await t.throwsAsync(codec.decompress(frame(0x24, 5, stored, u32(1)), 5), { code: "DUMP_BLOCK_DAMAGED" });
  }
});

test("zstd headers: what is allowed, and what is not", (t) => {
  const raw = (size: number, last = true): Buffer => Buffer.concat([block(0, size, last), Buffer.alloc(size)]);
  const cases: [string, Buffer, number, RegExp | undefined][] = [
    ["single segment", frame(0x20, 5, raw(5)), 5, undefined],
    ["two bytes of content size", frame(0x60, Buffer.from([0, 0]), raw(256)), 256, undefined],
    ["eight bytes of content size", frame(0xe0, u32(5), u32(0), raw(5)), 5, undefined],
    ["window and content size", frame(0x80, 0x00, u32(5), raw(5)), 5, undefined],
    ["checksum", frame(0x24, 5, raw(5), u32(0)), 5, undefined],
    ["compressed counts as its maximum", frame(0x20, 5, block(2, 3, true), Buffer.alloc(3)), 5, undefined],
    ["no magic", Buffer.from("none of it"), 5, /not a zstd frame/],
    ["skippable", Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]), 5, /not a zstd frame/],
    ["nothing", Buffer.alloc(0), 5, /cut off/],
    ["reserved bit", frame(0x28, 5, raw(5)), 5, /reserved bit/],
    ["dictionary", frame(0x21, 7, 5, raw(5)), 5, /dictionary/],
    ["no content size", frame(0x00, 0x00, raw(5)), 5, /does not say/],
    ["other content size", frame(0x20, 6, raw(6)), 5, /6 bytes, not 5/],
    ["window at its limit", frame(0x80, 0x68, u32(5), raw(5)), 5, undefined],
    ["window beyond its limit", frame(0x80, 0x69, u32(5), raw(5)), 5, /window/],
    ["reserved block", frame(0x20, 5, block(3, 5, true)), 5, /reserved type/],
    ["block larger than the window", frame(0x20, 5, raw(6)), 5, /too large/],
    ["too little", frame(0x20, 5, raw(4)), 5, /4 bytes at most/],
    ["cut in a block", frame(0x20, 5, raw(5).subarray(0, 7)), 5, /cut off/],
    ["cut in a head", frame(0x20, 5, raw(2, false)), 5, /cut off/],
    ["no checksum", frame(0x24, 5, raw(5)), 5, /cut off/],
    ["more behind it", frame(0x20, 5, raw(5), 0), 5, /more follows/],
    ["two frames", Buffer.concat([frame(0x20, 5, raw(5)), frame(0x20, 5, raw(5))]), 5, /more follows/],
  ];
  for (const [name, data, length, problem] of cases) {
    const found = zstdProblem(data, length);
    if (problem === undefined) t.is(found, undefined, name);
    else t.regex(found ?? "nothing", problem, name);
  }
  t.is(FREE_WINDOW, 8 << 20);
});

test("zstd blocks may promise as much as the slack, and no more", (t) => {
  const compressed = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => Buffer.concat([block(2, 1, index === count - 1), Buffer.from([0])]));
  const most = (FREE_SLACK + 131_072) / 131_072;
  const of = (count: number): Buffer => frame(0x80, 0x38, u32(131_072), ...compressed(count));
  t.is(zstdProblem(of(most), 131_072), undefined);
  t.regex(zstdProblem(of(most + 1), 131_072) ?? "", /may decode to more/);
  t.throws(() => zstdProblem({} as Uint8Array, 5), { instanceOf: TypeError });
});

test("withContentSize gives every frame a content size and keeps its checksum", (t) => {
  const raw = Buffer.concat([block(0, 5, true), Buffer.from("hello")]);
  t.deepEqual(withContentSize(frame(0x00, 0x00, raw), 5), frame(0x20, 5, raw));
  t.deepEqual(withContentSize(frame(0x20, 5, raw), 5), frame(0x20, 5, raw));
  t.deepEqual(withContentSize(frame(0x04, 0x00, raw, u32(9)), 5), frame(0x24, 5, raw, u32(9)));
  t.deepEqual(withContentSize(frame(0x00, 0x00, raw), 1025), frame(0x40, 0x00, Buffer.from([0x01, 0x03]), raw));
  t.deepEqual(withContentSize(frame(0x00, 0x38, raw), 70_000), frame(0xa0, u32(70_000), raw));
});
