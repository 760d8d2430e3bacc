import test, { type ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { Unpackr } from "msgpackr";
import { LIMIT_NESTING } from "#src/format/constants.js";
import { MsgpackReader } from "#src/format/msgpack/reader.js";
import { binHead, MsgpackWriter } from "#src/format/msgpack/writer.js";

const independent = new Unpackr({ mapsAsObjects: false, int64AsType: "bigint" });
const reader = (hex: string): MsgpackReader => new MsgpackReader(Buffer.from(hex, "hex"), "test");
const refused = (t: ExecutionContext, code: string, read: () => unknown, message?: RegExp): void => {
  t.throws(read, { code, ...(message && { message }) });
};

test("what is written is what an independent decoder reads, and what is read back", (t) => {
  const unsigned = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(31, 32, 255, 256, 65_535, 65_536).map((length) => "x".repeat(length)));
  const bin = fc.oneof(fc.uint8Array(), fc.constantFrom(255, 256, 65_535, 65_536).map((length) => new Uint8Array(length)));
  const long = fc.constantFrom(0, 15, 16, 65_535, 65_536);
  fc.assert(
    fc.property(unsigned, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), text, bin, long, (number, big, string, bytes, length) => {
      const writer = new MsgpackWriter().array(6).uint(number).uint(big).str(string).bin(bytes).nil().map(length);
      for (let key = 0; key < length; key += 1) writer.uint(key).array(0);
      const encoded = writer.bytes();
      const decoded = independent.unpack(encoded) as [number | bigint, number | bigint, string, Uint8Array, null, Map<number, unknown>];
      t.is(Number(decoded[0]), number);
      t.is(BigInt(decoded[1]), big);
      t.is(decoded[2], string);
      t.deepEqual(new Uint8Array(decoded[3]), new Uint8Array(bytes));
      t.is(decoded[4], null);
      t.is(decoded[5].size, length);

      const back = new MsgpackReader(encoded, "test");
      back.tuple("all", 6);
      t.is(back.uint("number"), number);
      t.is(back.biguint("big"), big);
      t.is(back.str("string", 1e6), string);
      t.deepEqual(new Uint8Array(back.bin("bytes", 1e6)), new Uint8Array(bytes));
      t.is(back.nullable(() => 1), null);
      t.is(back.mapHead("map"), length);
      for (let key = 0; key < length; key += 1) {
        if (back.uint("key") !== key || back.array("value") !== 0) t.fail();
      }
      back.end();
    }),
    { numRuns: 40 },
  );
});

test("the writer refuses what is not an unsigned integer, and can be used again", (t) => {
  for (const value of [-1, 0.5, NaN, 2 ** 53, -1n, 1n << 64n]) t.throws(() => new MsgpackWriter().uint(value), { instanceOf: RangeError });
  const writer = new MsgpackWriter().uint(1).uint(2);
  t.is(writer.length, 2);
  writer.clear();
  t.deepEqual(writer.uint(3).bytes(), Uint8Array.of(3));
  t.deepEqual(binHead(0), Uint8Array.of(0xc4, 0));
});

test("any form but the shortest is refused", (t) => {
  for (const hex of ["cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff"]) refused(t, "DUMP_MALFORMED", () => reader(hex).uint("n"), /shortest/);
  for (const hex of ["c50001ff", "c600000001ff"]) refused(t, "DUMP_MALFORMED", () => reader(hex).bin("b", 9), /shortest/);
  for (const hex of ["d90161", "da000161", "db0000000161"]) refused(t, "DUMP_MALFORMED", () => reader(hex).str("s", 9), /shortest/);
  for (const hex of ["dc000101", "dd0000000101"]) refused(t, "DUMP_MALFORMED", () => reader(hex).array("a"), /shortest/);
  for (const hex of ["de00010101", "df000000010101"]) refused(t, "DUMP_MALFORMED", () => reader(hex).mapHead("m"), /shortest/);
});

test("another type, and bytes that are missing, are refused with the field's name", (t) => {
  for (const hex of ["c0", "ff", "a161", "cb0000000000000000", "d0ff"]) refused(t, "DUMP_MALFORMED", () => reader(hex).uint("the field"), /the field is not an unsigned integer/);
  refused(t, "DUMP_MALFORMED", () => reader("01").bin("the field", 9), /the field is not a bin/);
  refused(t, "DUMP_MALFORMED", () => reader("d4").bin("the field", 9), /the field is not a bin/);
  refused(t, "DUMP_MALFORMED", () => reader("01").str("the field", 9), /the field is not a str/);
  refused(t, "DUMP_MALFORMED", () => reader("01").array("the field"), /the field is not an array/);
  refused(t, "DUMP_MALFORMED", () => reader("01").mapHead("the field"), /the field is not a map/);
  refused(t, "DUMP_MALFORMED", () => { reader("9101").tuple("the field", 2); }, /has 1 elements, not 2/);
  for (const hex of ["", "cd", "cd01"]) refused(t, "DUMP_MALFORMED", () => reader(hex).uint("the field"), /cut off/);
  for (const hex of ["c4", "c40261"]) refused(t, "DUMP_MALFORMED", () => reader(hex).bin("the field", 9), /cut off/);
  refused(t, "DUMP_MALFORMED", () => { reader("0102").end(); }, /2 bytes too many/);
  refused(t, "DUMP_MALFORMED", () => reader("05").uint("the field", 4), /is 5, more than 4/);
  refused(t, "DUMP_MALFORMED", () => reader("cf0020000000000000").uint("the field"), /more than/);
});

