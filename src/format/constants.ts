/**
 * The fixed bytes, numbers and limits of the dump format. format-spec/README.md is the authority; a test holds the two together.
 */

/** Major version: a reader refuses a dump of another one. */
export const FORMAT_MAJOR = 1;

/** Minor version: what a newer one adds, this reader may skip. */
export const FORMAT_MINOR = 1;

/** Both: what a writer writes. */
export const FORMAT_VERSION = { major: FORMAT_MAJOR, minor: FORMAT_MINOR } as const;

/** Ext type of the magic, "K". */
export const MAGIC_TYPE = 0x4b;

/** What the magic says before the version: CR LF, SUB and LF show a transfer in text mode. */
export const MAGIC_TEXT = "KGDUMP\r\n\x1a\n";

/** Bytes of the magic: ext 8 head 3, text 10, major 2, minor 2. */
export const MAGIC_LENGTH = 17;

/** Ext type of the tail, "Z". */
export const TAIL_TYPE = 0x5a;

/** The last eight bytes of every complete dump. */
export const TAIL_TEXT = "KGDEND\r\n";

/** Bytes of the tail: ext 8 head 3, footer offset 8, file length 8, CRC-32 4, text 8. */
export const TAIL_LENGTH = 31;

/** Bytes of a frame before its payload: array 1, ext 8 head 3, prelude 24, bin 32 head 5. */
export const FRAME_HEAD_LENGTH = 33;

/** Bytes of the prelude: marker 8, sequence 4, payload length 4, payload CRC-32 4, prelude CRC-32 4. */
export const PRELUDE_LENGTH = 24;

/** Bytes of the marker that all frames of one dump share: a hash of its header. */
export const MARKER_LENGTH = 8;

/** Bytes of a SHA-256 digest. */
export const DIGEST_LENGTH = 32;

/** Kinds of frames: ext types that are upper-case letters, so that they can be seen in a hex dump. */
export const Kind = {
  header: 0x48, // H
  keyspaceStart: 0x53, // S
  block: 0x42, // B
  index: 0x49, // I
  gap: 0x47, // G
  keyspaceEnd: 0x45, // E
  footer: 0x46, // F
  abort: 0x41, // A
} as const;

/** A kind with this bit (a lower-case letter) may be skipped by a reader that does not know it. */
export const SKIPPABLE_BIT = 0x20;

/** An index frame follows at the latest after this many blocks. */
export const INDEX_BLOCKS = 1024;

/** … or after the block with which the waiting index entries reach this many bytes. */
export const INDEX_BYTES = 1024 * 1024;

/** The footer repeats the first key of an index frame up to this many bytes; for a longer one it has nil. */
export const FOOTER_KEY_BYTES = 256;

/** Raw bytes of a block that writers aim at. */
export const DEFAULT_BLOCK_SIZE = 1024 * 1024;

/** The longest reason, in UTF-8 bytes, that an abort frame carries; a writer cuts a longer one. */
export const ABORT_REASON_BYTES = 4096;

/** What a frame's 32-bit length can say at most. */
export const MAX_PAYLOAD_LENGTH = 0xffff_ffff;

/** What a 32-bit sequence number can say at most. */
export const MAX_SEQUENCE = 0xffff_ffff;

// ---------------------------------------------------------------------------------------------------------------------
// Limits: what a reader refuses, unless told otherwise, before it allocates anything for it (DUMP_LIMIT_EXCEEDED).

const MiB = 1024 * 1024;

/** Bytes of one key. */
export const LIMIT_KEY = 16 * MiB;

/** Bytes of one value. */
export const LIMIT_VALUE = 1024 * MiB;

/** Bytes of one decoded block: an entry with the longest key and value that are allowed, and their heads. */
export const LIMIT_RAW_BLOCK = LIMIT_KEY + LIMIT_VALUE + 10;

/** Bytes of one frame's payload: a block of that size that is stored plain, its first and last key, and the rest of its head. */
export const LIMIT_PAYLOAD = LIMIT_RAW_BLOCK + 2 * LIMIT_KEY + 64;

/** Number of keyspaces. */
export const LIMIT_KEYSPACES = 65_536;

/** Bytes of a keyspace's name. */
export const LIMIT_NAME = 65_535;

/** Bytes of a text (producer, filter note, option), in UTF-8. */
export const LIMIT_TEXT = 65_535;

/** Number of source options, of all keyspaces together. */
export const LIMIT_OPTIONS = 262_144;

/** Keys of a map in a payload, other than one of source options. */
export const LIMIT_FIELDS = 1024;

/** Number of index frames: enough for 256 TiB in blocks of 1 MiB. */
export const LIMIT_INDEX_FRAMES = 262_144;

/** Bytes of the header's payload. */
export const LIMIT_HEADER = 16 * MiB;

/** Bytes of the footer's payload. */
export const LIMIT_FOOTER = 32 * MiB;

/** Bytes of the payload of a keyspace-start, keyspace-end or abort frame. */
export const LIMIT_SMALL_PAYLOAD = 128 * 1024;

/** Bytes of the payload of a gap frame, besides its two keys. */
export const LIMIT_GAP = 256;

/** Bytes of the payload of a frame that is skipped. */
export const LIMIT_SKIPPED_PAYLOAD = 16 * MiB;

/** Bytes of the name of a field, in UTF-8. */
export const LIMIT_FIELD_NAME = 255;

/** Arrays and maps within one another in the value of a field that is skipped. */
export const LIMIT_NESTING = 8;

/** A block may be decoded freely up to this many raw bytes; beyond, its expansion is limited. */
export const FREE_EXPANSION = 16 * MiB;

/** Raw bytes for each stored byte, at most, of a block larger than that. LZ4 cannot do more than 255. */
export const LIMIT_EXPANSION = 256;
