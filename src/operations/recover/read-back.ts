/** Reading a new dump back before it gets its name. */
import { KgdumpError } from "../../errors.js";
import type { DumpWriter } from "../../format/index.js";
import { giveBack } from "../../memory.js";
import { isDumpError, readEvents } from "../dump/read.js";
import type { DumpOutput } from "../output/dump-output.js";
import { openOutput } from "../output/output.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";

/** What reading back depends on. */
export interface ReadBackOptions extends WithProgress {
  readonly maxBlockSize?: number | undefined;
}

/**
 * Writes a new dump, which gets its name when it was read back whole.
 * @param write all that is in it
 * @throws {KgdumpError} OUTPUT_EXISTS, USAGE when the path is no regular file, NO_SPACE, IO_FAILED, …: nothing is left at the path then
 * @throws the signal's reason when it aborts
 */
export async function writeAndReadBack<T>(path: string, writer: DumpWriter, options: ReadBackOptions & { readonly force?: boolean | undefined }, write: (output: DumpOutput) => Promise<T>): Promise<T> {
  const output = await openOutput(path, { force: options.force === true, signal: options.signal });
  try {
    if (output.temporary === undefined) throw new KgdumpError("USAGE", `${path} is not a regular file`, { path, hint: "name a file" });
    const written = await write(output);
    await readBack(output.temporary, writer, options);
    options.signal?.throwIfAborted();
    await output.commit();
    return written;
  } catch (error) {
    await output.discard(() => []);
    throw error;
  }
}

/** Reads the new dump whole, with every check, and compares it with what was meant to be in it. */
async function readBack(path: string, writer: DumpWriter, options: ReadBackOptions): Promise<void> {
  const { totals } = writer;
  const meter = new ProgressMeter("verify", options.onProgress, {
    entries: totals.reduce((total, { entries }) => total + entries, 0),
    bytes: totals.reduce((total, { rawBytes }) => total + rawBytes, 0),
  });
  let bytes = 0;
  try {
    for await (const event of readEvents({ input: path, maxBlockSize: options.maxBlockSize, signal: options.signal }, true)) {
      if (event.type === "block") {
        meter.add(event.block.entries, event.block.rawLength, event.block.frameLength);
        if (event.raw !== null) giveBack(event.raw);
      } else if (event.type === "keyspace-end") checkTotals(event.totals, totals[event.keyspace]);
      else if (event.type === "footer") ({ bytes } = event);
    }
  } catch (error) {
    if (!isDumpError(error)) throw error;
    throw new KgdumpError("IO_FAILED", `the new dump differs from what was written: ${error.message}`, { cause: error, hint: "the disk or the memory may be faulty: try another disk" });
  }
  if (bytes !== writer.bytesWritten) throw new KgdumpError("IO_FAILED", "the new dump has another length than was written");
  meter.end();
}

function checkTotals(read: DumpWriter["totals"][number], meant: DumpWriter["totals"][number] | undefined): void {
  const same = read.entries === meant?.entries && read.gaps === meant.gaps && Buffer.compare(read.digest, meant.digest) === 0;
  if (!same) throw new KgdumpError("IO_FAILED", "the new dump does not hold what was written to it", { hint: "the disk or the memory may be faulty: try another disk" });
}
