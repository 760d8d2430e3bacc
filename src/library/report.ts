/** Reports of dumps and stores. */
import type { DumpInput } from "../operations/dump/input.js";
import { gatherReport, type ReportOptions as InnerOptions } from "../operations/report/gather.js";
import { readLayoutFile } from "../settings/graph-layout-file.js";
import { argumentsOf } from "./call.js";
import { bytes, flag, input, keyspaces, optional, text } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { type Options, publish } from "./public.js";
import type { StatsResult } from "./stats.js";

/** The same, with the name of a layout's file. */
interface Reporting extends Omit<InnerOptions, "layout"> {
  /** Path of a TOML file that says how a graph lies there; without it MAYA's layout is tried. */
  readonly layoutFile?: string | undefined;
}

/** What `reportOf` shows, and how it reads. */
export type ReportOptions = Options<Reporting, "input">;

/** A report. */
export interface Report {
  /** A page for a browser, less than a megabyte: it needs no network and runs no script. */
  readonly html: string;
  /** What it tells. */
  readonly stats: StatsResult;
}

const reportArguments = argumentsOf<Reporting>("reportOf", "input", { input, keyspaces: optional(keyspaces), separator: optional(bytes), layoutFile: optional(text), values: optional(flag), maxBlockSize: blockBytes, ...READING, ...PROGRESS });

/**
 * Makes a page that shows what is in a dump or a store, which are only read: pictures of the prefixes, sizes, kinds and shapes of values, the graph if it is one,
 * problems, where it comes from, digests. Of a dump that is damaged or cut short what comes before that is shown, and `stats.dump.problem` tells why.
 * @param input path of a dump, or a stream of its bytes; or the directory of a RocksDB or sled store
 * @throws {KgdumpError} USAGE, CONFIG_INVALID for a layout, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 * @throws the signal's reason when it aborts
 */
export async function reportOf(input: DumpInput, options?: ReportOptions): Promise<Report> {
  const { layoutFile, ...rest } = reportArguments(input, options);
  const facts = await gatherReport({ ...rest, layout: layoutFile === undefined ? undefined : await readLayoutFile(layoutFile) });
  const { reportPage } = await import("../report/page.js");
  return { html: reportPage(facts), stats: publish(facts.stats) };
}
