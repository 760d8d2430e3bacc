/** Which characters print: those of ASCII, byte by byte, and texts. */
import test from "ava";
import { decodeUtf8, isPrintable, printableAscii } from "#src/cli/text/characters.js";

test("the bytes of ASCII that print are those from the blank to the tilde", (t) => {
  const printing = Array.from({ length: 256 }, (_, byte) => byte).filter(printableAscii);
  t.deepEqual(printing, Array.from({ length: 95 }, (_, index) => index + 32));
});

test("what changes a terminal, or the direction of a text, does not print; all else does", (t) => {
  for (const text of ["", " ", "~", "a b", "é", "日本", "😀"]) t.true(isPrintable(text), JSON.stringify(text));
  for (const code of [0, 7, 9, 10, 13, 27, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0x202e, 0x2066]) t.false(isPrintable(`a${String.fromCodePoint(code)}`), code.toString(16));
});

test("only well-formed UTF-8 is text, and a byte order mark stays", (t) => {
  t.is(decodeUtf8(Buffer.from("é")), "é");
  t.is(decodeUtf8(Buffer.from([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) t.is(decodeUtf8(Buffer.from(bytes)), null);
});
