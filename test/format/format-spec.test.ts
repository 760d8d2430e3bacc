import { readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import { EXIT_CODE_OF } from "#src/errors.js";
import * as constants from "#src/format/constants.js";
import { kindName } from "#src/format/frame.js";
import { CODEC_IDS, DEFAULT_LIMITS } from "#src/format/index.js";
import { entry, header, makeDump, splitDump } from "./support/dumps.js";

const SPEC = new URL("../../../format-spec/README.md", import.meta.url);
const EXAMPLE = new URL("../../../format-spec/example.md", import.meta.url);
const spec = readFileSync(SPEC, "utf8");
const section = (title: string): string => spec.split(`# ${title}\n`)[1]?.split(/\n##+ /)[0] ?? "";
const rows = (text: string): string[][] =>
  text.split("\n").flatMap((line) => (/^\| [^-]/.test(line) ? [line.slice(2, -1).split("|").map((cell) => cell.trim())] : []));

/** Bytes as lines of 16, each with its offset. */
function hexDump(bytes: Buffer, offset: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = [...part].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`    ${(offset + at).toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

async function example(): Promise<string> {
  const { magic, frames, tail } = splitDump(await makeDump(header(), [[[entry("a", "1"), entry("b", "")]]]));
  const last = frames.at(-1);
  const parts = [`magic\n\n${hexDump(magic, 0)}`, ...frames.map((frame) => `${kindName(frame.kind)}\n\n${hexDump(frame.bytes, frame.offset)}`)];
  parts.push(`tail\n\n${hexDump(tail, (last?.offset ?? 0) + (last?.bytes.length ?? 0))}`);
  return `\n${parts.join("\n\n")}\n\n`;
}

test("the worked example is what is written", async (t) => {
  const [before, rest] = readFileSync(EXAMPLE, "utf8").split("<!-- example: begin -->");
  const [said, after] = (rest ?? "").split("<!-- example: end -->");
  const real = await example();
  // UPDATE_SPEC=1 writes the example anew after a change on purpose.
  if (process.env.UPDATE_SPEC === "1") writeFileSync(EXAMPLE, `${before}<!-- example: begin -->${real}<!-- example: end -->${after}`);
  else t.is(said, real);
  t.pass();
});

test("the table of error codes is that of the program", (t) => {
  const listed = rows(section("Error codes")).slice(1).map(([code]) => code);
  t.deepEqual(listed.toSorted(), Object.keys(EXIT_CODE_OF).filter((code) => code.startsWith("DUMP_")).toSorted());
});

test("the table of kinds is that of the program", (t) => {
  const listed = rows(section("Kinds")).slice(1).map(([kind, name]) => [Number(kind?.split(" ")[0]), name]);
  t.deepEqual(listed, Object.values(constants.Kind).map((kind) => [kind, kindName(kind)]));
});

test("the table of codecs is that of the program", (t) => {
  const listed = rows(section("Codecs")).slice(1).map(([id, name]) => [name, Number(id)]);
  t.deepEqual(Object.fromEntries(listed), CODEC_IDS);
});

test("the table of limits is that of the program", (t) => {
  const listed = rows(section("Limits")).slice(1);
  const number = (text: string | undefined): number => Number(text?.replaceAll(",", ""));
  const options = listed.flatMap(([, value, option]) => (option === undefined || option === "" ? [] : [[option, number(value)]]));
  t.deepEqual(Object.fromEntries(options), { ...DEFAULT_LIMITS });
  const others = listed.flatMap(([, value, option]) => (option === "" ? [number(value)] : []));
  const { FREE_EXPANSION, LIMIT_NAME, LIMIT_TEXT, LIMIT_OPTIONS, LIMIT_SMALL_PAYLOAD, LIMIT_GAP, LIMIT_SKIPPED_PAYLOAD, FOOTER_KEY_BYTES, INDEX_BLOCKS } = constants;
  const { LIMIT_NESTING, LIMIT_FIELDS, LIMIT_FIELD_NAME } = constants;
  t.deepEqual(others, [FREE_EXPANSION, LIMIT_NAME, LIMIT_TEXT, LIMIT_OPTIONS, LIMIT_SMALL_PAYLOAD, LIMIT_GAP, LIMIT_SKIPPED_PAYLOAD, FOOTER_KEY_BYTES, INDEX_BLOCKS, LIMIT_NESTING, LIMIT_FIELDS, LIMIT_FIELD_NAME]);
});
