import test from "ava";
import { checkSledSettings, type SledNumber } from "#src/settings/sled-settings.js";

/** Numbers on both sides of each limit. */
const LIMITS: Readonly<Record<SledNumber, { readonly right: readonly number[]; readonly wrong: readonly number[] }>> = {
  cacheCapacity: { right: [256, 2 ** 40], wrong: [0, 255, 256.5, -1, NaN, Infinity] },
  compressionLevel: { right: [1, 22], wrong: [0, 23, 1.5, NaN] },
  flushEveryMs: { right: [1, 2 ** 32 - 1], wrong: [0, 2 ** 32, 0.5, NaN] },
  segmentSize: { right: [256, 512 * 1024, 16 * 1024 ** 2], wrong: [128, 32 * 1024 ** 2, 258, 3 * 1024 ** 2, NaN] },
};

for (const [name, { right, wrong }] of Object.entries(LIMITS)) {
  test(`${name} is taken within its limits only, and refused by name`, (t) => {
    for (const value of right) t.notThrows(() => { checkSledSettings({ [name]: value }); }, String(value));
    for (const value of wrong) t.throws(() => { checkSledSettings({ [name]: value }); }, { code: "USAGE", message: new RegExp(`^${name} must be .*, not ${String(value)}$`) }, String(value));
  });
}
