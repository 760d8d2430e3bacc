import test from "ava";
import fc from "../../support/properties.js";
import stringWidth from "string-width";
import { widthOf } from "#src/cli/text/width.js";

test("each character takes as many cells as string-width tells", (t) => {
  const wrong: string[] = [];
  // All that is no long run of one script.
  for (const [from, behind] of [[0x20, 0x7f], [0xa0, 0x3400], [0xa000, 0xac10], [0xd7a0, 0xd800], [0xf900, 0x10000], [0x11000, 0x11100], [0x1b000, 0x1b300], [0x1f000, 0x1fb00]] as const) {
    for (let code = from; code < behind; code += 1) {
      const text = String.fromCodePoint(code);
      if (widthOf(text) !== stringWidth(text)) wrong.push(code.toString(16));
    }
  }
  t.deepEqual(wrong, []);
});

test("emoji take two cells, of however many characters they are; digits and letters do not become any", (t) => {
  for (const emoji of ["😀", "👍🏽", "👩‍👩‍👧", "🏳️‍🌈", "🇨🇭", "1️⃣", "#⃣", "☺️", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🤷🏽‍♀️"]) t.deepEqual([widthOf(emoji), stringWidth(emoji)], [2, 2], emoji);
  for (const text of ["1", "1\ufe0f", "a\ufe0f", "☺", "#", "🇨", "\u200d"]) t.is(widthOf(text), stringWidth(text), JSON.stringify(text));
});

test("what belongs together takes as many cells as string-width tells", (t) => {
  for (const text of ["é", "e\u0301", "한국어", "\u1112\u1161\u11ab", "\u1112\u1112\u1161", "ก็กำ", "क्षि", "\u{1d158}\u{1d165}\u{1d172}", "ｶﾞ", "知識", "Ａ"]) t.is(widthOf(text), stringWidth(text), text);
  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 6 }).map((all) => all.join("").replace(/\p{Cc}/gu, ""));
  fc.assert(fc.property(texts, (text) => t.is(widthOf(text), stringWidth(text), JSON.stringify(text))), { numRuns: 1000 });
});
