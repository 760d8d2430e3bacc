/** What progress looks like: in a line of any width, in a file, as JSON, and beside what else is said. */
import test from "ava";
import fc from "../../support/properties.js";
import { plainLine, progressLine } from "#src/cli/terminal/progress-line.js";
import { makeProgressDisplay, progressStyle } from "#src/cli/terminal/progress.js";
import type { Figures } from "#src/operations/run/figures.js";
import type { Phase, Progress } from "#src/operations/run/progress.js";

const base: Progress = { phase: "verify", entries: 578_123, bytes: 61, dumpBytes: 0, totalEntries: 945_893, totalBytes: 100, keyspace: null };
const figures: Figures = { progress: base, share: 0.61, rate: 35_000_000, secondsLeft: 8.2, seconds: 12, turn: 2 };
const steps = { phases: ["load", "verify", "verify"] as const };

test("a line loses field by field where the terminal is narrow, and is never cut in a word", (t) => {
  t.is(progressLine(figures, steps, 79), "2/3 verifying [###########-------]  61 %  578k of 946k  35 MB/s  about 8 s left");
  t.is(progressLine(figures, steps, 119), "2/3 verifying [###############---------]  61 %  578k of 946k  35 MB/s  about 8 s left");
  t.is(progressLine(figures, steps, 65), "2/3 verifying  61 %  578k of 946k  35 MB/s  about 8 s left");
  t.is(progressLine(figures, steps, 55), "2/3 verifying  61 %  578k of 946k  about 8 s left");
  t.is(progressLine(figures, steps, 40), "2/3 verifying  61 %  about 8 s left");
  t.is(progressLine(figures, steps, 20), "2/3 verifying  61 %");
  // Beyond its estimate, that one is no use.
  t.is(progressLine({ ...figures, progress: { ...base, totalEntries: base.entries - 1 } }, steps, 65), "2/3 verifying  61 %  578k entries  35 MB/s  about 8 s left");
  t.regex(progressLine({ ...figures, progress: { ...base, totalEntries: base.entries } }, steps, 65), / {2}578k of 578k {2}/);
});

test("whatever the figures and the width, a line is no wider, and from 40 columns on each field is whole", (t) => {
  const count = fc.option(fc.nat({ max: 2_000_000_000 }), { nil: null });
  const phase = fc.constantFrom<Phase>("export", "load", "verify", "read", "recover", "wait");
  const any = fc.record({ phase, entries: fc.nat({ max: 2_000_000_000 }), totalEntries: count, share: fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), { nil: null }), rate: count, left: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: null }), turn: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 40, max: 200 }) });
  fc.assert(
    fc.property(any, ({ phase: doing, entries, totalEntries, share, rate, left, turn, columns }) => {
      const line = progressLine({ progress: { ...base, phase: doing, entries, totalEntries }, share, rate, secondsLeft: left, seconds: 3, turn }, steps, columns);
      const field = String.raw`( {2}(\d[\d.]*[kMGT]?( of \d[\d.]*[kMGT]?| entry| entries)|[\d.]+ [kMGT]?B\/s|about .* left|\d+:\d\d))`;
      return line.length <= columns && new RegExp(`^(\\d/3 )?[a-z ]+?( \\[[#-]+\\])?( +\\d+ %| [-|/\\\\])?${field}*$`).test(line);
    }),
  );
  t.pass();
});

test("which of its steps a command is at is told when it is known, and a phase may have another name", (t) => {
  const at = (turn: number, phase: Phase): string => progressLine({ ...figures, turn, progress: { ...base, phase } }, { ...steps, labels: { load: "restoring" } }, 30);
  t.true(at(1, "load").startsWith("1/3 restoring"));
  t.true(at(3, "verify").startsWith("3/3 verifying"));
  // Another phase than was expected, or one more.
  t.true(at(2, "load").startsWith("restoring"));
  t.true(at(4, "verify").startsWith("verifying"));
  t.true(progressLine(figures, { phases: ["verify"] }, 30).startsWith("verifying"));
  t.is(progressLine({ ...figures, progress: { ...base, phase: "wait" }, seconds: 94 }, {}, 79), "waiting until the store is free  1:34");
});

test("a line for a file has the same in words", (t) => {
  t.is(plainLine(figures, steps), "2/3 verifying: 61 %, 578k of 945,893 entries, 35 MB/s, about 8 s left");
  t.is(plainLine({ ...figures, share: null, secondsLeft: null, progress: { ...base, totalEntries: null } }, {}), "verifying: 578,123 entries, 35 MB/s");
});

/** A stream that keeps what it is given, and a clock. */
function screen(): { written: () => string; stream: { columns: number; write: (text: unknown) => boolean }; pass: (seconds: number) => void; now: () => number } {
  let [text, time] = ["", 0];
  return { written: () => text, stream: { columns: 80, write: (more) => { text += String(more); return true; } }, pass: (seconds) => { time += seconds * 1000; }, now: () => time };
}

test("what is said meanwhile stands above the line, which is drawn again", (t) => {
  const { stream, written, now } = screen();
  const display = makeProgressDisplay("bar", stream, {}, now);
  display.around(() => stream.write("before\n"));
  display.onProgress?.(base);
  display.around(() => stream.write("said\n"));
  display.stop();
  display.around(() => stream.write("after\n"));
  const lines = written().split("\n").map((line) => line.split("\r").filter((part) => part !== "" && part !== "\x1b[K").at(-1));
  t.is(lines[0], "before");
  t.regex(lines[1] ?? "", /said$/);
  t.regex(lines[2] ?? "", /after$/);
  const erased = "\r\u001b[K";
  t.true(written().endsWith(`${erased}after\n`) && written().includes(`${erased}said\n\rverifying `), written());
});

test("in a file there is a line each half minute, and none of what is shorter", (t) => {
  const { stream, written, pass, now } = screen();
  const display = makeProgressDisplay("plain", stream, steps, now);
  for (let second = 0; second < 95; second++) {
    display.onProgress?.({ ...base, bytes: second });
    pass(1);
  }
  const lines = written().trimEnd().split("\n");
  t.is(lines.length, 3);
  t.true(lines.every((line) => line.startsWith("verifying: ")));
});

test("progress is drawn on a terminal only, and by one end of a pipe", (t) => {
  const terminal = { choice: undefined, quiet: false, json: false, terminal: true, feedsPipe: false };
  t.is(progressStyle(terminal), "bar");
  t.is(progressStyle({ ...terminal, terminal: false }), "plain");
  t.is(progressStyle({ ...terminal, terminal: false, choice: "always" }), "plain");
  t.is(progressStyle({ ...terminal, choice: "plain" }), "plain");
  t.is(progressStyle({ ...terminal, terminal: false, quiet: true }), "none");
  t.is(progressStyle({ ...terminal, quiet: true }), "none");
  t.is(progressStyle({ ...terminal, json: true }), "none");
  t.is(progressStyle({ ...terminal, feedsPipe: true }), "none");
  t.is(progressStyle({ ...terminal, feedsPipe: true, choice: "always" }), "bar");
  t.is(progressStyle({ ...terminal, choice: "never" }), "none");
  t.is(progressStyle({ ...terminal, terminal: false, quiet: true, choice: "json" }), "json");
});
