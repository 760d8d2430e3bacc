/** All dumps of the format's vectors, most of them hostile, without addons: what is counted, and how it is refused, is what it is with them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { graphOf } from "#src/operations/relations/graph.js";
import { statsOf } from "#src/operations/stats/stats.js";

const VECTORS = join("format-spec", "vectors");
const dumps = ["valid", "invalid"].flatMap((folder) => readdirSync(join(VECTORS, folder)).filter((name) => name.endsWith(".kgd")).map((name) => join(VECTORS, folder, name)));

/** What a call gave, but for the time that it took, or how it was refused. Why zstd does so is said by another library. */
async function outcome(call: () => Promise<object>): Promise<string> {
  return inspect(await result(call), { depth: null, maxArrayLength: null, breakLength: Infinity }).replaceAll(/message: .(.*the zstd data is damaged: ).*/g, "message: $1…");
}

async function result(call: () => Promise<object>): Promise<object> {
  try {
    return { ...(await call()), seconds: 0 };
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code === "INTERNAL") throw error;
    return { code: error.code, message: error.message, offset: error.offset };
  }
}

async function withoutAddons(call: () => Promise<string>): Promise<string> {
  process.env.KGDUMP_ADDON = "none";
  try {
    return await call();
  } finally {
    delete process.env.KGDUMP_ADDON;
  }
}

test.serial("each dump", async (t) => {
  t.timeout(10 * 60_000);
  t.true(dumps.length > 100);
  for (const input of dumps) {
    for (const call of [() => statsOf({ input, schema: true, samples: 3, seed: 7, grep: "[a-f0]" }), () => graphOf({ input })]) {
      const run = (): Promise<string> => outcome(call);
      t.is(await withoutAddons(run), await run(), input);
    }
  }
});
