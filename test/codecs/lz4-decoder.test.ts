/** LZ4 in JavaScript: it decodes what the addon decodes, and refuses what the addon refuses, for the same reason. */
import test, { type ExecutionContext } from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { decodeLz4 } from "#src/codecs/lz4-decoder.js";
import type { Codec } from "#src/format/index.js";
import { Random } from "../fuzz/random.js";
import { loggedSeed } from "../support/seed.js";

const native = await loadCodec("lz4");
const plain = await loadCodec("lz4", { native: false });

/** A length that goes on behind its token. */
function rest(length: number): number[] {
  return length < 15 ? [] : [...Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** One sequence: literals, and a match of `more` bytes at least four long; without a match behind the last one. */
function sequence(literals: Uint8Array, match?: { readonly offset: number; readonly more: number }): Buffer {
  const more = match === undefined ? 0 : match.more - 4;
  const token = (Math.min(literals.length, 15) << 4) | Math.min(more, 15);
  return Buffer.concat([Buffer.from([token, ...rest(literals.length)]), literals, ...(match === undefined ? [] : [Buffer.from([match.offset & 255, match.offset >> 8, ...rest(more)])])]);
}

/** A block of random sequences, with offsets and lengths of all sizes, and how much it decodes to. */
function randomBlock(random: Random): { block: Buffer; length: number } {
  const parts: Buffer[] = [];
  let length = 0;
  for (let count = random.below(40); count > 0; count -= 1) {
    const literals = random.bytes(random.below(random.pick([2, 14, 16, 20, 300, 600])) + (length === 0 ? 1 : 0));
    length += literals.length;
    const offset = 1 + random.below(Math.min(length, random.pick([1, 3, 4, 5, 17, 40, 60_000])));
    const more = 4 + random.below(random.pick([1, 16, 300, 1000]));
    parts.push(sequence(literals, { offset, more }));
    length += more;
  }
  const last = random.bytes(12 + random.below(300));
  return { block: Buffer.concat([...parts, sequence(last)]), length: length + last.length };
}

/** What a codec makes of a block: its bytes, or why it does not. */
async function outcome(codec: Codec, block: Uint8Array, length: number): Promise<string> {
  try {
    return Buffer.from(await codec.decompress(block, length)).toString("base64");
  } catch (error) {
    return String(error);
  }
}

const same = async (t: ExecutionContext, block: Uint8Array, length: number): Promise<boolean> => {
  const found = await outcome(plain, block, length);
  t.is(found, await outcome(native, block, length));
  return !found.includes("damaged");
};

test("random blocks, sound and changed ones", async (t) => {
  const seed = loggedSeed(t);
  const counts = { sound: 0, refused: 0 };
  for (let turn = 0; turn < 4000; turn += 1) {
    const random = new Random(seed, turn);
    const { block, length } = randomBlock(random);
    t.true(await same(t, block, length), `turn ${turn}`);
    const changed = Buffer.from(block);
    for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
      const at = random.below(changed.length);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << random.below(8)), at);
    }
    counts[(await same(t, random.once(4) ? changed.subarray(0, random.below(changed.length)) : changed, length)) ? "sound" : "refused"] += 1;
    await same(t, block, length + random.pick([-1, 1, 40]));
  }
  t.true(counts.sound > 400 && counts.refused > 400, JSON.stringify(counts));
});

test("the rules of the format are held", async (t) => {
  const sound = async (parts: readonly Buffer[], length: number): Promise<boolean> => same(t, Buffer.concat(parts), length);
  const letter = Buffer.from("a");
  for (let last = 0; last < 14; last += 1) t.is(await sound([sequence(letter, { offset: 1, more: 20 }), sequence(Buffer.alloc(last))], 21 + last), last >= 5, `${last} literals at the end`);
  for (let last = 5; last < 14; last += 1) {
    const parts = [sequence(letter, { offset: 1, more: 20 }), sequence(Buffer.alloc(0), { offset: 1, more: 4 }), sequence(Buffer.alloc(last))];
    t.is(await sound(parts, 25 + last), last + 4 >= 12, `a match of four, ${last} literals at the end`);
  }
  for (const offset of [0, 1, 2]) t.is(await sound([sequence(letter, { offset, more: 20 }), sequence(Buffer.alloc(8))], 29), offset === 1, `offset ${offset}`);
  t.false(await sound([sequence(letter, { offset: 1, more: 20 })], 21), "it ends behind a match");
  t.false(await sound([Buffer.from([0xf0, 255, 255])], 600), "it ends within a length");
  t.false(await sound([Buffer.from([0x1f, 97, 1])], 600), "it ends within an offset");
  t.true(await sound([sequence(letter)], 1));
});

test("nothing is written outside of the output", (t) => {
  const seed = Date.now() % 1_000_000_000;
  t.log(`seed ${seed}`);
  for (let turn = 0; turn < 2000; turn += 1) {
    const random = new Random(seed, turn);
    const { block, length } = randomBlock(random);
    const memory = Buffer.alloc(length + 64, 0x55);
    const room = random.once(2) ? length : random.below(length);
    decodeLz4(block, memory.subarray(32, 32 + room));
    t.true(memory.subarray(0, 32).every((byte) => byte === 0x55) && memory.subarray(32 + room).every((byte) => byte === 0x55), `turn ${turn}`);
  }
});
