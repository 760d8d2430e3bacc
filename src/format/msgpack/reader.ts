/**
 * Reading MessagePack strictly: only the types that the format uses, only in their shortest form, never more memory
 * than the input justifies. It takes a payload whose checksum is right but whose author may be hostile.
 */

import { KgdumpError } from "../../errors.js";
import { DIGEST_LENGTH, LIMIT_FIELD_NAME, LIMIT_FIELDS, LIMIT_NESTING } from "../constants.js";

/** How each field of a map is read. */
export type Shape<T> = { readonly [K in keyof T]: (reader: MsgpackReader, field: string) => T[K] };

/**
 * Reads a SHA-256 digest.
 * @returns a copy, 32 bytes
 * @throws {KgdumpError} DUMP_MALFORMED
 */
export function digest(reader: MsgpackReader, field: string): Uint8Array {
  const bytes = reader.bin(field, Infinity);
  if (bytes.length !== DIGEST_LENGTH) throw reader.malformed(field, `has ${String(bytes.length)} bytes, not ${String(DIGEST_LENGTH)}`);
  return new Uint8Array(bytes);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the values of one payload front to back. Byte arrays that it returns are views of the payload. */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #position = 0;

  /**
   * @param bytes one payload
   * @param what its name in error messages, such as "header"
   */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** Bytes that are not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /**
   * An unsigned integer up to `max`.
   * @throws {KgdumpError} DUMP_MALFORMED when there is none
   */
  uint(field: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#integer(field);
    if (value > max) throw this.malformed(field, `is ${String(value)}, more than ${String(max)}`);
    return Number(value);
  }

  /**
   * An unsigned integer of 64 bits.
   * @throws {KgdumpError} DUMP_MALFORMED when there is none
   */
  biguint(field: string): bigint {
    return BigInt(this.#integer(field));
  }

  /**
   * A byte string of at most `max` bytes, as a view.
   * @throws {KgdumpError} DUMP_MALFORMED when there is none, DUMP_LIMIT_EXCEEDED when it is longer
   */
  bin(field: string, max: number): Uint8Array {
    const type = this.#byte(field);
    if (type < 0xc4 || type > 0xc6) throw this.#wrongType(field, "a bin", type);
    const size = 1 << (type - 0xc4);
    return this.#body(field, this.#length(field, size, size === 1 ? 0 : 1 << (size * 4)), max);
  }

  /**
   * Text of at most `max` bytes of valid UTF-8.
   * @throws {KgdumpError} DUMP_MALFORMED when there is none, DUMP_LIMIT_EXCEEDED when it is longer
   */
  str(field: string, max: number): string {
    const type = this.#byte(field);
    let length = type & 0x1f;
    if (type >= 0xd9 && type <= 0xdb) {
      const size = 1 << (type - 0xd9);
      length = this.#length(field, size, size === 1 ? 32 : 1 << (size * 4));
    } else if (type < 0xa0 || type > 0xbf) throw this.#wrongType(field, "a str", type);
    const body = this.#body(field, length, max);
    try {
      return UTF8.decode(body);
    } catch (cause) {
      throw this.malformed(field, "is not valid UTF-8", cause);
    }
  }

  /** What `read` gives, or null when the value is nil. */
  nullable<T>(read: () => T): T | null {
    if (this.#bytes[this.#position] !== 0xc0) return read();
    this.#position += 1;
    return null;
  }

  /**
   * Head of an array.
   * @param least bytes that an element takes at least
   * @param max elements that are allowed
   * @returns its length, which the rest of the payload can hold
   * @throws {KgdumpError} DUMP_MALFORMED when there is none, DUMP_LIMIT_EXCEEDED when it is longer
   */
  array(field: string, least = 1, max = Infinity): number {
    return this.#container(field, "an array", 0x90, 0xdc, least, max);
  }

  /**
   * Head of an array of exactly `length` elements.
   * @throws {KgdumpError} DUMP_MALFORMED when there is none
   */
  tuple(field: string, length: number): void {
    const actual = this.array(field);
    if (actual !== length) throw this.malformed(field, `has ${String(actual)} elements, not ${String(length)}`);
  }

  /**
   * Head of a map.
   * @param max pairs that are allowed
   * @returns its length in pairs, which the rest of the payload can hold
   * @throws {KgdumpError} DUMP_MALFORMED when there is none, DUMP_LIMIT_EXCEEDED when it is longer
   */
  mapHead(field: string, max = Infinity): number {
    return this.#container(field, "a map", 0x80, 0xde, 2, max);
  }

  /**
   * A map with text keys, each of the shape's exactly once, in any order.
   * @param lenient skip keys that are not in the shape, as in a dump of a newer minor version
   * @throws {KgdumpError} DUMP_MALFORMED for a missing, doubled or (unless lenient) unknown key, or a value of another type
   */
  fields<T>(field: string, shape: Shape<T>, lenient: boolean): T {
    const found = new Map<string, unknown>();
    for (let left = this.mapHead(field, LIMIT_FIELDS); left > 0; left -= 1) {
      const key = this.str(`${field} key`, LIMIT_FIELD_NAME);
      const name = field === "" ? key : `${field}.${key}`;
      if (found.has(key)) throw this.malformed(name, "is there twice");
      if (Object.hasOwn(shape, key)) found.set(key, shape[key as keyof T](this, name));
      else if (lenient) {
        this.skip(name);
        found.set(key, undefined);
      } else throw this.malformed(name, "is not a field of this version");
    }
    const names = Object.keys(shape);
    for (const name of names) {
      if (!found.has(name)) throw this.malformed(field === "" ? name : `${field}.${name}`, "is missing");
    }
    return Object.fromEntries(names.map((name) => [name, found.get(name)])) as T;
  }

  /**
   * Passes over one value of any type that the format allows, with at most LIMIT_NESTING arrays and maps within one another.
   * @param depth arrays and maps around it
   * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED
   */
  skip(field: string, depth = 0): void {
    const type = this.#bytes[this.#position] ?? 0xc1;
    if (type === 0xc0 || type === 0xc2 || type === 0xc3) this.#position += 1;
    else if (type < 0x80 || (type >= 0xcc && type <= 0xcf)) this.biguint(field);
    else if (type >= 0xc4 && type <= 0xc6) this.bin(field, Infinity);
    else if ((type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb)) this.str(field, Infinity);
    else if ((type >= 0x90 && type <= 0x9f) || type === 0xdc || type === 0xdd) this.#skipArray(field, depth + 1);
    else if (type <= 0x8f || type === 0xde || type === 0xdf) this.#skipMap(field, depth + 1);
    else throw this.#wrongType(field, "a value that a payload may hold", this.#byte(field));
  }

  /**
   * Says that the payload must end here.
   * @throws {KgdumpError} DUMP_MALFORMED when it does not
   */
  end(): void {
    if (this.remaining > 0) throw this.malformed("payload", `has ${String(this.remaining)} bytes too many`);
  }

  /** The error for a field that is not as the specification says. */
  malformed(field: string, problem: string, cause?: unknown): KgdumpError {
    return new KgdumpError("DUMP_MALFORMED", `${this.#what}: ${field} ${problem}`, { cause });
  }

  /** A bigint only where a number may not do. */
  #integer(field: string): number | bigint {
    const type = this.#byte(field);
    if (type < 0x80) return type;
    if (type < 0xcc || type > 0xcf) throw this.#wrongType(field, "an unsigned integer", type);
    const size = 1 << (type - 0xcc);
    const at = this.#take(field, size);
    const value = size === 8 ? this.#view.getBigUint64(at) : this.#number(at, size);
    const least = size === 1 ? 0x80 : 2 ** (size * 4);
    if (value < least) throw this.malformed(field, "is an integer not in its shortest form");
    return value;
  }

  #skipArray(field: string, depth: number): void {
    this.#nest(field, depth);
    for (let left = this.array(field); left > 0; left -= 1) this.skip(field, depth);
  }

  #skipMap(field: string, depth: number): void {
    this.#nest(field, depth);
    const keys = new Set<string>();
    for (let left = this.mapHead(field, LIMIT_FIELDS); left > 0; left -= 1) {
      const key = this.str(`${field} key`, LIMIT_FIELD_NAME);
      if (keys.has(key)) throw this.malformed(`${field}.${key}`, "is there twice");
      keys.add(key);
      this.skip(field, depth);
    }
  }

  #nest(field: string, depth: number): void {
    if (depth <= LIMIT_NESTING) return;
    throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `${this.#what}: ${field} nests deeper than ${String(LIMIT_NESTING)} levels`);
  }

  #container(field: string, wanted: string, fixed: number, long: number, least: number, max: number): number {
    const type = this.#byte(field);
    let length = type & 0x0f;
    if (type === long) length = this.#length(field, 2, 16);
    else if (type === long + 1) length = this.#length(field, 4, 0x1_0000);
    else if ((type & 0xf0) !== fixed) throw this.#wrongType(field, wanted, type);
    if (length > max) {
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `${this.#what}: ${field} has ${String(length)} elements, more than the limit of ${String(max)}`);
    }
    if (length * least > this.remaining) throw this.malformed(field, `claims ${String(length)} elements, more than follow`);
    return length;
  }

  #body(field: string, length: number, max: number): Uint8Array {
    if (length > max) {
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `${this.#what}: ${field} has ${String(length)} bytes, more than the limit of ${String(max)}`);
    }
    const at = this.#take(field, length);
    return this.#bytes.subarray(at, at + length);
  }

  #length(field: string, size: number, least: number): number {
    const length = this.#number(this.#take(field, size), size);
    if (length < least) throw this.malformed(field, "has a length not in its shortest form");
    return length;
  }

  #number(at: number, size: number): number {
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #byte(field: string): number {
    return this.#view.getUint8(this.#take(field, 1));
  }

  #take(field: string, length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) throw this.malformed(field, "is cut off by the payload's end");
    this.#position = at + length;
    return at;
  }

  #wrongType(field: string, wanted: string, type: number): KgdumpError {
    return this.malformed(field, `is not ${wanted} (type byte 0x${type.toString(16).padStart(2, "0")})`);
  }
}
