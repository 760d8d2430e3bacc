/** Guessing what an input is that is not a dump, so that the error can say so. */

const SIGNATURES: readonly (readonly [start: string, guess: string])[] = [
  ["\x1f\x8b", "it looks like gzip: decompress it first (gunzip)"],
  ["\x28\xb5\x2f\xfd", "it looks like a zstd file: decompress it first (unzstd)"],
  ["\x04\x22\x4d\x18", "it looks like an LZ4 file: decompress it first (unlz4)"],
  ["\xfd7zXZ\x00", "it looks like xz: decompress it first (unxz)"],
  ["BZh", "it looks like bzip2: decompress it first (bunzip2)"],
  ["PK\x03\x04", "it looks like a zip archive: unpack it first"],
  ["age-encryption.org/", "it is encrypted with age: decrypt it first"],
  ["\xff\xfe", "it begins like UTF-16 text; PowerShell's > re-encodes binary data: let kgdump write the file itself with -o"],
  ["\xef\xbf\xbd\x0eKKGDUMP", "it was re-encoded as text on the way: transfer it as binary data"],
  ["\xc3\x87\x0eKKGDUMP", "it was re-encoded as text on the way: transfer it as binary data"],
  ["\xc7\x0eKKGDUMP", "line ends were changed on the way: transfer it as binary data, not as text"],
  ["KGDUMP", "the first bytes of the dump are missing"],
  ["MANIFEST-", "it is the file CURRENT of a RocksDB store: give the store's directory to kgdump export"],
  ["SQLite format 3\x00", "it looks like an SQLite database"],
  ["<", "it looks like HTML or XML, perhaps an error page instead of the file"],
  ["{", "it looks like JSON"],
  ["[", "it looks like JSON"],
];

/**
 * What bytes look like that should have been a dump.
 * @param start the first bytes, some hundred if there are as many
 * @returns a sentence without a full stop
 */
export function guessFormat(start: Uint8Array): string {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("latin1");
  if (text.slice(257, 262) === "ustar") return "it looks like a tar archive: unpack it first";
  const found = SIGNATURES.find(([signature]) => text.startsWith(signature));
  if (found !== undefined) return found[1];
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) return "it looks like text, perhaps the message of a program that failed";
  return "give a file or stream that kgdump export wrote";
}
