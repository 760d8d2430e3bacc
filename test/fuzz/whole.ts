/** Giving a hostile dump to all that reads dumps, and what must hold then. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KgdumpError } from "#src/errors.js";
import { type BlockInfo, type DumpEvent, DumpFile, type DumpHeader, DumpWriter, iterateEntries, readDump } from "#src/format/index.js";
import { getEntry, listEntries } from "#src/operations/inspect/entries.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import type { Random } from "./random.js";
import { loadedCodec, loadedPlainCodec } from "./seeds.js";
import { Finding } from "./finding.js";
import { codeOfError, LIMITS } from "./targets.js";

async function* inChunks(input: Uint8Array, random: Random): AsyncGenerator<Uint8Array> {
  const most = random.once(8) ? 200 : input.length + 1;
  for (let at = 0; at < input.length;) {
    const end = most > input.length ? most : at + 1 + random.below(most);
    yield input.subarray(at, end);
    at = end;
  }
}

/** Whether an error has its place, as each of the format must. */
function checkPlace(error: KgdumpError, input: Uint8Array): void {
  if (error.offset === undefined || error.offset < 0 || error.offset > input.length) throw new Finding(`${error.code} says it is at byte ${String(error.offset)} of ${String(input.length)}: ${error.message}`);
  if (["DUMP_BLOCK_DAMAGED", "DUMP_ENTRIES_MALFORMED"].includes(error.code) && error.block === undefined) throw new Finding(`${error.code} does not say in which block`);
}

/** What reading front to back gave. */
interface Read {
  readonly events: DumpEvent[];
  readonly code: string;
}

async function read(input: Uint8Array, random: Random): Promise<Read> {
  const events: DumpEvent[] = [];
  const used = random.once(2) ? loadedCodec : loadedPlainCodec;
  try {
    for await (const event of readDump(inChunks(input, random), { loadCodec: used, limits: LIMITS, decodeAhead: 1 + random.below(3) })) events.push(event);
    return { events, code: "sound" };
  } catch (error) {
    const code = codeOfError(error);
    if (error instanceof KgdumpError) checkPlace(error, input);
    return { events, code };
  }
}

/** The streaming reader: what it takes for sound is what the writer makes of the same content, and the index says the same. */
export async function readStream(input: Uint8Array, random: Random): Promise<string> {
  const { events, code } = await read(input, random);
  if (code !== "sound") {
    if (random.once(20)) await sameAgain(input, random, code, events.length);
    return code;
  }
  const [header, footer] = [events[0], events.at(-1)];
  if (header?.type !== "header" || footer?.type !== "footer" || footer.bytes !== input.length) throw new Finding("a sound dump has no header, or no footer at its end");
  const again = writeAgain(header.header, events);
  const said = footer.footer.keyspaces.map(({ digest, entries, keyBytes, valueBytes, rawBytes }) => [Buffer.from(digest).toString("hex"), entries, keyBytes, valueBytes, rawBytes]);
  const real = again.map(({ digest, entries, keyBytes, valueBytes, rawBytes }) => [Buffer.from(digest).toString("hex"), entries, keyBytes, valueBytes, rawBytes]);
  if (JSON.stringify(said) !== JSON.stringify(real)) throw new Finding("a sound dump that is written again has other digests or sums");
  const looked = await lookUp(input, random);
  if (looked.code !== "sound") throw new Finding(`a dump is sound, but its index is ${looked.code}`);
  const blocks = events.flatMap((event) => (event.type === "block" ? [event.raw ?? new Uint8Array(0)] : []));
  if (looked.raws.length !== blocks.length || looked.raws.some((raw, place) => Buffer.compare(raw, blocks[place] ?? raw) !== 0)) throw new Finding("the index leads to other blocks than reading front to back");
  return code;
}

async function sameAgain(input: Uint8Array, random: Random, code: string, released: number): Promise<void> {
  const second = await read(input, random);
  if (second.code !== code || second.events.length !== released) throw new Finding(`read in other chunks, ${code} after ${String(released)} events is ${second.code} after ${String(second.events.length)}`);
}

function writeAgain(header: DumpHeader, events: readonly DumpEvent[]): DumpWriter["totals"] {
  const writer = new DumpWriter(header);
  writer.start();
  for (const event of events) {
    if (event.type === "keyspace-start") writer.startKeyspace(event.keyspace);
    else if (event.type === "keyspace-end") writer.endKeyspace(event.totals.result);
    else if (event.type === "gap") writer.gap(event.gap);
    else if (event.type === "block" && event.raw !== null) {
      const { raw, block } = event;
      const sums = { keyBytes: 0, valueBytes: 0 };
      for (const { key, value } of iterateEntries(raw)) {
        sums.keyBytes += key.length;
        sums.valueBytes += value?.length ?? 0;
      }
      writer.block({ ...sums, entries: block.entries, firstKey: block.firstKey, lastKey: block.lastKey, raw, codec: "none", data: raw });
    }
  }
  writer.finish();
  return writer.totals;
}

