/** Texts are cut and broken by the cells that they take. */
import { stripVTControlCharacters } from "node:util";
import test from "ava";
import fc from "../../support/properties.js";
import stringWidth from "string-width";
import { makePaint } from "#src/cli/terminal/style.js";
import { cellsOf, cutCells, fitCells, wrapCells } from "#src/cli/text/cells.js";

const paint = makePaint(true);

test("wide characters take two cells, colours none", (t) => {
  t.is(cellsOf("abc"), 3);
  t.is(cellsOf("知識"), 4);
  t.is(cellsOf(paint.cyan("知a")), 3);
  t.is(cutCells("知識知識", 5), "知識…");
  t.is(cutCells("知識知識", 4), "知…");
  t.is(cutCells("abcdef", 6), "abcdef");
  t.is(cutCells("abcdef", 0), "");
  t.is(fitCells("知", 4), "知  ");
  t.is(cutCells(paint.green("abcdef"), 3), "\x1b[32mab…\x1b[0m");
});

test("what is not looked up takes as many cells as looking it up tells, alone and beside others", (t) => {
  const plain = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).filter((text) => stringWidth(text) === 1 && !/[\p{M}\p{Cc}]/u.test(text));
  for (const text of plain) t.is(cellsOf(text), 1, text.codePointAt(0)?.toString(16));
  fc.assert(fc.property(fc.array(fc.constantFrom(...plain), { maxLength: 6 }), (texts) => t.is(cellsOf(texts.join("")), stringWidth(texts.join("")), JSON.stringify(texts))));
  for (let code = 0; code < 0x3000; code += 1) {
    const text = String.fromCharCode(code);
    t.is(cellsOf(text), stringWidth(text), code.toString(16));
  }
});

test("three characters of any kinds take as many cells, whatever stands beside them", (t) => {
  const kinds = ["a", "1", "#", "知", "\u0301", "\u0903", "\u094d", "\u0915", "\u0600", "\ufe0e", "\ufe0f", "\u20e3", "\u200b", "\u200d", "\uff9e", "\u{1d158}", "\u{1d165}"];
  const korean = ["\u1100", "\ua960", "\u1161", "\ud7b0", "\u11a8", "\u11eb", "\ud7cb", "\u115f", "\u1160", "\uac00", "\uac01"];
  const emoji = ["\u{1f469}", "\u{1f680}", "\u2764", "\u270c", "\u{1f3cb}", "\u{1f3fd}", "\u{1f02c}"];
  const all = [...kinds, ...korean, ...emoji];
  const picture = /[1#]\u20e3|[\u2764\u270c\u{1f3cb}\u{1f469}\u{1f680}](?:\ufe0f|\u{1f3fd})/u;
  for (const one of all) for (const two of all) for (const three of all) {
    const text = one + two + three;
    // What is added to a picture makes none that is known: ours stays as wide as the picture.
    const right = picture.test(text) ? cellsOf(text) >= stringWidth(text) : cellsOf(text) === stringWidth(text);
    if (!right) t.is(cellsOf(text), stringWidth(text), JSON.stringify(Array.from(text, (c) => c.codePointAt(0)?.toString(16))));
  }
  // What is no flag is two letters, of a cell each.
  t.is(cellsOf("\u{1f1e6}\u{1f1e6}"), 2);
});

test("a line is broken into parts that fit, each with its colours, and nothing is lost", (t) => {
  t.deepEqual(wrapCells("abcdefg", 3, 9), ["abc", "def", "g"]);
  t.deepEqual(wrapCells(`x${paint.green("abcd")}y`, 3, 9), ["x\x1b[32mab\x1b[0m", "\x1b[32mcd\x1b[39my"]);
  t.deepEqual(wrapCells("abcdefghi", 3, 2), ["abc", "de…"]);
  // One character for a reader, three cells wide: a note, its stem and its flag.
  t.deepEqual(wrapCells("\u{1d158}\u{1d165}\u{1d172}", 2, 9), ["\u{1d158}\u{1d165}", "\u{1d172}"]);
  t.deepEqual(wrapCells(paint.green("a\u200bbc"), 2, 9), ["\x1b[32ma\u200bb\x1b[0m", "\x1b[32mc\x1b[39m"]);
  const pieces = fc.array(fc.oneof(fc.string({ unit: "grapheme" }).filter((text) => !/[\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(text)), fc.constantFrom("知識", "a", "👍🏽", "ab cd", "\u{1d158}\u{1d165}\u{1d172}", "ᄒᄒᄒ")), { maxLength: 8 });
  fc.assert(fc.property(pieces, fc.integer({ min: 2, max: 9 }), (texts, cells) => {
    const line = texts.map((text, at) => (at % 2 === 0 ? text : paint.green(text))).join("");
    const lines = wrapCells(line, cells, 1000);
    t.is(stripVTControlCharacters(lines.join("")), stripVTControlCharacters(line));
    for (const one of lines) t.true(stringWidth(one) <= cells, JSON.stringify(one));
    t.true(stringWidth(cutCells(line, cells)) <= cells, JSON.stringify(line));
  }));
});
