/**
 * Recover: what is sound of a damaged dump becomes a new dump, with a gap wherever something may be missing.
 *
 * The damaged file is only read: once for its frames, once for what they hold, and once more to copy the sound blocks as
 * they are stored. The new dump is read back whole before it gets its name.
 */
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { type DumpHeader, DumpWriter, type RandomAccess, type Salvage, salvagedBlocks, surveyDump } from "../../format/index.js";
import { PRODUCER } from "../../version.js";
import { nameIsTaken } from "../disk/names.js";
import { loadCodec } from "../dump/codecs.js";
import { type DumpInput, dumpPath, openInputFile } from "../dump/input.js";
import { randomAccess } from "../dump/random-access.js";
import { isDumpError } from "../dump/read.js";
import { spool } from "../dump/spool.js";
import { nameText } from "../entries/keyspaces.js";
import type { DumpOutput } from "../output/dump-output.js";
import { outputExists } from "../output/output-file.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";
import { writeAndReadBack } from "./read-back.js";
import { reportOf, type RecoverReport } from "./report.js";

export type { RecoveredGap, RecoveredKeyspace, RecoverReport } from "./report.js";

/** What `recoverDump` does. */
export interface RecoverOptions extends WithProgress {
  /** The damaged dump: the path of a regular file, or a stream, which is kept in a temporary file meanwhile. */
  readonly input: DumpInput;
  /** Path of the new dump; without it nothing is written, and the result tells what would be. */
  readonly output?: string | undefined;
  /** Replace an output file that exists; default false. */
  readonly force?: boolean | undefined;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  /** Id of the new dump, a UUID; default random. */
  readonly dumpId?: string | undefined;
}

/** What was recovered. */
export interface RecoverResult extends RecoverReport {
  /** Absolute path of the damaged dump, null for a stream, and its bytes. */
  readonly input: string | null;
  readonly inputBytes: number;
  /** Absolute path, id and bytes of the new dump; null when none was to be written. */
  readonly output: string | null;
  readonly dumpId: string | null;
  readonly outputBytes: number | null;
  readonly seconds: number;
}

/**
 * Recovers a dump. One that is sound is copied too, and the result says so.
 * @returns also when something is lost; `lost` then is true
 * @throws {KgdumpError} DUMP_* when nothing of it can be recovered, OUTPUT_EXISTS, USAGE when the input is no regular file or would
 * be replaced, NO_SPACE, …; nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function recoverDump(options: RecoverOptions): Promise<RecoverResult> {
  const started = performance.now();
  const input = typeof options.input === "string" ? dumpPath(options.input) : null;
  const output = options.output === undefined ? null : resolve(options.output);
  await using file = input === null ? await spool(options.input, options.signal) : await openInputFile(input);
  if (input !== null && file.size === null) {
    throw new KgdumpError("USAGE", `${input} is not a regular file, and recovering reads it several times`, { path: input, hint: "save it to a file first" });
  }
  if (output !== null) await checkOutput(input, output, options.force === true);
  const access = randomAccess(file, input ?? "the stream");
  try {
    const salvage = await survey(access, options);
    const report = reportOf(salvage);
    if (report.lost && report.blocks === 0) throw nothingLeft(report);
    const written = output === null ? null : await write(access, salvage, output, options);
    const seconds = (performance.now() - started) / 1000;
    return { ...report, input, inputBytes: access.size, output, dumpId: written?.dumpId ?? null, outputBytes: written?.bytes ?? null, seconds };
  } catch (error) {
    if (isDumpError(error) && input !== null) throw error.withPath(input);
    throw error;
  }
}

/** The output must be a new file, which can be read back before it gets its name, and never the damaged dump itself. */
async function checkOutput(input: string | null, output: string, force: boolean): Promise<void> {
  const there = await stat(output).catch(() => null);
  if (there === null) {
    if (!force && (await nameIsTaken(output))) throw outputExists(output);
    return;
  }
  const own = input === null ? null : await stat(input);
  if (there.dev === own?.dev && there.ino === own.ino) {
    throw new KgdumpError("USAGE", `${output} is the damaged dump itself, which is never changed`, { path: output, hint: "choose another name for the new dump" });
  }
  if (there.isDirectory()) return;
  if (!there.isFile()) {
    throw new KgdumpError("USAGE", `${output} is not a regular file, so the new dump could not be read back`, { path: output, hint: "name a file" });
  }
  if (!force) throw outputExists(output);
}

