/** Inspect: what a dump is and what it holds, without loading any engine. */
import { resolve } from "node:path";
import type { DumpEvent } from "../../format/index.js";
import { sizeOfFile } from "../dump/input.js";
import { type ReadOptions, readEvents, openIndexed, isDumpError } from "../dump/read.js";
import { withMixed } from "../dump/mixed-blocks.js";
import { type DumpSummary, SummaryBuilder } from "../dump/summary.js";
import { estimatedTotals, ProgressMeter } from "../run/progress.js";

/** How a dump is looked at. */
export interface InspectOptions extends ReadOptions {
  /** Decode every block and check every entry, as verifyDump does; default false. */
  readonly check?: boolean | undefined;
}

/**
 * Sums up a dump. Of a complete file only the header, the footer and the index are read; a stream, and a file that is
 * cut short or was salvaged with gaps, is read front to back, with every checksum checked but no block decoded.
 * @returns a summary, with `problem` set when the dump is damaged or cut short after its header
 * @throws {KgdumpError} DUMP_* when not even the header can be read, NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function inspectDump(options: InspectOptions): Promise<DumpSummary> {
  const check = options.check === true;
  if (typeof options.input === "string" && !check) {
    const fromIndex = await summarizeIndex(options.input, options.maxBlockSize);
    if (fromIndex !== null) return fromIndex;
  }
  const builder = new SummaryBuilder(typeof options.input === "string" ? resolve(options.input) : null, check ? "entries" : "checksums");
  return summarize(builder, readEvents(options, check), options);
}

async function summarizeIndex(path: string, maxBlockSize: number | undefined): Promise<DumpSummary | null> {
  try {
    await using indexed = await openIndexed(path, maxBlockSize);
    if (indexed === null) return null;
    // How much is missing is said at the gaps, which the index does not have.
    if (indexed.dump.footer.keyspaces.some(({ gaps }) => gaps > 0)) return null;
    const builder = new SummaryBuilder(resolve(path), "index");
    builder.begin(indexed.dump.header);
    const { dump } = indexed;
    for await (const { block, raw } of withMixed(dump.blocks(), (info) => dump.readBlock(info))) builder.addBlock(block, raw);
    for (const [keyspace, totals] of indexed.dump.footer.keyspaces.entries()) builder.complete(keyspace, totals);
    return builder.summary(indexed.bytes, null);
  } catch (error) {
    // Reading front to back tells better where the damage is, and what comes before it.
    if (isDumpError(error)) return null;
    throw error;
  }
}

/** Reads all events into a summary; damage after the header becomes its problem. */
async function summarize(
  builder: SummaryBuilder,
  events: AsyncGenerator<DumpEvent>,
  options: ReadOptions,
): Promise<DumpSummary> {
  let meter: ProgressMeter | null = null;
  let bytes = 0;
  try {
    for await (const event of events) {
      builder.add(event);
      if (event.type === "header") meter = new ProgressMeter("read", options.onProgress, estimatedTotals(event.header.keyspaces));
      if (event.type === "block") {
        meter?.add(event.block.entries, event.block.rawLength, event.block.frameLength);
        bytes = event.block.offset + event.block.frameLength;
      }
      if (event.type === "footer") bytes = event.bytes;
    }
  } catch (error) {
    if (!builder.started || !isDumpError(error)) throw error;
    meter?.end();
    const { code, message, offset, block } = error;
    return builder.summary((await sizeOfFile(options.input)) ?? offset ?? bytes, { code, message, offset, block });
  }
  meter?.end();
  return builder.summary(bytes, null);
}
