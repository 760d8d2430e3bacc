/** Which keys of a sled tree a scan reads, in either order, against a filter of all keys. */
import test from "ava";
import { keyRange } from "#src/engines/sled/range.js";
import fc from "../../support/properties.js";
import { loggedSeed } from "../../support/seed.js";

/** Few bytes, so that keys are often equal, or begin with one another. */
const key = fc.array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { maxLength: 3 }).map((bytes) => Buffer.from(bytes));

test("a range has the keys from its first, and not its end, that begin with the prefix: in byte order and downwards", (t) => {
  loggedSeed(t);
  const asked = fc.record({ from: fc.option(key, { nil: undefined }), to: fc.option(key, { nil: undefined }), prefix: fc.option(key, { nil: undefined }), order: fc.constantFrom("bytewise" as const, "reverse-bytewise" as const) });
  fc.assert(fc.property(asked, fc.array(key, { minLength: 1, maxLength: 30 }), (options, others) => {
    const { from, to, prefix, order } = options;
    const ends = [from, to, prefix].filter((end) => end !== undefined);
    const keys = [...others, ...ends, ...ends.map((end) => Buffer.concat([end, Buffer.of(0)]))];
    const compare = (a: Buffer, b: Buffer): number => Buffer.compare(a, b) * (order === "bytewise" ? 1 : -1);
    const wanted = keys.filter((each) => (from === undefined || compare(each, from) >= 0) && (to === undefined || compare(each, to) < 0) && (prefix === undefined || each.subarray(0, prefix.length).equals(prefix)));
    const range = keyRange(options);
    const found = range === null ? [] : keys.filter((each) => (range.lower === undefined || Buffer.compare(each, range.lower) >= 0) && (range.upper === undefined || Buffer.compare(each, range.upper) < 0));
    t.deepEqual(found, wanted);
  }), { numRuns: 500 });
});
