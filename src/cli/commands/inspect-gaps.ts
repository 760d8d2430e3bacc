/** `kgdump inspect --gaps`: where a salvaged dump lacks something. */
import type { ReadOptions } from "../../operations/dump/read.js";
import type { DumpGap } from "../../operations/inspect/gaps.js";
import type { Context } from "../context.js";
import { jsonBytes, jsonLine } from "../render/json/json.js";
import { keyJson } from "../render/json/recover.js";
import { countText, edgeText } from "../render/recover.js";
import { formatShort } from "../text/escape.js";

const WIDTHS = [12, 8, 9, 13];

/** Lists gaps, a line each, or three on a terminal; without any, nothing but a heading. */
export async function showGaps(context: Context, source: ReadOptions): Promise<void> {
  const { listGaps } = await import("../../operations/inspect/gaps.js");
  const { isTerminal } = context.out;
  const heading = columns(["keyspace", "blocks", "entries", "bytes unused"]);
  if (!context.json) await context.out.line(context.paint.dim(`${heading}${isTerminal ? "" : "  after .. before"}`));
  for await (const gap of listGaps(source)) {
    if (!(await context.out.write(context.json ? jsonLine(gapJson(gap)) : gapText(gap, isTerminal)))) return;
  }
}

function columns(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[index] ?? 0) : cell.padStart(WIDTHS[index] ?? 0))).join("  ");
}

function gapText({ keyspaceName, after, before, blocks, entries, bytes }: DumpGap, isTerminal: boolean): string {
  const figures = columns([formatShort(keyspaceName), ...[blocks, entries, bytes].map(countText)]);
  const [from, to] = [edgeText(after, "(its start)"), edgeText(before, "(its end)")];
  // Whole keys, as they are looked for in a backup: on a terminal each has a line of its own.
  return isTerminal ? `${figures}\n    after: ${from}\n    before: ${to}\n` : `${figures}  ${from} .. ${to}\n`;
}

function gapJson({ keyspaceName, after, before, blocks, entries, bytes }: DumpGap): Parameters<typeof jsonLine>[0] {
  return { keyspace: jsonBytes(keyspaceName), after: keyJson(after), before: keyJson(before), blocks, entries, bytes };
}
