/**
 * Reads bytes that a person typed: keys, prefixes, keyspace names. The opposite of `formatBytes` in escape.ts.
 *
 *     hex:6e6f64653a     hex digits
 *     text:a\b           the text after `text:`, exactly as it stands, as UTF-8
 *     node:\xde\xad      anything else: text as UTF-8, in which \xNN is a byte, \u{H…} a character and \\ a backslash, and what
 *                        stands in braces its bytes: UUIDs, numbers and times (braces.ts)
 */
import { KgdumpError } from "../../errors.js";
import type { KeyspaceMap, NamePattern } from "../../operations/entries/naming.js";
import { bytesInBraces, IN_BRACES } from "./braces.js";
import { escapeText } from "./escape.js";

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(\\))/y;

function usage(text: string, what: string, why: string): KgdumpError {
  return new KgdumpError("USAGE", `${what} '${escapeText(text)}': ${why}`, {
    hint: "write text with \\xNN, \\u{H...} and \\\\ as escapes, or hex:6e6f64, or text:... for text without escapes",
  });
}

/**
 * Reads bytes from what was typed; see the rule above.
 * @param text what was typed
 * @param what what it is, for the error, such as "--prefix"
 * @throws {KgdumpError} USAGE for odd or wrong hex digits and for unknown escapes
 */
export function parseBytes(text: string, what: string): Uint8Array {
  // Node has already put U+FFFD in place of what was no UTF-8: which bytes were meant can't be known any more.
  if (text.includes("\ufffd")) throw usage(text, what, "it has bytes that are not UTF-8; write each of them as \\xNN");
  if (text.startsWith("text:")) return new Uint8Array(Buffer.from(text.slice(5), "utf8"));
  if (text.startsWith("hex:")) {
    const digits = text.slice(4);
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw usage(text, what, "hex: takes pairs of hex digits");
    return new Uint8Array(Buffer.from(digits, "hex"));
  }
  const parts: Buffer[] = [];
  for (let index = 0; index < text.length;) {
    const backslash = text.indexOf("\\", index);
    const end = backslash === -1 ? text.length : backslash;
    parts.push(plainBytes(text.slice(index, end), text, what));
    if (backslash === -1) break;
    ESCAPE.lastIndex = backslash;
    const match = ESCAPE.exec(text);
    if (match === null) throw usage(text, what, `there is no such escape at character ${(backslash + 1).toString()}`);
    parts.push(escapedBytes(match, text, what));
    index = ESCAPE.lastIndex;
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Text without escapes, in which what is in braces stands for bytes. */
function plainBytes(text: string, whole: string, what: string): Buffer {
  // What is matched stands at odd places.
  const parts = text.split(IN_BRACES).map((part, index) => {
    const bytes = index % 2 === 0 ? Buffer.from(part, "utf8") : bytesInBraces(part);
    if (bytes === null) throw usage(whole, what, `there is no such number or time as {${part}}`);
    return bytes;
  });
  return Buffer.concat(parts);
}

/**
 * The other key that somebody may mean who typed a UUID without braces at the end: its 16 bytes. Null for what does not end so.
 */
export function bareUuid(key: Uint8Array): Uint8Array | null {
  const [, prefix, uuid] = /^(.*?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/is.exec(Buffer.from(key).toString("latin1")) ?? [];
  return prefix === undefined || uuid === undefined ? null : new Uint8Array(Buffer.concat([Buffer.from(prefix, "latin1"), Buffer.from(uuid.replaceAll("-", ""), "hex")]));
}

function escapedBytes(match: RegExpExecArray, text: string, what: string): Buffer {
  const [, byte, codePoint] = match;
  if (byte !== undefined) return Buffer.from(byte, "hex");
  if (codePoint === undefined) return Buffer.from("\\");
  const number = Number.parseInt(codePoint, 16);
  if (number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) {
    throw usage(text, what, `\\u{${codePoint}} is not a character`);
  }
  return Buffer.from(String.fromCodePoint(number), "utf8");
}

/** One side of a mapping: a name, or a pattern with one `*`. */
export type MappingSide = Uint8Array | NamePattern;

/** One mapping as it was typed. */
export interface Mapping {
  readonly from: MappingSide;
  readonly to: MappingSide;
}

/** What `--map` gave, as operations take it. */
export function mapOf(mappings: readonly Mapping[] | undefined): KeyspaceMap | undefined {
  return mappings === undefined ? undefined : new Map(mappings.map(({ from, to }) => [from, to]));
}

/**
 * Splits `FAMILY=TREE` at its first `=` and reads both sides. An `=` within the family's name is typed as `\x3d`, a `*` in a name as `\x2a`.
 * @throws {KgdumpError} USAGE when there is no `=`, a side is empty or has more than one `*`
 */
export function parseMapping(text: string): Mapping {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1) {
    throw new KgdumpError("USAGE", `--map '${escapeText(text)}' is not FAMILY=TREE`, {
      hint: "for example --map nodes=graph_nodes",
    });
  }
  return { from: mappingSide(text.slice(0, at)), to: mappingSide(text.slice(at + 1)) };
}

function mappingSide(text: string): MappingSide {
  const [before = "", after, ...more] = /^(?:text|hex):/.test(text) ? [text] : text.split("*");
  if (more.length > 0) throw new KgdumpError("USAGE", `--map '${escapeText(text)}' has more than one *`, { hint: "write a * that is part of a name as \\x2a" });
  if (after === undefined) return parseBytes(text, "--map");
  return { before: parseBytes(before, "--map"), after: parseBytes(after, "--map") };
}