function nothingLeft({ remarks }: RecoverReport): KgdumpError {
  return new KgdumpError("DUMP_FRAME_DAMAGED", `not one block of the dump is sound: there is nothing to recover${remarks.map((remark) => `; ${remark}`).join("")}`, {
    hint: "find another copy of the dump, or export again",
  });
}

async function survey(access: RandomAccess, options: RecoverOptions): Promise<Salvage> {
  const meter = new ProgressMeter("read", options.onProgress, { entries: null, bytes: null });
  const result = await surveyDump(access, {
    loadCodec: (name) => loadCodec(name),
    limits: limitsOf(options),
    onScan: () => options.signal?.throwIfAborted(),
    onFrame: ({ bytes, entries, rawBytes }) => {
      options.signal?.throwIfAborted();
      meter.add(entries, rawBytes, bytes);
    },
  });
  meter.end();
  return result;
}

function limitsOf({ maxBlockSize }: RecoverOptions): { rawBlock?: number } {
  return maxBlockSize === undefined ? {} : { rawBlock: maxBlockSize };
}

async function write(access: RandomAccess, salvage: Salvage, path: string, options: RecoverOptions): Promise<{ dumpId: string; bytes: number }> {
  const header = newHeader(salvage, options.dumpId ?? randomUUID());
  const writer = new DumpWriter(header);
  await writeAndReadBack(path, writer, options, (output) => copy(access, salvage, writer, output, options));
  return { dumpId: header.dumpId, bytes: writer.bytesWritten };
}

function newHeader({ header, lost, keyspaces }: Salvage, dumpId: string): DumpHeader {
  return {
    ...header,
    dumpId,
    producer: PRODUCER,
    salvaged: { dumpId: lost ? null : header.dumpId },
    keyspaces: header.keyspaces.map((keyspace, index) => ({
      ...keyspace,
      estimatedEntries: keyspaces[index]?.entries ?? 0,
      estimatedBytes: keyspaces[index]?.rawBytes ?? 0,
    })),
  };
}

async function copy(access: RandomAccess, salvage: Salvage, writer: DumpWriter, output: DumpOutput, options: RecoverOptions): Promise<void> {
  const sum = (pick: (keyspace: Salvage["keyspaces"][number]) => number): number => salvage.keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);
  const meter = new ProgressMeter("recover", options.onProgress, { entries: sum(({ entries }) => entries), bytes: sum(({ rawBytes }) => rawBytes) });
  await output.write(writer.start());
  for (const [index, keyspace] of salvage.keyspaces.entries()) {
    meter.enter(salvage.header.keyspaces[index]?.name ?? new Uint8Array(0));
    await output.write(writer.startKeyspace(index));
    for (const piece of keyspace.pieces) {
      if (piece.type === "gap") {
        const { after, before, blocks, entries, bytes } = piece.gap;
        await output.write(writer.gap({ after, before, blocks, entries, bytes }));
        continue;
      }
      for await (const block of salvagedBlocks(access, salvage, piece.stretch, { loadCodec: (name) => loadCodec(name), limits: limitsOf(options) })) {
        options.signal?.throwIfAborted();
        await output.write(writer.block(block));
        meter.add(block.entries, block.raw.length, block.frameLength);
      }
    }
    await output.write(writer.endKeyspace(keyspace.result));
  }
  await output.write(writer.finish());
  meter.end();
}

/** Fails with what is lost. @throws {KgdumpError} RECOVERY_INCOMPLETE when anything is */
export function requireNothingLost(result: RecoverResult): void {
  if (!result.lost) return;
  const gaps = result.keyspaces.filter((keyspace) => keyspace.gaps.length > 0);
  const where = gaps.map(({ name, gaps: found }) => `"${nameText(name)}" (${String(found.length)})`).join(", ");
  const what = gaps.length === 0 ? "something may be missing: see the remarks" : `there are gaps in ${where}`;
  throw new KgdumpError("RECOVERY_INCOMPLETE", `not everything could be recovered: ${what}`, {
    path: result.output ?? result.input ?? undefined,
    hint: result.output === null ? "nothing was written" : "the new dump is valid, and lacks what was damaged: kgdump inspect --gaps lists where",
  });
}
