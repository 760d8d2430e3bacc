/** A process that counts what is in a store, and tells it with its greatest memory: `node cost-reader.js STORE`. */
import type { PrefixStats } from "#src/operations/stats/results.js";
import { statsOf } from "#src/operations/stats/stats.js";
import { peakMemory } from "../../support/memory.js";

const nodes = (prefix: PrefixStats): number => 1 + prefix.below.reduce((sum, below) => sum + nodes(below), 0);

const [input = ""] = process.argv.slice(2);
const before = peakMemory();
const { keyspaces: [found] } = await statsOf({ input });
process.stdout.write(JSON.stringify({ memory: peakMemory() - before, entries: found?.prefixes.entries, nodes: found === undefined ? 0 : nodes(found.prefixes) }));
