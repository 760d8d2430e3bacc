/**
 * Simulations that once came out wrong, each of a kind of its own: a key that was changed at the end of a table or in front of removals, a log that another
 * one without entries stands in the place of, an ingested table that MANIFEST does not know, a family that was dropped, transactions that are written before they are committed, OPTIONS that are
 * missing after a flush that left nothing, a MANIFEST that is begun again and again, a write of many entries with one number, a file that was used before, a flush
 * that MANIFEST lost before a table was ingested, a log that MANIFEST has let go and that holds what another one did.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Maker } from "../maker/run.js";
import { Exporter } from "./exporter.js";
import { simulate, SIMULATION_DIRECTORY } from "./simulation.js";

const KNOWN = { 70_001: { 3524: "refused", 4220: "refused", 6354: "refused", 5289: "refused", 7085: "refused", 8217: "refused", 3693: "told", 8043: "told", 8372: "whole", 4850: "refused", 513: "refused" }, 80_001: { 1436: "whole", 2211: "unseen" }, 90_001: { 1360: "refused", 1886: "whole" }, 100_001: { 1269: "whole", 1278: "whole", 1977: "told", 7198: "whole" }, 110_001: { 1285: "whole" }, 120_001: { 5448: "whole", 6983: "whole" }, 20_281_131: { 5020: "told", 3533: "whole" }, 20_281_133: { 4297: "refused", 6774: "whole" }, 20_281_129: { 6239: "told" } } as const;

test("what came out wrong once comes out right", async (t) => {
  t.timeout(10 * 60_000);
  const directory = await mkdtemp(join(SIMULATION_DIRECTORY, "kgdump-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const exporter = new Exporter();
  t.teardown(() => exporter.close());
  await using maker = new Maker();
  for (const [seed, turns] of Object.entries(KNOWN)) {
    for (const [turn, outcome] of Object.entries(turns)) {
      const simulated = await simulate({ maker, exporter, directory }, Number(seed), Number(turn));
      t.like(simulated, { wrong: null, outcome }, turn);
    }
  }
});
