import test from "ava";
import fc from "../../support/properties.js";
import { FigureTracker } from "#src/operations/run/figures.js";
import { plainLine, progressLine } from "#src/cli/terminal/progress-line.js";
import type { Progress } from "#src/operations/run/progress.js";

const base: Progress = {
  phase: "export",
  entries: 0,
  bytes: 0,
  dumpBytes: 0,
  totalEntries: null,
  totalBytes: null,
  keyspace: null,
};

test("the share comes from bytes, else from entries, else there is none", (t) => {
  const tracker = new FigureTracker(() => 0);
  t.is(tracker.update({ ...base, bytes: 50, totalBytes: 200, entries: 9, totalEntries: 10 }).share, 0.25);
  t.is(tracker.update({ ...base, entries: 5, totalEntries: 10 }).share, 0.5);
  t.is(tracker.update({ ...base, entries: 5 }).share, null);
});

test("a steady job has a steady rate and the right time left", (t) => {
  let now = 0;
  const tracker = new FigureTracker(() => now);
  let figures = tracker.update({ ...base, totalBytes: 100_000 });
  t.is(figures.rate, null);
  t.is(figures.secondsLeft, null);
  for (let second = 1; second <= 20; second++) {
    now = second * 1000;
    figures = tracker.update({ ...base, bytes: second * 1000, totalBytes: 100_000 });
  }
  t.is(Math.round(figures.rate ?? 0), 1000);
  t.is(Math.round(figures.secondsLeft ?? 0), 80);
});

test("what is left is told from the first second on", (t) => {
  let now = 0;
  const tracker = new FigureTracker(() => now);
  const left = (at: number): number | null => {
    now = at;
    return tracker.update({ ...base, bytes: at, totalBytes: 10_000 }).secondsLeft;
  };
  t.deepEqual([left(0), left(500), left(999)], [null, null, null]);
  t.is(left(1000), 9);
});

test("a new phase starts afresh", (t) => {
  let now = 0;
  const tracker = new FigureTracker(() => now);
  tracker.update({ ...base, phase: "load" });
  now = 5000;
  tracker.update({ ...base, phase: "load", bytes: 5000 });
  const figures = tracker.update({ ...base, phase: "verify", bytes: 0 });
  t.is(figures.rate, null);
  t.is(figures.seconds, 0);
});

test("whatever is reported, no share above 99 %, no negative time or rate", (t) => {
  const report = fc.record({
    step: fc.integer({ min: 0, max: 100_000 }),
    bytes: fc.nat(),
    entries: fc.nat(),
    totalBytes: fc.option(fc.nat()),
    totalEntries: fc.option(fc.nat()),
    phase: fc.constantFrom("load" as const, "verify" as const),
  });
  fc.assert(
    fc.property(fc.array(report), (reports) => {
      let now = 0;
      const tracker = new FigureTracker(() => now);
      return reports.every(({ step, ...progress }) => {
        now += step;
        const figures = tracker.update({ ...base, ...progress });
        const texts = [plainLine(figures, {}), progressLine(figures, {}, 79)];
        return (
          (figures.share === null || (figures.share >= 0 && figures.share <= 0.99)) &&
          (figures.secondsLeft === null || figures.secondsLeft >= 0) &&
          (figures.rate === null || figures.rate >= 0) &&
          texts.every((text) => !/-\d|NaN|Infinity/.test(text))
        );
      });
    }),
  );
  t.pass();
});
