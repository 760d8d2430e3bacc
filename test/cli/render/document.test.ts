/** One value on a terminal: nothing of it is lost, nothing is obeyed, and lines fit where they can. */
import test from "ava";
import fc from "../../support/properties.js";
import { documentLines, hexLines, numbersOf } from "#src/cli/render/document.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { isPrintable } from "#src/cli/text/characters.js";
import { loggedSeed } from "../../support/seed.js";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const lines = (value: Uint8Array, columns = 80): string[] => [...documentLines(value, { paint: makePaint(false), columns })];

test("JSON of any kind is the same JSON, printable, and no wider than the terminal where it can be broken", (t) => {
  const seed = loggedSeed(t);
  const blanks = fc.constantFrom(undefined, 1, "\t", "\n ");
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), blanks, fc.integer({ min: 20, max: 120 }), (value, indent, columns) => {
      const text = JSON.stringify(value, null, indent);
      const shown = lines(bytes(text), columns);
      t.is(JSON.stringify(JSON.parse(shown.join("\n"))), JSON.stringify(JSON.parse(text)));
      for (const line of shown) {
        t.true(isPrintable(line), line);
        // What is too wide is one name, number or text.
        if (line.length > columns) t.regex(line, /^ *(?:"(?:[^"\\]|\\.)*": )?(?:"(?:[^"\\]|\\.)*"|[^\s"]+|\[\]|\{\}|\[|\{),?$/);
      }
    }),
    { seed, numRuns: 300 },
  );
});

test("numbers, names that stand twice, and escapes stay as they are written", (t) => {
  t.deepEqual(lines(bytes('{"a":1.10,"a":12345678901234567890, "b":"\\u0041\\/"}')), ['{"a": 1.10, "a": 12345678901234567890, "b": "\\u0041\\/"}']);
  t.deepEqual(lines(bytes('{"name":"Ada","list":[1,22,333,4444],"in":{"x":{}, "y":[]}}'), 24), ["{", '  "name": "Ada",', '  "list": [', "    1, 22, 333, 4444", "  ],", '  "in": {', '    "x": {},', '    "y": []', "  }", "}"]);
  t.deepEqual(lines(bytes("[10,20,30,40,50]"), 12), ["[", "  10, 20,", "  30, 40, 50", "]"]);
  t.deepEqual(lines(bytes('"\u202e\u009b31m"')), ['"\\u202e\\u009b31m"']);
});

test("what is nested deeper than any stack is shown", (t) => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  t.is(lines(bytes(deep)).map((line) => line.trim()).join(""), deep);
});

test("text is shown line by line, and never obeyed", (t) => {
  t.deepEqual(lines(bytes("one\ttwo\r\n\nthree \\ four\u202e\n")), ["one\ttwo", "", "three \\\\ four\\u{202e}"]);
  t.true(lines(bytes("\u001b[31mred"))[0]?.startsWith("00000000  1b 5b 33 31 6d 72 65 64"));
});

test("a dump of bytes has each byte once, in lines that fit 80 columns", (t) => {
  t.deepEqual([...hexLines(bytes("0123456789abcdef~\n"))], ["00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef", `00000010  ${"7e 0a".padEnd(48)}  ~.`]);
  t.deepEqual([...hexLines(new Uint8Array(0))], []);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (value) => {
      const shown = [...hexLines(value)];
      t.is(shown.map((line) => line.slice(10, 58).replaceAll(" ", "")).join(""), Buffer.from(value).toString("hex"));
      t.true(shown.every((line) => line.length <= 80 && isPrintable(line)));
    }),
    { seed: loggedSeed(t) },
  );
});

test("bytes as long as a whole number are told as one, from both ends", (t) => {
  t.is(numbersOf(Uint8Array.of(7)), "7");
  t.is(numbersOf(Uint8Array.of(1, 2)), "258 big-endian, 513 little-endian");
  t.is(numbersOf(Uint8Array.of(0, 0, 0, 1)), "1 big-endian, 16777216 little-endian");
  t.is(numbersOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)), "1 big-endian, 72057594037927936 little-endian");
  t.is(numbersOf(Uint8Array.of(1, 2, 3)), null);
});
