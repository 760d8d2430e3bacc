import test from "ava";
import { type Progress, ProgressMeter } from "#src/operations/run/progress.js";

test("a meter reports sums, seldom, and always at the end", (t) => {
  const reports: Progress[] = [];
  const meter = new ProgressMeter("export", (progress) => reports.push(progress), { entries: 10_000, bytes: null });
  meter.enter(Buffer.from("nodes"));
  for (let i = 0; i < 10_000; i += 1) meter.add(1, 10, 3);
  meter.end();
  t.true(reports.length < 1_000);
  t.deepEqual(reports.at(-1), {
    phase: "export",
    entries: 10_000,
    bytes: 100_000,
    dumpBytes: 30_000,
    totalEntries: 10_000,
    totalBytes: null,
    keyspace: Buffer.from("nodes"),
  });
});
