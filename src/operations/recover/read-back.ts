/** Reading a new dump back before it gets its name. */
import { KgdumpError } from "../../errors.js";
import type { DumpWriter } from "../../format/index.js";
import { giveBack } from "../../memory.js";
import { isDumpError, readEvents } from "../dump/read.js";
import { ProgressMeter, type WithProgress } from "../run/progress.js";

/** What reading back depends on. */
export interface ReadBackOptions extends WithProgress {
  readonly maxBlockSize?: number | undefined;
}

/** Reads the new dump whole, with every check, and compares it with what was meant to be in it. */
export async function readBack(path: string, writer: DumpWriter, options: ReadBackOptions): Promise<void> {
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
    throw new KgdumpError("IO_FAILED", `the new dump is not as it was written: ${error.message}`, { cause: error, hint: "the disk or the memory may be faulty: try another disk" });
  }
  if (bytes !== writer.bytesWritten) throw new KgdumpError("IO_FAILED", "the new dump is not as long as it was written");
  meter.end();
}

function checkTotals(read: DumpWriter["totals"][number], meant: DumpWriter["totals"][number] | undefined): void {
  const same = read.entries === meant?.entries && read.gaps === meant.gaps && Buffer.compare(read.digest, meant.digest) === 0;
  if (!same) throw new KgdumpError("IO_FAILED", "the new dump does not hold what was written to it", { hint: "the disk or the memory may be faulty: try another disk" });
}
