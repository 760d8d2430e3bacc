/** Guessing what bytes are that are no dump, or no store, so that the error can say so. */

/** What a file looks like. */
export interface Guess {
  /** As in "PATH is …". */
  readonly what: string;
  /** What to do when it should have been a dump. */
  readonly asDump: string;
  /** What to do when it should have been a store. */
  readonly inStore: string;
  /** Set for the database of another program. */
  readonly database?: true;
}

const READS = "kgdump reads RocksDB, LevelDB and sled";
const UNPACK = "unpack it first, and name the directory of the store that comes out";

interface Signature extends Guess {
  readonly start: string;
  /** Bytes in front of it; default 0. */
  readonly at?: number;
}

function archive(start: string, name: string, how: string, at = 0): Signature {
  return { start, at, what: `a file in ${name} format`, asDump: `it looks like ${name}: ${how}`, inStore: UNPACK };
}

function database(start: string, what: string, asDump: string, at = 0): Signature {
  return { start, at, what, asDump, database: true, inStore: `${READS}: let the program that owns it write its entries into one of these` };
}

function changed(start: string, asDump: string): Signature {
  return { start, what: "a dump that was changed on its way", asDump, inStore: "a dump is read by kgdump import, restore, verify and inspect" };
}

function text(start: string, what: string, asDump: string): Signature {
  return { start, what, asDump, inStore: "name the directory that holds the store's own files" };
}

const SIGNATURES: readonly Signature[] = [
  {
    start: "\xc7\x0eKKGDUMP\r\n\x1a\n",
    what: "a dump",
    asDump: "it begins as a dump does",
    inStore: "a dump is read by kgdump import, restore, verify and inspect; export makes one of a store",
  },
  archive("\x1f\x8b", "gzip", "decompress it first (gunzip)"),
  archive("\x28\xb5\x2f\xfd", "zstd", "decompress it first (unzstd)"),
  archive("\x04\x22\x4d\x18", "LZ4", "decompress it first (unlz4)"),
  archive("\xfd7zXZ\x00", "xz", "decompress it first (unxz)"),
  archive("BZh", "bzip2", "decompress it first (bunzip2)"),
  archive("PK\x03\x04", "zip", "unpack it first"),
  archive("7z\xbc\xaf\x27\x1c", "7-Zip", "unpack it first"),
  archive("ustar", "tar", "unpack it first", 257),
  archive("age-encryption.org/", "age", "it is encrypted: decrypt it first (age -d)"),
  archive("-----BEGIN PGP", "OpenPGP", "it is encrypted: decrypt it first (gpg -d)"),
  database("SQLite format 3\x00", "an SQLite database", "it looks like an SQLite database"),
  database("redb\x1a\n\xa9\r\n", "a database of redb", "it looks like a database of redb"),
  database("\xde\xc0\xef\xbe", "a database of LMDB", "it looks like a database of LMDB", 16),
  database("\xed\xda\x0c\xed", "a database of bbolt", "it looks like a database of bbolt", 16),
  database("DUCK", "a database of DuckDB", "it looks like a database of DuckDB", 8),
  text("\xff\xfe", "UTF-16 text", "it begins like UTF-16 text; PowerShell's > re-encodes binary data: let kgdump write the file itself with -o"),
  changed("\xef\xbf\xbd\x0eKKGDUMP", "it was re-encoded as text on the way: transfer it as binary data"),
  changed("\xc3\x87\x0eKKGDUMP", "it was re-encoded as text on the way: transfer it as binary data"),
  changed(
    "\xc7\x0eKKGDUMP\r\r\n",
    "a terminal stands between: it put CR before each LF; connect without one (ssh without -t), or transfer a file",
  ),
  changed("\xc7\x0eKKGDUMP", "line ends were changed on the way: transfer it as binary data, not as text"),
  changed("KGDUMP", "the first bytes of the dump are missing"),
  text("MANIFEST-", "the file CURRENT of a RocksDB store", "it is the file CURRENT of a RocksDB store: give the store's directory to kgdump export"),
  text("<", "HTML or XML", "it looks like HTML or XML, perhaps an error page instead of the file"),
  text("{", "JSON", "it looks like JSON"),
  text("[", "JSON", "it looks like JSON"),
];

/** Characters of a line that are quoted. */
const QUOTED = 120;
/** Bytes before the dump that may be another program's words. */
const MAGIC_WORD = "\xc7\x0eKKGDUMP";

/**
 * Tells what a file looks like by its first bytes.
 * @param start the first bytes, some hundred if there are as many
 * @returns undefined when they tell nothing
 */
export function guessFile(start: Uint8Array): Guess | undefined {
  const bytes = latin1(start);
  return SIGNATURES.find(({ start: signature, at = 0 }) => bytes.startsWith(signature, at));
}

/**
 * What bytes look like that should have been a dump.
 * @param start the first bytes, some hundred if there are as many
 * @returns a sentence without a full stop
 */
export function guessFormat(start: Uint8Array): string {
  const bytes = latin1(start);
  const found = guessFile(start);
  // What is known is told, unless a dump follows other words.
  const lines = found === undefined || bytes.indexOf(MAGIC_WORD) > 0 ? wordsBefore(bytes) : undefined;
  return lines ?? found?.asDump ?? "give a file or stream that kgdump export wrote";
}

/** What is said about text: its first line, and whether a dump follows it. */
function wordsBefore(bytes: string): string | undefined {
  const magic = bytes.indexOf(MAGIC_WORD);
  const words = textOf(magic > 0 ? bytes.slice(0, magic) : bytes);
  const line = words?.split(/[\r\n]+/).map((one) => one.trim()).find((one) => one !== "");
  if (words === undefined || line === undefined) return undefined;
  const shown = line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line;
  if (magic > 0) return `it begins with the text "${shown}", and the dump comes after that: let nothing else write into the pipe (a shell's greeting, another program's messages)`;
  const terminal = /[^\r]\r\n/.test(words) ? "; its lines end with CR and LF: a terminal may stand between (ssh -t), which changes a dump" : "";
  return `it is text, perhaps the message of a program that failed: "${shown}"${terminal}`;
}

/** The text that bytes are in UTF-8, but for a character that may be cut at their end; undefined for what is no text, or has controls besides a terminal's. */
function textOf(bytes: string): string | undefined {
  const decoded = Buffer.from(bytes, "latin1").toString("utf8").replace(/\ufffd$/, "");
  return decoded.includes("\ufffd") || !/^[\t\n\r\x20-\xff]+$/.test(bytes.replaceAll("\u001b", "")) ? undefined : decoded;
}

function latin1(start: Uint8Array): string {
  return Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("latin1");
}