interface LookedUp {
  readonly code: string;
  readonly raws: Uint8Array[];
}

/** Opens a dump for random access and reads all that its index lists. */
async function lookUp(input: Uint8Array, random: Random): Promise<LookedUp> {
  const raws: Uint8Array[] = [];
  const access = {
    size: input.length,
    read: async (offset: number, length: number) => {
      if (offset < 0 || offset + length > input.length) throw new Finding(`${String(length)} bytes at ${String(offset)} of ${String(input.length)} are asked for`);
      return input.subarray(offset, offset + length);
    },
  };
  try {
    const file = await DumpFile.open(access, { loadCodec: random.once(2) ? loadedCodec : loadedPlainCodec, limits: LIMITS });
    const blocks: BlockInfo[] = [];
    for await (const block of file.blocks()) blocks.push(block);
    if (blocks.length * 45 > input.length) throw new Finding(`${String(blocks.length)} blocks in ${String(input.length)} bytes`);
    for (const block of blocks) raws.push(await file.readBlock(block));
    for (const [keyspace] of file.header.keyspaces.entries()) {
      const keys = blocks.filter((block) => block.keyspace === keyspace).flatMap(({ firstKey, lastKey }) => [firstKey, lastKey]);
      for (const key of keys) if ((await file.get(keyspace, key)) === undefined) throw new Finding("a key that the index has is not found");
      await file.get(keyspace, random.bytes(random.below(3)));
    }
    return { code: "sound", raws };
  } catch (error) {
    const code = codeOfError(error);
    if (error instanceof KgdumpError) checkPlace(error, input);
    return { code, raws };
  }
}

/** The reader of the index. */
export async function readFile(input: Uint8Array, random: Random): Promise<string> {
  return (await lookUp(input, random)).code;
}

let folder: string | undefined;

function temporaryFile(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "kgdump-fuzz-"));
    process.on("exit", () => {
      rmSync(made, { recursive: true, force: true });
    });
    folder = made;
  }
  return join(folder, `${String(++files % 512)}.kgd`);
}
let files = 0;

/** Inspect: its summary, entries and look-up, of a stream and sometimes of a file. */
export async function summarize(input: Uint8Array, random: Random): Promise<string> {
  const path = random.once(16) ? temporaryFile() : undefined;
  if (path !== undefined) writeFileSync(path, input);
  const source = path ?? inChunks(input, random);
  try {
    const summary = await inspectDump({ input: source, maxBlockSize: LIMITS.rawBlock });
    if (path === undefined) return summary.problem?.code ?? "sound";
    for await (const _ of listEntries({ input: path, maxBlockSize: LIMITS.rawBlock, limit: 1000 }));
    await getEntry({ input: path, key: random.bytes(1), maxBlockSize: LIMITS.rawBlock });
    return summary.problem?.code ?? "sound";
  } catch (error) {
    return codeOfError(error);
  }
}

/** Recover: what it writes is sound; of a sound dump it writes all, and says that nothing is lost. */
export async function recover(input: Uint8Array, random: Random): Promise<string> {
  const path = temporaryFile();
  writeFileSync(path, input);
  // Writing syncs the disk, which takes most of the time.
  const output = random.once(8) ? `${path}.new` : undefined;
  const before = await read(input, random);
  let lost: boolean;
  try {
    ({ lost } = await recoverDump({ input: path, output, force: true, maxBlockSize: LIMITS.rawBlock }));
  } catch (error) {
    if (before.code === "sound") throw new Finding(`a sound dump is not recovered: ${String(error)}`);
    return codeOfError(error);
  }
  const whole = before.code === "sound" && before.events.every(({ type }) => type !== "gap");
  if (whole && lost) throw new Finding("of a sound dump something is said to be lost");
  if (output === undefined) return lost ? "lost" : "sound";
  const after = await read(readFileSync(output), random);
  if (after.code !== "sound") throw new Finding(`what was recovered is ${after.code}`);
  if (before.code === "sound" && digestsOf(before.events) !== digestsOf(after.events)) throw new Finding("a sound dump is other entries when it was recovered");
  return lost ? "lost" : "sound";
}

function digestsOf(events: readonly DumpEvent[]): string {
  return events.map((event) => (event.type === "keyspace-end" ? Buffer.from(event.totals.digest).toString("hex") : "")).join();
}
