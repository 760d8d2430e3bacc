/** Characters that may go to a terminal as they are, and those that may not. */
import { isUtf8 } from "node:buffer";

/**
 * Characters that a terminal obeys, hides or reorders, or that look like a plain space and are not. U+FFFD is one of
 * them because Node puts it in place of bytes that it could not decode: unescaped, nobody could tell what it was.
 */
export const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufffd]|(?! )\p{Zs}/u;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether every character of `text` can go to a terminal as it is. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** The text of well-formed UTF-8, or null. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? utf8.decode(bytes) : null;
}

/** Whether a byte is an ASCII character that prints. */
export function printableAscii(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}
