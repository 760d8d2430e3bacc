/** Text of a report, none of which is longer than a page can bear. */
import { basename } from "node:path";
import { formatShort } from "../cli/text/escape.js";

/** Characters of a sentence, and of a name or a key. */
const LINE = 400;
const NAME = 120;

/** A text cut to so many characters, never within one. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}

/** A sentence, of bounded length. */
export function line(text: string): string {
  return cut(text, LINE);
}

/** A key or a name, of bounded length. @param bytes of all of it, where only its beginning is known */
export function nameOf(name: Uint8Array, bytes = name.length): string {
  const text = formatShort(name, NAME);
  return bytes > name.length && !text.endsWith("…") ? `${text}…` : text;
}

/** The last part of a path, without slashes at its end. */
export function baseOf(path: string): string {
  return basename(path) || path;
}
