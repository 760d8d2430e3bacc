/** A graph that can't be looked at is no part of a report, and not told by halves. */
import test from "ava";
import { GraphLook } from "#src/operations/report/graph.js";
import type { StatsResult } from "#src/operations/stats/results.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { blockOf, graphOf } from "../graph/support.js";

const STATS = { path: null, dump: null } as unknown as StatsResult;
const WHOLE = blockOf(graphOf(5, [[0, 1], [1, 2]]));
const REFUSED = Buffer.of(0xc1);

test("a graph of which some could not be taken in is told by a warning alone, first, last or between", async (t) => {
  for (const blocks of [[REFUSED], [REFUSED, WHOLE], [WHOLE, REFUSED], [WHOLE, REFUSED, WHOLE]]) {
    await using look = new GraphLook(undefined, undefined);
    for (const block of blocks) await look.add(block);
    const warnings = ["one before"];
    t.is(await look.found(STATS, { values: false }, warnings), null);
    t.is(warnings.length, 2);
    t.regex(warnings[1] ?? "", /^the graph in it was not looked at: the key or value at byte 0 of the block is not a whole bin$/);
  }
  await using sound = new GraphLook(undefined, undefined);
  await sound.add(WHOLE);
  const warnings: string[] = [];
  t.like(await sound.found(STATS, { values: false }, warnings), { report: { nodes: 5, edges: 2, problems: 0 }, near: null });
  t.deepEqual(warnings, []);
});

test("where a graph was asked for, what fails is an error", async (t) => {
  await using look = new GraphLook(MAYA_LAYOUT, undefined);
  await look.add(WHOLE);
  await t.throwsAsync(look.add(REFUSED), { message: /is not a whole bin/ });
});
