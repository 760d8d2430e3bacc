import test from "ava";
import fc from "../../support/properties.js";
import {
  formatAbout,
  formatAge,
  formatDuration,
  formatNumberOf,
  formatPercent,
  formatRate,
  formatShortCount,
  formatSize,
  formatTimeLeft,
  parseCount,
  parseSize,
  parseTime,
} from "#src/cli/text/quantities.js";
import { KgdumpError } from "#src/errors.js";

for (const [typed, bytes] of [
  ["1", 1],
  ["4096", 4096],
  ["4MiB", 4 * 1024 * 1024],
  ["4 mib", 4 * 1024 * 1024],
  ["512k", 512 * 1024],
  ["512K", 512 * 1024],
  ["64KiB", 65536],
  ["64kB", 64000],
  ["1MB", 1_000_000],
  ["1M", 1024 * 1024],
  ["1.5MiB", 1.5 * 1024 * 1024],
  ["2G", 2 * 1024 ** 3],
  ["2GB", 2_000_000_000],
  ["10B", 10],
] as const) {
  test(`size '${typed}'`, (t) => {
    t.is(parseSize(typed, "--block-size"), bytes);
  });
}

for (const typed of ["", "MiB", "-1", "4QiB", "4TiBs", "1e6", "0", "0.5", "1.5", "0x10", "4M iB", "NaN", "9007199254740992", "constructor", "4constructor", "4__proto__"]) {
  test(`size '${typed}' is refused`, (t) => {
    const error = t.throws(() => parseSize(typed, "--block-size"), { instanceOf: KgdumpError });
    t.is(error.code, "USAGE");
    t.regex(error.message, /--block-size/);
  });
}

test("counts are whole numbers within their range", (t) => {
  t.is(parseCount("1000", "--limit"), 1000);
  t.is(parseCount("0", "--width", { min: 0 }), 0);
  for (const typed of ["0", "-1", "1.5", "1e3", "", " 1", "ten", "9007199254740993"]) {
    t.is(t.throws(() => parseCount(typed, "--limit"), { instanceOf: KgdumpError }).code, "USAGE", typed);
  }
  t.regex(t.throws(() => parseCount("23", "--level", { min: 1, max: 22 })).message, /from 1 to 22/);
});

for (const [seconds, text] of [
  [0, "0.00 s"],
  [0.4242, "0.42 s"],
  [9.994, "9.99 s"],
  [9.996, "10.0 s"],
  [59.94, "59.9 s"],
  [59.96, "1 min 00 s"],
  [185, "3 min 05 s"],
  [3599.7, "1 h 00 min"],
  [7620, "2 h 07 min"],
  [86399, "1 d 00 h"],
  [273_600, "3 d 04 h"],
  [-1, "-"],
  [Infinity, "-"],
  [Number.NaN, "-"],
] as const) {
  test(`${String(seconds)} seconds are '${text}'`, (t) => {
    t.is(formatDuration(seconds), text);
  });
}

test("a duration never has 60 seconds, 60 minutes or 24 hours", (t) => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => !/(?<![.\d])60(\.0)? s|\b60 min|\b24 h/.test(formatDuration(seconds))));
  t.pass();
});

test("numbers of things, sizes, rates and percentages", (t) => {
  t.is(formatNumberOf(1, "entry", "entries"), "1 entry");
  t.is(formatNumberOf(0, "entry", "entries"), "0 entries");
  t.is(formatSize(223_000_000), "223 MB");
  t.is(formatRate(10_000_000, 2), "5 MB/s");
  t.is(formatRate(1, 0), "-");
  t.is(formatPercent(1, 3), "33.3 %");
  t.is(formatPercent(1, 0), "-");
});

for (const [count, text] of [[0, "0"], [999, "999"], [1000, "1.00k"], [9994, "9.99k"], [9996, "10.0k"], [99_960, "100k"], [945_893, "946k"], [999_499, "999k"], [999_500, "1.00M"], [1_234_567_890, "1.23G"]] as const) {
  test(`${String(count)} is ${text} in short`, (t) => { t.is(formatShortCount(count), text); });
}

for (const [seconds, text] of [[0.2, "about 1 s"], [8.2, "about 8 s"], [33, "about 35 s"], [58, "about 1 min"], [125, "about 2 min"], [19.6 * 60, "about 20 min"], [3590, "about 1 h"], [3600 * 2.2, "about 2 h 10 min"], [3600 * 50, "about 2 d"]] as const) {
  test(`${String(seconds)} seconds to come are ${text}`, (t) => { t.is(formatTimeLeft(seconds), text); });
}

for (const [seconds, text] of [[0, "a moment ago"], [59, "a moment ago"], [60, "1 minute ago"], [3599, "59 minutes ago"], [3600, "1 hour ago"], [86_400 * 3, "3 days ago"], [86_400 * 40, "1 month ago"], [86_400 * 800, "2 years ago"], [-5, null]] as const) {
  test(`what was ${String(seconds)} seconds ago was ${String(text)}`, (t) => { t.is(formatAge(new Date(1_000_000_000_000), new Date(1_000_000_000_000 + seconds * 1000)), text); });
}

test("an estimate has no more digits than it is worth", (t) => {
  t.deepEqual([formatAbout(1_234_567, true), formatAbout(1_234_567, false), formatAbout(5, true)], ["about 1.23M", "1,234,567", "about 5"]);
});

test("a time is seconds, a date, or now", (t) => {
  for (const [text, seconds] of [["0", 0], ["1000000000", 1e9], ["999999999999", 999_999_999_999], ["2001-09-09", 999_993_600], ["2001-09-09T01:46:40Z", 1e9], ["2001-09-09T01:46:40.999Z", 1e9], ["2001-09-09T03:46:40+02:00", 1e9], ["1000000000000", Number.NaN], ["yesterday", Number.NaN], ["-1.5", Number.NaN], ["1.5", Number.NaN], ["1 2030", Number.NaN], ["2001-13-01", Number.NaN], ["", Number.NaN]] as const) {
    t.is(parseTime(text), seconds, text);
  }
  const [before, now, after] = [Date.now(), parseTime("now"), Date.now()];
  t.true(now >= Math.floor(before / 1000) && now <= after / 1000 && Number.isInteger(now));
});
