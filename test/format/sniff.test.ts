/** What is said of files that are no dump. */
import test from "ava";
import { guessFile, guessFormat } from "#src/format/sniff.js";

const of = (text: string, encoding: BufferEncoding = "utf8"): string => guessFormat(Buffer.from(text, encoding));
const MAGIC = "\xc7\x0eKKGDUMP\r\n\x1a\n";
const NOTHING = "give a file or stream that kgdump export wrote";

test("text is quoted by its first line that has some, whatever its language, and no more than a line of it", (t) => {
  t.is(of("\n \t\n  no such bucket \nmore\n"), 'it is text, perhaps the message of a program that failed: "no such bucket"');
  t.is(of("\u001b[31mDatei nicht gefunden: Größe\u001b[0m"), 'it is text, perhaps the message of a program that failed: "\u001b[31mDatei nicht gefunden: Größe\u001b[0m"');
  t.is(of("ü".repeat(120)), `it is text, perhaps the message of a program that failed: "${"ü".repeat(120)}"`);
  t.is(of("ü".repeat(121)), `it is text, perhaps the message of a program that failed: "${"ü".repeat(120)}…"`);
  // Of the first bytes of a file, the last character may be a part of one.
  t.is(guessFormat(Buffer.from("größ").subarray(0, -1)), 'it is text, perhaps the message of a program that failed: "grö"');
});

test("lines that a terminal ended are told, as it changes dumps too", (t) => {
  t.regex(of("one\r\ntwo\r\n"), /: "one"; its lines end with CR and LF: a terminal may stand between/);
  t.notRegex(of("one\ntwo\r\r\n"), /terminal/);
});

test("nothing is said of what is empty, blank or no text", (t) => {
  for (const text of ["", " \n\t\r\n", "\u00a0\n\u00a0", "a\u0000b", "a\u0001b"]) t.is(of(text), NOTHING, JSON.stringify(text));
  t.is(of("caf\xe9 is no UTF-8", "latin1"), NOTHING);
});

test("words before a dump are quoted, and whose fault they are; a dump alone is one", (t) => {
  t.is(of(`Welcome to host\n${MAGIC}\x92\x04`, "latin1"), 'it begins with the text "Welcome to host", and the dump comes after that: let nothing else write into the pipe (a shell\'s greeting, another program\'s messages)');
  // Also behind words that look like something else.
  t.regex(of(`{"level":"info"}\n${MAGIC}`, "latin1"), /^it begins with the text "\{"level":"info"\}", and the dump/);
  t.is(of(`{"a":\u0000}${MAGIC}`, "latin1"), "it looks like JSON");
  t.is(of(MAGIC, "latin1"), "it begins as a dump does");
  t.is(of(`\u0000\u0001${MAGIC}`, "latin1"), NOTHING);
});

test("files of other programs are known by their first bytes, and only where those belong", (t) => {
  const known: Readonly<Record<string, string>> = { "\x1f\x8b\x08": "gzip", "\x28\xb5\x2f\xfd": "zstd", [`${"\0".repeat(257)}ustar`]: "tar", "SQLite format 3\0": "SQLite", [`${"\0".repeat(16)}\xde\xc0\xef\xbe`]: "LMDB", "\xff\xfeM\0": "UTF-16", "<html>": "HTML", "[1]": "JSON" };
  for (const [start, name] of Object.entries(known)) t.true(of(start, "latin1").includes(name), name);
  t.is(guessFile(Buffer.from("\xde\xc0\xef\xbe", "latin1")), undefined);
  t.true(guessFile(Buffer.from("SQLite format 3\0"))?.database);
  t.is(guessFile(Buffer.from("BZh9"))?.database, undefined);
});
