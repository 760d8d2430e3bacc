/** What is said of a salvaged dump: how many entries are missing where that is known, and no number where it is not. */
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { addMissing, missingText, requireNoGaps, salvagedWarnings } from "#src/operations/dump/salvaged.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { graphOf } from "#src/operations/relations/graph.js";
import { gatherReport } from "#src/operations/report/gather.js";
import { statsOf, type StatsOptions } from "#src/operations/stats/stats.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a sum of which a part is not known is not known", (t) => {
  t.is(addMissing(3, 4), 7);
  t.is(addMissing(null, 4), null);
  t.is(addMissing(3, null), null);
});

test("places and entries are told as they are", (t) => {
  t.is(missingText({ gaps: 1, entries: 3574 }), "3,574 entries are missing in one place");
  t.is(missingText({ gaps: 2, entries: 1 }), "1 entry is missing in 2 places");
  t.is(missingText({ gaps: 2, entries: null }), "entries are missing in 2 places");
});

test("a dump without gaps is no less than a whole one; with gaps it is", (t) => {
  t.notThrows(() => { requireNoGaps({ gaps: 0, entries: 0 }, "/store"); });
  t.throws(() => { requireNoGaps({ gaps: 1, entries: null }, "/store"); }, { code: "RECOVERY_INCOMPLETE" });
  t.deepEqual(salvagedWarnings({ salvaged: null }, { gaps: 0, entries: 0 }), []);
  t.regex(salvagedWarnings({ salvaged: { dumpId: null } }, { gaps: 0, entries: 0 })[0] ?? "", /no entry is known to be missing/);
});

test("of a salvaged dump only the gaps of what is asked for are missing", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 500), damaged: numbered("damaged", 1500), sound: numbered("s", 500) });
  const [dump, saved] = [join(directory, "dump.kgd"), join(directory, "saved.kgd")];
  await exportStore({ store, output: dump, codec: "none", blockSize: 4096 });
  const bytes = await readFile(dump);
  bytes.write("D", bytes.indexOf("damaged0000700"));
  await writeFile(dump, bytes);
  t.like(await recoverDump({ input: dump, output: saved }), { gaps: 1 });
  let made = 0;
  for (const make of [importDump, restoreDump]) {
    for (const [options, gaps] of [[{}, 1], [{ keyspaces: ["damaged"] }, 1], [{ keyspaces: ["sound", "default"] }, 0], [{ excludeKeyspaces: ["damaged"] }, 0], [{ excludeKeyspaces: ["sound"] }, 1]] as const) {
      const { missing, warnings } = await make({ target: join(directory, String((made += 1))), input: saved, ...options });
      t.is(missing.gaps, gaps, JSON.stringify(options));
      t.is((missing.entries ?? 0) > 0, gaps > 0, JSON.stringify(options));
      t.true(warnings.some((warning) => warning.includes("salvaged")), "what it is of is told all the same");
    }
  }
});

test("whoever looks at a salvaged dump is told that entries are missing, from a path and from a pipe; of a whole one nothing is said", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 500), damaged: numbered("damaged", 1500) });
  const [dump, spoilt, saved] = [join(directory, "dump.kgd"), join(directory, "spoilt.kgd"), join(directory, "saved.kgd")];
  await exportStore({ store, output: dump, codec: "none", blockSize: 4096 });
  const bytes = await readFile(dump);
  bytes.write("D", bytes.indexOf("damaged0000700"));
  await writeFile(spoilt, bytes);
  await recoverDump({ input: spoilt, output: saved });
  const looks = { stats: statsOf, graph: graphOf, report: async (options: StatsOptions) => (await gatherReport(options)).stats };
  for (const [what, look] of Object.entries(looks)) {
    for (const input of [saved, createReadStream(saved)]) {
      const { warnings } = await look({ input });
      t.is(warnings.length, 1, what);
      t.regex(warnings[0] ?? "", /^the dump was salvaged from the damaged dump [0-9a-f-]{36}; \d+ entries are missing in one place: kgdump inspect --gaps/, what);
    }
    t.deepEqual((await look({ input: dump })).warnings, [], what);
  }
});
