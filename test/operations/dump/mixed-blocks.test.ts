/** Which blocks are looked into when prefixes are added up by an index. */
import test from "ava";
import type { BlockInfo } from "#src/format/index.js";
import { withMixed } from "#src/operations/dump/mixed-blocks.js";

const MEGABYTE = 1024 * 1024;
const MIXED = ["edge:1", "node:1"] as const;
const ALIKE = ["node:1", "node:2"] as const;

/** Numbers of the blocks that are looked into, and of those of which the entries come. */
async function lookedInto(blocks: readonly (readonly [keys: readonly [string, string], bytes: number])[], damaged: readonly number[] = []): Promise<{ tried: number[]; came: number[]; all: number }> {
  async function* infos(): AsyncGenerator<BlockInfo> {
    for (const [number, [[firstKey, lastKey], rawLength]] of blocks.entries()) yield await Promise.resolve({ number, rawLength, firstKey: Buffer.from(firstKey), lastKey: Buffer.from(lastKey) } as unknown as BlockInfo);
  }
  const [tried, came]: [number[], number[]] = [[], []];
  let all = 0;
  const read = ({ number }: BlockInfo): Promise<Uint8Array> => {
    tried.push(number);
    return damaged.includes(number) ? Promise.reject(new Error("damaged")) : Promise.resolve(new Uint8Array(1));
  };
  for await (const { block, raw } of withMixed(infos(), read)) {
    all += 1;
    if (raw !== null) came.push(block.number);
  }
  return { tried, came, all };
}

test("mixed blocks are looked into, up to four megabytes of them; others cost nothing", async (t) => {
  t.deepEqual(await lookedInto([[ALIKE, 4 * MEGABYTE], [MIXED, 3 * MEGABYTE], [ALIKE, MEGABYTE], [MIXED, MEGABYTE], [MIXED, 1]]), { tried: [1, 3], came: [1, 3], all: 5 });
  // One that is too large leaves room for those behind it.
  t.deepEqual((await lookedInto([[MIXED, 4 * MEGABYTE + 1], [MIXED, 4 * MEGABYTE]])).tried, [1]);
});

test("what is damaged is passed over: it is told where it is looked for", async (t) => {
  t.deepEqual(await lookedInto([[MIXED, 10], [MIXED, 10], [MIXED, 10]], [1]), { tried: [0, 1, 2], came: [0, 2], all: 3 });
});
