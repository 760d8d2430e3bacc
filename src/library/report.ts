/** Reports of dumps and stores. */
import type { DumpInput } from "../operations/dump/input.js";
import { gatherReport, type ReportOptions as InnerOptions } from "../operations/report/gather.js";
import { argumentsOf } from "./call.js";
import { bytes, flag, input, keyspaces, optional } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { type Options, publish } from "./public.js";
import type { StatsResult } from "./stats.js";

/** What `reportOf` shows, and how it reads. */
export type ReportOptions = Options<InnerOptions, "input">;

/** A report. */
export interface Report {
  /** A page for a browser, less than a megabyte: it needs no network and runs no script. */
  readonly html: string;
  /** What it tells. */
  readonly stats: StatsResult;
}

const reportArguments = argumentsOf<InnerOptions>("reportOf", "input", { input, keyspaces: optional(keyspaces), separator: optional(bytes), values: optional(flag), maxBlockSize: blockBytes, ...READING, ...PROGRESS });

/**
 * Makes a page that shows what is in a dump or a store, which are only read: pictures of the prefixes, sizes, kinds and shapes of values, problems, where it comes
 * from, digests. Of a dump that is damaged or cut short what comes before that is shown, and `stats.dump.problem` tells why.
 * @param input path of a dump, or a stream of its bytes; or the directory of a RocksDB or sled store
 * @throws {KgdumpError} USAGE, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 * @throws the signal's reason when it aborts
 */
export async function reportOf(input: DumpInput, options?: ReportOptions): Promise<Report> {
  const facts = await gatherReport(reportArguments(input, options));
  const { reportPage } = await import("../report/page.js");
  return { html: reportPage(facts), stats: publish(facts.stats) };
}
