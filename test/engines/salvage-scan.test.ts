/** The pass over what is left of a damaged store, fed by fills written here: every gap is told where it is. */
import test from "ava";
import { salvagedPieces } from "#src/engines/salvage-scan.js";
import fc from "../support/properties.js";
import { loggedSeed } from "../support/seed.js";

const NO_FACTS = { entries: 0, keyBytes: 0, valueBytes: 0, firstKeyStart: 0, firstKeyEnd: 0, lastKeyStart: 0, lastKeyEnd: 0 };

/** What an engine finds: entries by their length, "gap" where something may be missing. */
type Found = number | "gap";
type Fill = Parameters<typeof salvagedPieces>[0];

/** As engines do: a gap is told with what comes behind it, at the end with nothing. */
function fillOf(all: readonly Found[], sizes: number[]): Fill {
  let next = 0;
  return (buffer) => {
    sizes.push(buffer.length);
    const from = next;
    const gap = all[next] === "gap";
    if (gap) next += 1;
    let bytes = 0;
    const facts = { ...NO_FACTS };
    for (let length = all[next]; typeof length === "number"; length = all[next]) {
      if (bytes + length > buffer.length) {
        if (facts.entries > 0) break;
        // It is not taken yet.
        next = from;
        return Promise.resolve({ counts: { bytes: 0, facts, done: false, needed: length }, gap: false, doubtful: 0 });
      }
      buffer.fill(next, bytes, bytes + length);
      bytes += length;
      facts.entries += 1;
      next += 1;
    }
    return Promise.resolve({ counts: { bytes, facts, done: facts.entries === 0 && next === all.length, needed: 0 }, gap, doubtful: facts.entries });
  };
}

/** The same as pieces tell it. */
async function told(all: readonly Found[], blockSize: number, sizes: number[] = []): Promise<(number[] | "gap")[]> {
  const pieces: (number[] | "gap")[] = [];
  for await (const piece of salvagedPieces(fillOf(all, sizes), { blockSize })) pieces.push(piece.type === "gap" ? "gap" : [...piece.block.data]);
  return pieces;
}

test("gaps are told at the beginning, between entries and at the very end, also where nothing else is left", async (t) => {
  t.deepEqual(await told(["gap", 1, 1, "gap", 1, "gap"], 10), ["gap", [1, 2], "gap", [4], "gap"]);
  t.deepEqual(await told(["gap"], 10), ["gap"]);
  t.deepEqual(await told([], 10), []);
});

test("whatever is found comes out in its order, with every gap, in blocks of the size that is asked for, but for entries that are larger", async (t) => {
  loggedSeed(t);
  const found = fc.array(fc.oneof(fc.integer({ min: 1, max: 25 }), fc.constant("gap" as const)), { maxLength: 20 })
    .map((all): Found[] => all.filter((each, index) => each !== "gap" || all[index - 1] !== "gap"));
  await fc.assert(fc.asyncProperty(found, async (all) => {
    const sizes: number[] = [];
    const pieces = await told(all, 10, sizes);
    t.deepEqual(pieces.flat(), all.flatMap((each, index): Found[] => (each === "gap" ? [each] : Array.from({ length: each }, () => index))));
    for (const piece of pieces) t.true(piece === "gap" || piece.length <= 10 || new Set(piece).size === 1);
    t.true(sizes.every((size) => size === 10 || all.includes(size)));
  }));
});

test("an interruption ends it before the next piece", async (t) => {
  const stop = new AbortController();
  const sizes: number[] = [];
  await t.throwsAsync(async () => {
    for await (const piece of salvagedPieces(fillOf([5, "gap", 5], sizes), { blockSize: 10, signal: stop.signal })) if (piece.type === "entries") stop.abort(new Error("stopped"));
  }, { message: "stopped" });
  t.is(sizes.length, 1);
});
