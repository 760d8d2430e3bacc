/** In what state a dump or a store is, in a few words. */
import { missingOf, missingText } from "../../operations/dump/salvaged.js";
import type { DumpSummary } from "../../operations/dump/summary.js";
import type { ReportFacts } from "../../operations/report/gather.js";
import { line } from "../text.js";

/** A state, and whether it is as it should be. */
export interface State {
  readonly mark: "good" | "bad" | "doubtful";
  readonly words: string;
  readonly why: string;
}

/** The state of what the report is about. */
export function stateOf({ stats: { dump } }: Pick<ReportFacts, "stats">): State {
  if (dump === null) return { mark: "good", words: "read whole", why: "every entry of the store was read" };
  const { problem } = dump;
  if (problem !== null) return { mark: "bad", words: "NOT COMPLETE", why: line(`${problem.message} [${problem.code}]; all figures are of what comes before the damage`) };
  const missing = missingOf(dump.keyspaces);
  if (missing.gaps > 0) return { mark: "doubtful", words: "SALVAGED", why: missingText(missing) };
  return { mark: "good", words: "complete", why: "every checksum is right, and every entry was checked" };
}

/** What a dump holds: a store, a part of it, or changes. */
export function holdsText({ header, problem, keyspaces }: DumpSummary): string {
  const lacks = problem !== null || missingOf(keyspaces).gaps > 0;
  const what = header.kind === "delta" ? `changes since the dump ${header.base?.dumpId ?? "?"}` : header.filter !== null || lacks ? "a part of a store" : "a whole store";
  return line(header.filter === null ? what : `${what} (${header.filter})`);
}
