// @ts-check
import { readFile } from "node:fs/promises";
import test from "ava";
import { parseOptions } from "../../bench/options.mjs";
import { comparisonTables, targetTable, times } from "../../bench/report.mjs";
import { median, spread } from "../../bench/stats.mjs";
import { evaluateTargets, ratio } from "../../bench/targets.mjs";

test("the median is the one in the middle, or between the two there", (t) => {
  t.is(median([3]), 3);
  t.is(median([9, 1, 5]), 5);
  t.is(median([4, 1, 10, 2]), 3);
  t.true(Number.isNaN(median([])));
  t.deepEqual(spread([2, 8, 3]), { median: 3, min: 2, max: 8 });
});

/**
 * @param {string} name
 * @param {number} seconds
 * @param {{ diskBytes?: number, peakBytes?: number, records?: number, step?: number }} [more]
 */
function result(name, seconds, { diskBytes = 0, peakBytes = 0, records = 100, step = 1 } = {}) {
  const same = (/** @type {number} */ value) => ({ median: value, min: value, max: value });
  return {
    name, part: "import", kind: "peer", title: `${name} | x`, about: "", command: "", records, step, diskBytes, runs: [],
    seconds: same(seconds), cpuSeconds: same(seconds), peakBytes: same(peakBytes),
  };
}

test("targets are met, not met, or not measured", (t) => {
  const results = [result("db-import", 10, { diskBytes: 100 }), result("insert", 6.9), result("load", 1), result("import", 2, { diskBytes: 60, peakBytes: 364 * 1024 * 1024 })];
  const found = Object.fromEntries(evaluateTargets(results, []).map(({ what, value, met }) => [what, [value, met]]));
  t.deepEqual(found["import, load only, faster than Db::import"], [10, true]);
  t.deepEqual(found["import, load only, faster than insert"], [6.9, false]);
  t.deepEqual(found["size of the store on disk, against Db::import's"], [0.6, true]);
  t.deepEqual(found["export with lz4, faster than the Python script"], [null, null]);
  t.deepEqual(found["peak memory of an import (300 MiB and sled's cache of 64 MiB)"], [364, true]);
  t.is(ratio(null, 1), null);
});

test("growth is judged by the command that grows most, for each record", (t) => {
  const growth = [
    result("export-lz4", 1, { records: 100, peakBytes: 100 }),
    result("export-lz4", 16, { records: 1600, step: 16, peakBytes: 160 }),
    result("import", 1, { records: 100, peakBytes: 100 }),
    result("import", 20, { records: 1600, step: 16, peakBytes: 200 }),
  ];
  const found = evaluateTargets([], growth).filter(({ what }) => what.includes("1x to 16x"));
  t.deepEqual(found.map(({ value, met }) => [value, met]), [[1.25, false], [0.125, true]]);
});

test("tables are of Markdown, and nothing in a cell ends it", (t) => {
  const lines = comparisonTables([result("import", 2), result("db-import", 30)]).trimEnd().split("\n");
  t.is(lines.length, 4);
  t.is(new Set(lines.map((line) => line.length)).size, 1);
  for (const line of lines) t.is(line.replaceAll("\\|", "").split("|").length, 11);
  t.regex(lines[3] ?? "", /30\.0 s .* 15\.0x /);
  t.regex(targetTable(evaluateTargets([], [])), /^17 of 17 targets were not measured/);
  t.regex(targetTable(evaluateTargets([result("db-import", 9), result("load", 1)], [])), / 10\.0x \| +9\.00x \| NOT MET \|\n\n16 of 17/);
  t.deepEqual([0.05, 0.25, 4, 14.84, 400].map(times), ["0.050x", "0.25x", "4.00x", "14.8x", "400x"]);
});

test("options that can't be meant are refused, and a part of a run replaces nothing", (t) => {
  t.is(parseOptions(["--records", "250K"]).records, 250_000);
  t.regex(parseOptions([]).out ?? "", /latest\.json$/);
  t.is(parseOptions(["--only", "export"]).out, undefined);
  t.is(parseOptions(["--only", "export"]).charts, undefined);
  for (const wrong of [["--rounds", "0"], ["--rounds", "x"], ["--only", "nobody"], ["--records", "many"], ["--growth", "--only", "peer"], ["--unknown"]]) {
    t.throws(() => parseOptions(wrong), { name: "SetupError" }, wrong.join(" "));
  }
});

test("what the documents say of an import's memory is what was measured", async (t) => {
  const { growth } = JSON.parse(await readFile("bench/results/latest.json", "utf8"));
  /** @type {{ records: number, peakBytes: { median: number } }[]} */
  const imports = growth.results.filter((/** @type {{ name: string }} */ { name }) => name === "import");
  const [least, most] = [imports.at(0), imports.at(-1)];
  if (least === undefined || most === undefined) return t.fail();
  const each = Math.round((most.peakBytes.median - least.peakBytes.median) / (most.records - least.records));
  const said = [];
  for (const path of ["README.md", "docs/guide.md", "docs/limits.md", "docs/figures.md"]) {
    const text = await readFile(path, "utf8");
    for (const [, bytes] of text.matchAll(/some (\d+) bytes for each record/g)) said.push([path, Number(bytes)]);
    for (const [, mebibytes] of text.matchAll(/(\d+) MiB for 16 million records/g)) t.is(Number(mebibytes), Math.round(most.peakBytes.median / 2 ** 20), path);
  }
  t.deepEqual(said, [["docs/guide.md", each], ["docs/limits.md", each]]);
});
