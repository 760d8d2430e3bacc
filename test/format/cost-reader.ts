/** A process that reads dumps of a folder, one after the other, and tells its memory: `node cost-reader.js SOUND HOSTILE…`. */
import { readFileSync } from "node:fs";
import { loadCodec } from "#src/codecs/index.js";
import { readDump } from "#src/format/index.js";
import { peakMemory } from "../support/memory.js";

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function code(bytes: Uint8Array): Promise<string> {
  try {
    for await (const _ of readDump(chunks(bytes), { loadCodec }));
    return "sound";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

const [sound = "", ...hostile] = process.argv.slice(2);
for (let round = 0; round < 20; round += 1) await code(readFileSync(sound));
const inputs = hostile.map((path) => readFileSync(path));
const before = peakMemory();
const results: { code: string; milliseconds: number; memory: number }[] = [];
for (const input of inputs) {
  const start = process.cpuUsage();
  const ended = await code(input);
  const { user, system } = process.cpuUsage(start);
  // The greatest memory so far, in KiB: it never falls, so that each costs no more than the last figure says.
  results.push({ code: ended, milliseconds: (user + system) / 1000, memory: peakMemory() - before });
}
process.stdout.write(JSON.stringify(results));
