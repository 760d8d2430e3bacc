/** Checksums and digests: CRC-32 of zlib, SHA-256. The only importer of node:zlib and node:crypto in this folder. */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { MARKER_LENGTH } from "./constants.js";

/**
 * CRC-32 (that of zlib, gzip and PNG: reflected polynomial 0xEDB88320, start and final XOR 0xFFFFFFFF) of the parts, one after the other.
 * @returns unsigned 32-bit number
 */
export function crcOf(...parts: readonly Uint8Array[]): number {
  let crc = 0;
  for (const part of parts) crc = crc32(part, crc);
  return crc;
}

/** CRC-32 of what `crc` is the CRC-32 of, and of `part` behind it. */
export function crcOn(crc: number, part: Uint8Array): number {
  return crc32(part, crc);
}

/** SHA-256 over the encoded entries of one keyspace, fed block by block. */
export class EntryDigest {
  readonly #hash = createHash("sha256");

  /** Adds the next encoded entries. */
  update(raw: Uint8Array): void {
    this.#hash.update(raw);
  }

  /** Digest of all that was added so far, 32 bytes. */
  value(): Uint8Array {
    return new Uint8Array(this.#hash.copy().digest());
  }
}

/**
 * The marker that all frames of a dump carry: the first eight bytes of SHA-256 over the payload of its header, to which
 * it binds them. Random because the dump's id is, and the same again when the header is.
 */
export function markerOf(headerPayload: Uint8Array): Uint8Array {
  const digest = createHash("sha256").update(headerPayload).digest();
  return new Uint8Array(digest.subarray(0, MARKER_LENGTH));
}
