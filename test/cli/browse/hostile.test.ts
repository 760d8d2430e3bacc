/** Whatever is wrong with a dump or a store, the browser gets rows of it, or an error with a code; and nothing changes. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openDumpRows } from "#src/cli/browse/rows/dump-rows.js";
import type { Row, Rows } from "#src/cli/browse/rows/rows.js";
import { openStoreRows } from "#src/cli/browse/rows/store-rows.js";
import { KgdumpError } from "#src/errors.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { treeDigest } from "../../faults/watchdog.js";
import { mutated, randomBy } from "../../format-spec/mutate.js";
import { Maker } from "../../maker/run.js";
import { makeVictim } from "../../simulator/simulation.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { GRAPH, sampleDump } from "../support/dumps.js";

const DUMPS = Number(process.env.KGDUMP_BROWSED ?? 400);
const STORES = Number(process.env.KGDUMP_BROWSED ?? 6);
const NONE = new Uint8Array(0);

/** Looks at all that a user may look at; how it ended. */
async function lookAround(open: () => Promise<Rows>): Promise<string> {
  try {
    await using rows = await open();
    for (const keyspace of rows.keyspaces.keys()) {
      const { prefixes } = await rows.prefixes({ keyspace, prefix: NONE });
      const list: Row[] = [];
      for (const prefix of [NONE, ...prefixes.slice(0, 3).map((one) => one.prefix)]) {
        for (const back of [false, true]) {
          const page = await rows.page({ keyspace, prefix, key: undefined, back, limit: 50 });
          const [middle] = page.slice(page.length >> 1);
          list.push(...page, ...(await rows.page({ keyspace, prefix, key: middle?.key, back: !back, limit: 50 })));
        }
      }
      for (const { key } of list.slice(0, 5)) {
        await rows.value(keyspace, key);
        await rows.neighbours(key).catch((error: unknown) => { if (!(error instanceof KgdumpError) || error.code === "INTERNAL") throw error; });
      }
      for await (const _ of rows.matches({ keyspace, prefix: NONE, pattern: "a", signal: new AbortController().signal, onLooked: () => undefined }));
    }
    return "shown";
  } catch (error) {
    return error instanceof KgdumpError && error.code !== "INTERNAL" ? error.code : `WRONG: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

test("of dumps that were changed, with right checksums", async (t) => {
  t.timeout(60 * 60_000);
  const random = randomBy(loggedSeed(t));
  const directory = await temporaryDirectory(t);
  const samples = [await sampleDump(GRAPH), await sampleDump(GRAPH, { codec: "none", entriesPerBlock: 1 })];
  const ends = new Map<string, number>();
  for (let turn = 0; turn < DUMPS; turn += 1) {
    const path = join(directory, "x.kgd");
    await writeFile(path, mutated(samples, random));
    const end = await lookAround(() => openDumpRows({ path, layout: MAYA_LAYOUT }));
    t.notRegex(end, /^WRONG/, `number ${turn.toString()}`);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  t.log(Object.fromEntries(ends));
  t.true((ends.get("shown") ?? 0) > 0 && ends.size > 3);
});

test("of stores in which something was damaged", async (t) => {
  t.timeout(60 * 60_000);
  const seed = loggedSeed(t);
  await using maker = new Maker();
  for (let turn = 0; turn < STORES; turn += 1) {
    const home = await temporaryDirectory(t);
    const { store, done } = await makeVictim(maker, home, seed, turn);
    const before = await treeDigest(home);
    t.notRegex(await lookAround(() => openStoreRows({ path: store, layout: MAYA_LAYOUT, onWarning: () => undefined })), /^WRONG/, `store ${turn.toString()}: ${done.what}`);
    t.is(await treeDigest(home), before);
  }
});
