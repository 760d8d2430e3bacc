/** Writing a report: to a file, which appears whole or not at all, or to a stream. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { KgdumpError } from "../../errors.js";
import { isDirectory } from "../disk/names.js";
import { openOutput, refuseInStore } from "../output/output.js";
import { gatherReport, type ReportFacts, type ReportOptions } from "./gather.js";

/** What becomes of a report. */
export interface WriteReportOptions extends ReportOptions {
  /** The report's file, or a stream that is ended. */
  readonly output: string | Writable;
  /** Replace a file that exists; default false. */
  readonly force?: boolean | undefined;
  /** Makes the page. */
  readonly draw: (facts: ReportFacts) => string;
}

/** A report that was written. */
export interface WrittenReport {
  /** Absolute path; null for a stream. */
  readonly path: string | null;
  readonly bytes: number;
  readonly facts: ReportFacts;
}

/**
 * Reads a dump or a store, and writes a report of it. The output is looked at before anything is read.
 * @throws {KgdumpError} USAGE for a file that is in the store or is the dump, OUTPUT_EXISTS, NO_SPACE, BROKEN_PIPE, and what gatherReport throws
 * @throws the signal's reason when it aborts
 */
export async function writeReport({ output: target, force = false, draw, ...options }: WriteReportOptions): Promise<WrittenReport> {
  const { input, signal } = options;
  if (typeof target === "string" && typeof input === "string") await refuseOnInput(target, input);
  const output = await openOutput(target, { force, signal, what: "report" });
  try {
    const facts = await gatherReport(options);
    const page = Buffer.from(draw(facts));
    signal?.throwIfAborted();
    await output.write([page]);
    await output.commit();
    return { path: output.path, bytes: page.length, facts };
  } catch (error) {
    await output.discard(() => []);
    throw error;
  }
}

async function refuseOnInput(target: string, input: string): Promise<void> {
  if (await isDirectory(input)) {
    await refuseInStore(target, input);
    return;
  }
  const [there, read] = await Promise.all([target, input].map((path) => stat(path).catch(() => null)));
  if (there?.isFile() !== true || there.dev !== read?.dev || there.ino !== read.ino) return;
  throw new KgdumpError("USAGE", `${resolve(target)} is the dump that the report is about`, { path: resolve(target), hint: "choose another file for the report, such as report.html" });
}
