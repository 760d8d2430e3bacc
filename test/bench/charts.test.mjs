// @ts-check
import fc from "fast-check";
import test from "ava";
import { barChart } from "../../bench/bar-chart.mjs";
import { lineChart } from "../../bench/line-chart.mjs";
import { ticks } from "../../bench/svg.mjs";

// As test/support/properties.ts has it.
const seed = process.env["SEED"] ?? process.env["KGDUMP_USUAL_SEED"];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

/**
 * Why a text is not well-formed XML, as far as a chart uses XML: elements, attributes in double quotes, the four entities.
 * @param {string} markup
 * @returns {string} "" when it is
 */
function complaint(markup) {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(markup)) return "a character that XML can't hold";
  if (/&(?!(?:amp|lt|gt|quot);)/.test(markup)) return "a bare ampersand";
  /** @type {string[]} */
  const open = [];
  const rest = markup.replace(/<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/gi, (_, end, name, attributes, empty) => {
    const names = [...attributes.matchAll(/ ([\w:-]+)=/g)].map((match) => match[1]);
    if (new Set(names).size < names.length) open.push(`twice the same attribute in ${name}`);
    if (end === "") empty === "" && open.push(name);
    else if (open.at(-1) === name) open.pop();
    else open.push(`an end of ${name}`);
    return "";
  });
  if (/[<>]/.test(rest)) return "a bare angle bracket";
  return open.join(", ");
}

test("what looks for well-formed XML finds what is not", (t) => {
  t.is(complaint('<a b="1"><c/>&amp;</a>'), "");
  for (const wrong of ["<a>", "<a></b>", "<a b=1/>", "<a>&</a>", "<a><</a>", '<a b="1" b="2"/>', "<a>\u0000</a>"]) t.not(complaint(wrong), "", wrong);
});

const label = fc.string({ unit: "binary", maxLength: 30 });
const value = fc.double({ min: 0, max: 1e9, noNaN: true });
const bar = fc.record({
  label,
  kind: fc.constantFrom(/** @type {const} */ ("limit"), /** @type {const} */ ("peer"), /** @type {const} */ ("kgdump")),
  value,
  range: fc.tuple(value, value).map(([a, b]) => /** @type {[number, number]} */ ([Math.min(a, b), Math.max(a, b)])),
  shown: label,
  note: label,
});

test("a chart of bars is well-formed, whatever it is about, and has a bar for each value", (t) => {
  const panel = fc.record({ title: label, unit: label, bars: fc.array(bar, { minLength: 1, maxLength: 5 }) });
  fc.assert(
    fc.property(fc.array(panel, { minLength: 1, maxLength: 3 }), label, (panels, title) => {
      const svg = barChart({ title, subtitle: title, panels, footer: [title] });
      const bars = panels.reduce((sum, part) => sum + part.bars.length, 0);
      return complaint(svg) === "" && !/NaN|Infinity|undefined/.test(svg.replace(/<(title|desc|text|tspan)[^>]*>[^<]*/g, "")) && (svg.match(/height="17"/g) ?? []).length === bars;
    }),
  );
  t.pass();
});

test("a chart of lines is well-formed and has a point for each value", (t) => {
  const series = fc.record({ label, values: fc.array(value, { minLength: 3, maxLength: 3 }), shown: label });
  const panel = fc.record({ title: label, series: fc.array(series, { minLength: 1, maxLength: 4 }) });
  fc.assert(
    fc.property(fc.array(panel, { minLength: 1, maxLength: 2 }), label, (panels, title) => {
      const svg = lineChart({ title, subtitle: title, steps: ["1x", "4x", "16x"], panels });
      const points = panels.reduce((sum, part) => sum + part.series.length * 3, 0);
      return complaint(svg) === "" && (svg.match(/<circle /g) ?? []).length === points;
    }),
  );
  t.pass();
});

test("the marks of an axis start at 0, are even and reach what they have to", (t) => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (highest) => {
      const marks = ticks(highest);
      const step = marks[1] ?? 0;
      return marks[0] === 0 && (marks.at(-1) ?? 0) >= highest * (1 - 1e-9) && marks.length <= 12 && marks.every((mark, i) => Math.abs(mark - i * step) <= step * 1e-9);
    }),
  );
  t.deepEqual(ticks(9.3), [0, 2, 4, 6, 8, 10]);
  t.deepEqual(ticks(0), [0, 1]);
});
