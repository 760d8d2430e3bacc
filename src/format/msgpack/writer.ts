/** Writing MessagePack: the few types that the format uses, each in its shortest form (github.com/msgpack/msgpack/blob/master/spec.md). */

const U32 = 0x1_0000_0000;

/** Head of a `bin` with `length` bytes, in its shortest form. */
export function binHead(length: number): Uint8Array {
  if (length < 0x100) return Uint8Array.of(0xc4, length);
  if (length < 0x1_0000) return Uint8Array.of(0xc5, length >>> 8, length);
  return Uint8Array.of(0xc6, length >>> 24, length >>> 16, length >>> 8, length);
}

/** Collects MessagePack values in one growing buffer. Each method returns the writer itself. */
export class MsgpackWriter {
  #buffer = new Uint8Array(256);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** Bytes that are MessagePack already. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Nothing. */
  nil(): this {
    return this.#byte(0xc0);
  }

  /**
   * An unsigned integer.
   * @throws {RangeError} unless it is a safe integer (as a number) or fits 64 bits (as a bigint), and not negative
   */
  uint(value: number | bigint): this {
    if (typeof value === "bigint" ? value < 0n || value >= 1n << 64n : !Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`not an unsigned integer: ${String(value)}`);
    }
    const small = Number(value);
    if (small < 0x80) return this.#byte(small);
    if (small < 0x100) return this.#byte(0xcc).#number(small, 1);
    if (small < 0x1_0000) return this.#byte(0xcd).#number(small, 2);
    if (small < U32) return this.#byte(0xce).#number(small, 4);
    this.#byte(0xcf);
    this.#room(8);
    this.#view.setBigUint64(this.#length, BigInt(value));
    this.#length += 8;
    return this;
  }

  /** Text, as UTF-8. A lone surrogate becomes U+FFFD. */
  str(text: string): this {
    const bytes = Buffer.from(text, "utf8");
    const { length } = bytes;
    if (length < 32) this.#byte(0xa0 | length);
    else if (length < 0x100) this.#byte(0xd9).#number(length, 1);
    else if (length < 0x1_0000) this.#byte(0xda).#number(length, 2);
    else this.#byte(0xdb).#number(length, 4);
    return this.raw(bytes);
  }

  /** Bytes. */
  bin(bytes: Uint8Array): this {
    return this.raw(binHead(bytes.length)).raw(bytes);
  }

  /** Head of an array; its elements follow. */
  array(length: number): this {
    return this.#container(length, 0x90, 0xdc);
  }

  /** Head of a map; its keys and values follow in turn. */
  map(length: number): this {
    return this.#container(length, 0x80, 0xde);
  }

  #container(length: number, fixed: number, long: number): this {
    if (length < 16) return this.#byte(fixed | length);
    if (length < 0x1_0000) return this.#byte(long).#number(length, 2);
    return this.#byte(long + 1).#number(length, 4);
  }

  #byte(value: number): this {
    return this.#number(value, 1);
  }

  /** A big-endian number of 1, 2 or 4 bytes */
  #number(value: number, size: 1 | 2 | 4): this {
    this.#room(size);
    if (size === 1) this.#view.setUint8(this.#length, value);
    else if (size === 2) this.#view.setUint16(this.#length, value);
    else this.#view.setUint32(this.#length, value);
    this.#length += size;
    return this;
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    bigger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = bigger;
    this.#view = new DataView(bigger.buffer);
  }
}
