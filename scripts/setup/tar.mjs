// @ts-check
/** Reads tar archives of the form that cargo publishes: ustar, regular files and directories, long names by GNU's or pax headers. */
import { SetupError } from "./setup-error.mjs";

const BLOCK = 512;

/**
 * The regular files of a tar archive.
 * @param {Buffer} archive uncompressed
 * @returns {{ name: string, content: Buffer }[]}
 * @throws {SetupError} for an archive that is damaged, or that holds anything but files and directories
 */
export function filesOfTar(archive) {
  /** @type {{ name: string, content: Buffer }[]} */
  const files = [];
  let longName = "";
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    checkSum(header);
    const size = octal(header, 124, 12);
    const end = at + BLOCK + size;
    if (end > archive.length) break;
    const content = archive.subarray(at + BLOCK, end);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "L") longName = text(content, 0, content.length);
    else if (type === "x") longName = paxPath(content) ?? longName;
    else {
      const prefix = text(header, 345, 155);
      const name = longName || (prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
      longName = "";
      if (type === "0" || type === "\0") files.push({ name, content });
      else if (type !== "5" && type !== "g") throw new SetupError(`a tar archive holds ${name}, which is neither a file nor a directory`);
    }
    at = end + ((BLOCK - (size % BLOCK)) % BLOCK);
  }
  throw new SetupError("a tar archive ends in the middle");
}

/**
 * @param {Buffer} buffer
 * @param {number} start
 * @param {number} length
 */
function text(buffer, start, length) {
  const field = buffer.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString("utf8");
}

/**
 * @param {Buffer} buffer
 * @param {number} start
 * @param {number} length
 */
function octal(buffer, start, length) {
  const digits = text(buffer, start, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new SetupError("a tar archive has a damaged header");
  return Number.parseInt(digits, 8);
}

/** @param {Buffer} header */
function checkSum(header) {
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte;
  if (sum !== octal(header, 148, 8)) throw new SetupError("a tar archive has a damaged header");
}

/** @param {Buffer} records each "length key=value\n" */
function paxPath(records) {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records.toString("utf8"))?.[1];
}
