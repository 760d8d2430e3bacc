/** How an error is told: one clear message on stderr, its place, and what to do next. */
import { inspect } from "node:util";
import { type ConfigProblem, type DiscardLoss, EXIT_CODE_OF, ExitCode, isErrorCode, KgdumpError, systemError } from "../errors.js";
import { CURES } from "./help/cures.js";
import { Interrupted } from "./terminal/signals.js";
import type { Paint } from "./terminal/style.js";
import { escapeJson, escapeMessage, formatBytes } from "./text/escape.js";

/** What is told of an error. */
export interface ErrorReport {
  /** One of kgdump's codes, or INTERRUPTED. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly path: string | null;
  readonly offset: number | null;
  readonly block: number | null;
  readonly keyspace: Uint8Array | null;
  readonly exitCode: number;
  /** What the command had finished before, and is there whole. */
  readonly published?: readonly string[];
  /** Of CONFIG_INVALID: all that is wrong in the file. */
  readonly problems?: readonly ConfigProblem[];
  /** Of a rollback that was refused: what `--discard-new` would leave behind. */
  readonly loss?: DiscardLoss;
}

/**
 * The error to tell. When closing something failed too, after an error, JavaScript throws both as one SuppressedError,
 * whose `suppressed` came first and led to the other.
 */
function firstError(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error) error = error.suppressed;
  return error;
}

/**
 * Describes anything that was thrown.
 * @param thrown anything but a KgdumpError, an Interrupted or an error of the system is a fault of kgdump itself
 */
export function describeError(thrown: unknown): ErrorReport {
  const first = firstError(thrown);
  // Also a call that nobody expects to fail, such as the closing of a file that was only read.
  const error = first instanceof Error && "syscall" in first && "errno" in first ? systemError(first, "a system call failed") : first;
  const nowhere = { path: null, offset: null, block: null, keyspace: null };
  if (error instanceof Interrupted) {
    return { code: "INTERRUPTED", message: error.message, hint: null, ...nowhere, exitCode: error.exitCode };
  }
  if (error instanceof KgdumpError) {
    return {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      path: error.path ?? null,
      offset: error.offset ?? null,
      block: error.block ?? null,
      keyspace: error.keyspace ?? null,
      exitCode: EXIT_CODE_OF[error.code],
      ...(error.problems === undefined ? {} : { problems: error.problems }),
      ...(error.loss === undefined ? {} : { loss: error.loss }),
    };
  }
  return {
    code: "INTERNAL",
    message: `something went wrong inside kgdump: ${error instanceof Error ? error.message : inspect(error)}`,
    hint: CURES.INTERNAL,
    ...nowhere,
    exitCode: ExitCode.other,
  };
}

/** Where the problem is, as far as the message does not say so itself; null when there is nothing to add. */
function place(report: ErrorReport): string | null {
  const path = report.path === null ? null : escapeMessage(report.path);
  const parts = [
    ...(path === null || escapeMessage(report.message).includes(path) ? [] : [path]),
    ...(report.keyspace === null || report.code === "KEYSPACE_UNKNOWN" ? [] : [`keyspace ${formatBytes(report.keyspace)}`]),
    ...(report.block === null ? [] : [`block ${report.block.toString()}`]),
    ...(report.offset === null ? [] : [`byte ${report.offset.toString()} of the dump`]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}

/** Problems of a settings file, a line each, unless the message is the only one. */
function problemLines({ path, problems = [] }: ErrorReport): string[] {
  if (problems.length < 2) return [];
  return problems.map(({ line, column, message }) => escapeMessage(`  ${path ?? ""}:${line.toString()}:${column.toString()}: ${message}`));
}

/** What led to the error, a safe line each; of a fault of kgdump with stacks. */
function history(error: unknown, code: string): string[] {
  return code === "INTERNAL" ? stacks(error) : causes(error);
}

function causes(thrown: unknown): string[] {
  const lines: string[] = [];
  const text = (error: unknown): string => (!(error instanceof Error) ? inspect(error) : ["Error", "KgdumpError"].includes(error.name) ? error.message : `${error.name}: ${error.message}`);
  const first = firstError(thrown);
  const seen = new Set<unknown>([undefined, null, first]);
  for (let current = causeOf(first); !seen.has(current); current = causeOf(current)) {
    seen.add(current);
    lines.push(`caused by: ${text(current)}`);
  }
  if (thrown !== first && thrown instanceof Error && "error" in thrown) lines.push(`then: ${text(thrown.error)}`);
  return lines.map(escapeMessage);
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? ("suppressed" in error ? error.suppressed : error.cause) : undefined);

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let current = error; current !== undefined && !seen.has(current);) {
    seen.add(current);
    const text = current instanceof Error ? (current.stack ?? current.message) : inspect(current);
    const [first = "", ...rest] = text.split("\n");
    lines.push(`${lines.length === 0 ? "stack" : "caused by"}: ${first.trim()}`, ...rest.map((line) => `  ${line.trim()}`));
    current = causeOf(current);
  }
  return lines.map(escapeMessage);
}

/** What a command had finished before its error. */
export interface Finished {
  /** Files and stores that have their final names, and are there whole. */
  readonly published?: readonly string[];
  /** What holds then, as a sentence: the hint of an error that has none, such as an interrupt. */
  readonly holds?: string | null;
}

/** With a hint: its own, what holds although it failed, or the cure of its code. */
function withHint(report: ErrorReport, { holds = null }: Finished): ErrorReport {
  return { ...report, hint: report.hint ?? holds ?? (isErrorCode(report.code) ? CURES[report.code] : null) };
}

/**
 * The error as lines for a person, each ended.
 * @param error what was thrown
 * @param options paint: colours of stderr; verbose: with what led to it
 */
export function renderError(error: unknown, options: Finished & { readonly paint: Paint; readonly verbose: boolean }): string {
  const { paint, published = [] } = options;
  const report = withHint(describeError(error), options);
  const where = place(report);
  const lines = [
    `${paint.red("kgdump:")} ${escapeMessage(report.message)} ${paint.dim(`[${report.code}]`)}`,
    ...(where === null ? [] : [`  where: ${where}`]),
    ...problemLines(report),
    ...published.map((path) => `  finished before, and complete: ${escapeMessage(path)}`),
    ...(report.hint === null ? [] : [`  hint: ${escapeMessage(report.hint)}`]),
    ...(options.verbose && !(error instanceof Interrupted) ? history(error, report.code).map((line) => paint.dim(`  ${line}`)) : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The error as one line of JSON: `{"error":{code,message,hint,path,offset,block,keyspace,exitCode}}`, for a settings file also `problems`, for a rollback that was refused `loss`, and `published` when the command had finished something before. */
export function renderErrorJson(error: unknown, finished: Finished = {}): string {
  const { published = [] } = finished;
  const report: ErrorReport = { ...withHint(describeError(error), finished), ...(published.length === 0 ? {} : { published }) };
  const keyspace = report.keyspace === null ? null : formatBytes(report.keyspace);
  return `${escapeJson(JSON.stringify({ error: { ...report, keyspace } }))}\n`;
}
