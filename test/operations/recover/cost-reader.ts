/** A process that recovers a file and tells how that ended and its greatest memory: `node recover-cost-reader.js FILE`. */
import { KgdumpError } from "#src/errors.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { peakMemory } from "../../support/memory.js";

const [input = ""] = process.argv.slice(2);
let end: { code: string; offset: number | null } = { code: "recovered", offset: null };
try {
  await recoverDump({ input });
} catch (error) {
  end = error instanceof KgdumpError ? { code: error.code, offset: error.offset ?? null } : { code: String(error), offset: null };
}
process.stdout.write(JSON.stringify({ ...end, memory: peakMemory() }));
