/** Texts at the width of a terminal. */
import test from "ava";
import fc from "../../support/properties.js";
import { wrapCommand, wrapLines, wrapText } from "#src/cli/text/wrap.js";
import { shell } from "../support/run.js";

test("lines of the same indentation flow, others stay apart, and what is set in by four stands as it is", (t) => {
  t.is(wrapText("one two\nthree four\n\nHead:\n  five six\n  seven\n    a  b\n    c  d", 12), "one two\nthree four\n\nHead:\n  five six\n  seven\n    a  b\n    c  d");
  t.is(wrapText("one two\nthree four", 100), "one two three four");
  t.is(wrapText("a-word-that-is-longer than that", 8), "a-word-that-is-longer\nthan\nthat");
});

test("whatever the text and the width: all words are there in their order, no line is torn, none is too long that could be shorter", (t) => {
  const word = fc.stringMatching(/^[!-~]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (words, width) => {
      const lines = wrapText(words.join(" "), width).split("\n");
      t.deepEqual(lines.flatMap((line) => line.split(" ")), words);
      for (const [index, line] of lines.entries()) {
        t.true(line.length <= width || !line.includes(" "));
        const [next] = lines[index + 1]?.split(" ") ?? [];
        if (next !== undefined) t.true(line.length + 1 + next.length > width);
      }
    }),
  );
});

test("a command on several lines is the same to a shell", async (t) => {
  for (const command of ["printf '%s|' one 'two  three' \"four five\" six", "printf '%s\\n' b a | sort | tr '\\n' ' '"]) {
    for (const width of [10, 20, 30, 200]) {
      const wrapped = wrapCommand(command, width, "  ");
      t.is((await shell(wrapped)).stdout.toString(), (await shell(command)).stdout.toString(), wrapped);
      t.is(wrapped.includes("\\\n"), width < 60);
    }
  }
});

test("lines that are too long go on below the text of their label; tables and commands stay whole", (t) => {
  t.is(wrapLines("one two three four\n  five six seven eight", 12), "one two\n  three four\n  five six\n    seven\n    eight");
  t.is(wrapLines("state:    it is all there\n  hint: run `kgdump verify FILE` to see", 18), "state:    it is\n          all\n          there\n  hint: run\n        `kgdump verify FILE`\n        to see");
  t.is(wrapLines("  name   entries  sha-256\n", 12), "  name   entries  sha-256\n");
  t.is(wrapLines("it took 12 s at 1.5 MB/s", 14), "it took 12 s\n  at 1.5 MB/s");
  t.is(wrapLines("\x1b[31mred\x1b[39m words here", 9), "\x1b[31mred\x1b[39m words\n  here");
});

test("whatever the lines and the width: no word is lost or torn, and only a line of one word is too long", (t) => {
  const line = fc.tuple(fc.constantFrom("", "  ", "state:    ", "  hint: "), fc.array(fc.stringMatching(/^[!-/:-_a-z]{1,12}$/), { minLength: 1, maxLength: 30 }));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 60 }), (lines, width) => {
      const text = lines.map(([head, words]) => head + words.join(" ")).join("\n");
      const wrapped = wrapLines(text, width);
      t.deepEqual(wrapped.split(/\s+/), text.split(/\s+/));
      for (const shown of wrapped.split("\n")) t.true(shown.length <= width || /^ *(?:[a-z][a-z ]*: +)?\S+$/.test(shown), JSON.stringify(shown));
    }),
  );
});
