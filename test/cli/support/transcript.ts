/**
 * Transcripts: files in which commands stand with what a person sees of them on a terminal of 80 columns, and which are run.
 *
 *     # a word on what comes           for the reader
 *     $ kgdump status store            a command, run by bash
 *     nothing is here                  what it prints, until the next line of the kinds above
 *     [exit status 12]                 when it is not 0
 *     -- storage.toml --               at the end: files that are there before, as in Go's txtar
 *
 * Each begins in a directory of its own with `store`, a small RocksDB store. `KGDUMP_UPDATE=1` writes down what is printed instead of comparing it: read what
 * changed before you keep it.
 */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import { unpackStore } from "../../fixtures/unpack.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { terminal } from "./run.js";

/** Columns of the terminal. */
const COLUMNS = 80;

/** A part of a transcript: lines for the reader, or a command with what it prints. */
type Part = { readonly words: string } | { readonly command: string; readonly printed: string };

interface Transcript {
  readonly parts: readonly Part[];
  /** By name. */
  readonly files: ReadonlyMap<string, string>;
}

const FILE = /^-- (\S+) --\n/m;

/** Reads a transcript. */
export function parseTranscript(text: string): Transcript {
  const [script = "", ...rest] = text.split(FILE);
  const files = new Map<string, string>();
  for (let index = 0; index < rest.length; index += 2) files.set(rest[index] ?? "", rest[index + 1] ?? "");
  const parts = script.split(/^(?=[#$] |#$)/m).map((part): Part => {
    if (!part.startsWith("$ ")) return { words: part };
    const end = part.indexOf("\n");
    return { command: part.slice(2, end), printed: part.slice(end + 1).trimEnd() };
  });
  return { parts, files };
}

/** Writes a transcript. A command and what it prints are followed by an empty line. */
export function formatTranscript({ parts, files }: Transcript): string {
  const shown = parts.map((part) => ("words" in part ? part.words : `$ ${part.command}\n${part.printed === "" ? "" : `${part.printed}\n`}\n`));
  const script = shown.join("").trimEnd();
  return `${script}\n${[...files].map(([name, content]) => `\n-- ${name} --\n${content.trimEnd()}\n`).join("")}`;
}

/** What a terminal obeys: sequences that begin with ESC, and BEL. */
const CONTROL = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]|${String.fromCharCode(7)}`, "g");

/** What a terminal shows of what it was sent: lines that were erased are gone, and so are colours. */
function seen(sent: string): string {
  const lines = sent.replaceAll("\r\n", "\n").split("\n");
  return lines.map((line) => line.slice(line.lastIndexOf("\r") + 1)).join("\n").replaceAll(CONTROL, "");
}

const SIZE = "[\\d.]+ [kMGT]?B";

/** What varies from run to run, or from one file system to another, and what is there instead. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/(?<=\bid )[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID"],
  [/(?<=migration: +)[0-9a-f]{8}(?=,)/g, "ID"],
  [/\d{8}T\d{6}Z/g, "TIME"],
  [/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?)?/g, "TIME"],
  [/\b\d\d:\d\d:\d\d\b/g, "TIME"],
  [/\((?:a moment|\d+ \w+) ago\)/g, "(AGE)"],
  [/\b\d+(?:\.\d+)? (?:ms|s)\b/g, "N s"],
  [/\b\d+(?:\.\d+)? [kMGT]?B\/s/g, "N MB/s"],
  [/\bprocess \d+/g, "process N"],
  // What files take on a disk.
  [new RegExp(`(?<=written by version [\\d.]+, |(?:backup|dump): .*, |compactions, |what is left, |takes |became )${SIZE}`, "g"), "N MB"],
  [new RegExp(`${SIZE}(?= are free| free\\b| freed| became| less|, of TIME)`, "g"), "N MB"],
];

/** What is printed, as far as it is the same each time. @param directory in which it was run */
export function settled(sent: string, directory: string): string {
  const text = seen(sent).replaceAll(directory, "/tmp/here");
  return steady(text).replaceAll(/[ \t]+$/gm, "").trimEnd();
}

/** A text with what varies taken out. */
export function steady(text: string): string {
  return VARYING.reduce((all, [varies, instead]) => all.replaceAll(varies, instead), text);
}

/** A text without its line breaks. A path that is too long for the line of its label stands on the next one, without the label's blanks. */
function unbroken(text: string): string {
  return steady(text.replaceAll(/(?<=^ *[a-z]+:) +(?=\/tmp\/here)/gm, " ").replaceAll(/\n +/g, " "));
}

/** Runs a transcript, and compares what it prints with what it says. */
export async function runTranscript(t: ExecutionContext, path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const now = await printedNow(t, text);
  if (process.env.KGDUMP_UPDATE === "1") await writeFile(path, now);
  else assertPrinted(t, now, text);
}

/** Asserts that what is printed is what a text says. Where a line is broken depends on what varies in it. */
export function assertPrinted(t: ExecutionContext, now: string, text: string): void {
  t.is(unbroken(now), unbroken(text));
}

/** Runs the commands of a transcript. @returns it with what they print now */
export async function printedNow(t: ExecutionContext, text: string): Promise<string> {
  const { parts, files } = parseTranscript(text);
  const directory = await temporaryDirectory(t);
  await cp(await unpackStore(t, "maya-families"), join(directory, "store"), { recursive: true });
  for (const [name, content] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  const found: Part[] = [];
  for (const part of parts) {
    if ("words" in part) {
      found.push(part);
      continue;
    }
    const { code, stdout } = await terminal(part.command, { cwd: directory, columns: COLUMNS, env: { SOURCE_DATE_EPOCH: "1700000000", LC_ALL: "C.UTF-8" } });
    const printed = settled(stdout.toString(), directory);
    t.notRegex(printed, /^[#$] /m, `${part.command}: a line that would be taken for a command`);
    found.push({ command: part.command, printed: [...(printed === "" ? [] : [printed]), ...(code === 0 ? [] : [`[exit status ${String(code)}]`])].join("\n") });
  }
  return formatTranscript({ parts: found, files });
}