test("limits of lengths: at them and one more", (t) => {
  t.is(reader("c403616263").bin("b", 3).length, 3);
  refused(t, "DUMP_LIMIT_EXCEEDED", () => reader("c403616263").bin("b", 2));
  t.is(reader("a3616263").str("s", 3), "abc");
  refused(t, "DUMP_LIMIT_EXCEEDED", () => reader("a3616263").str("s", 2));
  refused(t, "DUMP_LIMIT_EXCEEDED", () => reader("c6ffffffff").bin("b", 100));
});

test("invalid UTF-8 is refused, a byte order mark is kept", (t) => {
  for (const hex of ["a1ff", "a2c080", "a3eda080"]) refused(t, "DUMP_MALFORMED", () => reader(hex).str("s", 9), /UTF-8/);
  t.is(reader("a3efbbbf").str("s", 9), "\ufeff");
});

test("a container that claims more than follows is refused at once", (t) => {
  for (const hex of ["ddffffffff", "dc001001", "9201"]) refused(t, "DUMP_MALFORMED", () => reader(hex).array("a"), /more than follow/);
  for (const hex of ["dfffffffff", "81c0"]) refused(t, "DUMP_MALFORMED", () => reader(hex).mapHead("m"), /more than follow/);
  refused(t, "DUMP_MALFORMED", () => reader("9201020304").array("a", 3), /more than follow/);
});

test("fields: each once, none missing, unknown ones only when lenient", (t) => {
  const shape = { a: (r: MsgpackReader, field: string) => r.uint(field), b: (r: MsgpackReader, field: string) => r.str(field, 9) };
  t.deepEqual(reader("82a16101a162a178").fields("", shape, false), { a: 1, b: "x" });
  t.deepEqual(reader("82a162a178a16101").fields("top", shape, false), { a: 1, b: "x" });
  refused(t, "DUMP_MALFORMED", () => reader("81a16101").fields("top", shape, false), /top\.b is missing/);
  refused(t, "DUMP_MALFORMED", () => reader("81a16101").fields("", shape, false), /: b is missing/);
  refused(t, "DUMP_MALFORMED", () => reader("82a16101a16101").fields("", shape, false), /twice/);
  const more = "83a16101a163c0a162a178";
  refused(t, "DUMP_MALFORMED", () => reader(more).fields("", shape, false), /c is not a field/);
  t.deepEqual(reader(more).fields("", shape, true), { a: 1, b: "x" });
  refused(t, "DUMP_MALFORMED", () => reader("84a163c0a163c0a16101a162a178").fields("", shape, true), /twice/);
  const proto = `83a16101a9${Buffer.from("__proto__").toString("hex")}80a162a178`;
  refused(t, "DUMP_MALFORMED", () => reader(proto).fields("", shape, false), /__proto__/);
  t.deepEqual(Object.keys(reader(proto).fields("", shape, true)), ["a", "b"]);
});

test("skipping takes every allowed type, refuses others, and is bounded in depth", (t) => {
  const values = ["c0", "c2", "c3", "00", "7f", "cc80", "cf0000000100000000", "c40161", "a161", `d920${"61".repeat(32)}`, "9101", `dc0010${"c0".repeat(16)}`, "81a16101", `de0010${Array.from({ length: 16 }, (_, index) => `a16${index.toString(16)}c0`).join("")}`];
  for (const value of values) {
    const skipping = reader(value);
    skipping.skip("x");
    skipping.end();
  }
  for (const value of ["c1", "ca00000000", "d0ff", "ff", "d40100", "c7000100", ""]) refused(t, "DUMP_MALFORMED", () => { reader(value).skip("x"); });
  const nested = (levels: number): string => `${"91".repeat(levels - 1)}c0`;
  reader(nested(LIMIT_NESTING + 1)).skip("x");
  refused(t, "DUMP_LIMIT_EXCEEDED", () => { reader(nested(LIMIT_NESTING + 2)).skip("x"); });
  for (const value of ["8101c0", "82a161c0a161c0", "81c0c0"]) refused(t, "DUMP_MALFORMED", () => { reader(value).skip("x"); });
  refused(t, "DUMP_LIMIT_EXCEEDED", () => { reader("91".repeat(100_000)).skip("x"); });
});
