import test from "ava";
import fc from "../../support/properties.js";
import { renderValue } from "#src/cli/render/value.js";
import { isPrintable } from "#src/cli/text/characters.js";

const show = (text: string | Uint8Array, width: number | null = null): string =>
  renderValue(typeof text === "string" ? Buffer.from(text) : text, width);

test("JSON is put on one line and otherwise left as it is", (t) => {
  t.is(show('{ "a" : [1, 2.50,\n\t12345678901234567890 ], "a": "x  y\\n\\u0041" }'), '{"a":[1,2.50,12345678901234567890],"a":"x  y\\n\\u0041"}');
  t.is(show('"a\\\\"'), '"a\\\\"');
});

test("JSON strings with control and bidi characters are escaped within JSON", (t) => {
  t.is(show('{"label":"a\u202eb\u0085\u{e0041}"}'), '{"label":"a\\u202eb\\u0085\\udb40\\udc41"}');
});

test("text that is no JSON follows the rule for bytes", (t) => {
  t.is(show("plain\ntext\\"), "plain\\x0atext\\\\");
  t.is(show(Buffer.from("00ff00", "hex")), "hex:00ff00");
  t.is(show(""), "");
  t.is(renderValue(null, null), "(deleted)");
});

test("text that escaping would turn into JSON is shown in hex", (t) => {
  t.is(show('"\\x"'), "hex:225c7822");
});

test("whatever the value and width, one safe line, never wider than asked for", (t) => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json({ stringUnit: "binary" }).map((text) => new Uint8Array(Buffer.from(text))),
    fc.string({ unit: "binary", maxLength: 200 }).map((text) => new Uint8Array(Buffer.from(text))),
  );
  fc.assert(
    fc.property(value, fc.option(fc.integer({ min: 30, max: 120 })), (bytes, width) => {
      const shown = renderValue(bytes, width);
      return isPrintable(shown) && (width === null || shown.length <= width);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("JSON is the same JSON after it was shown", (t) => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (json) => {
      t.deepEqual(JSON.parse(show(json)), JSON.parse(json));
    }),
    { numRuns: 500 },
  );
});

test("no two values are shown the same, except for the blanks in JSON", (t) => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('"', "\\", "x", "u", "{", "}", "h", "1"), maxLength: 8 }).map((text) => new Uint8Array(Buffer.from(text))),
  );
  const trimmed = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1").replace(/[ \t\n\r]/g, "");
  fc.assert(
    fc.property(value, value, (a, b) => trimmed(a) === trimmed(b) || renderValue(a, null) !== renderValue(b, null)),
    { numRuns: 20_000 },
  );
  t.pass();
});

test("what is cut tells its whole size, and a pair of surrogates is not split", (t) => {
  const long = show(`"${"😀".repeat(5000)}"`, 40);
  t.true(long.endsWith("… (20,002 bytes)"));
  t.true(long.length <= 40);
  t.true(isPrintable(long));
  const huge = show(`{"text":"${"é".repeat(2_000_000)}"}`, 60);
  t.regex(huge, /^\{"text":"é+… \(4,000,011 bytes\)$/);
  t.true(show(Buffer.alloc(1_000_000, 0xff), 40).startsWith("hex:ffff"));
});
