/** Mutations that know nothing of the format, and some that know MessagePack. */
import type { Random } from "./random.js";

const LENGTHS = [0, 1, 2, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const NUMBERS = [...LENGTHS, 2 ** 32, 2 ** 53 - 1];
const HUGE = [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** Bytes with some of them changed, gone, doubled, or put in from `other`. */
export function mutateBytes(input: Uint8Array, random: Random, other: Uint8Array = input): Buffer {
  let bytes: Buffer = Buffer.from(input);
  for (let times = 1 + random.below(random.pick([1, 1, 2, 6])); times > 0; times -= 1) bytes = mutateOnce(bytes, random, other);
  return bytes;
}

function mutateOnce(bytes: Buffer, random: Random, other: Uint8Array): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(random.pick([1, 4, 40, 400])));
  const inside = Math.min(at, Math.max(bytes.length - 1, 0));
  switch (random.below(9)) {
    case 0:
    case 1:
      if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(inside) ^ (1 << random.below(8)), inside);
      return bytes;
    case 2:
      if (bytes.length > 0) bytes.writeUInt8(random.pick([0, 1, 0x7f, 0x80, 0xc0, 0xc4, 0xff, random.below(256)]), inside);
      return bytes;
    case 3:
      if (at + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(LENGTHS), at);
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 6:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(9)), bytes.subarray(at)]);
    case 7: {
      const start = random.below(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(start, start + random.below(200)), bytes.subarray(end)]);
    }
    default:
      return random.once(4) ? Buffer.from(bytes.subarray(0, at)) : bytes.fill(random.below(256), at, end);
  }
}

/** Cuts MessagePack into heads (of arrays and maps) and values; what is cut off or unknown is one token. */
export function tokensOf(payload: Uint8Array): Buffer[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const tokens: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + Math.max(1, tokenLength(bytes, at)));
    tokens.push(bytes.subarray(at, end));
    at = end;
  }
  return tokens;
}

function tokenLength(bytes: Buffer, at: number): number {
  const type = bytes.readUInt8(at);
  const number = (size: number): number => (at + 1 + size <= bytes.length ? bytes.readUIntBE(at + 1, size) : bytes.length);
  if (type >= 0xa0 && type <= 0xbf) return 1 + (type & 0x1f);
  if (type >= 0xc4 && type <= 0xc6) return 1 + (1 << (type - 0xc4)) + number(1 << (type - 0xc4));
  if (type >= 0xd9 && type <= 0xdb) return 1 + (1 << (type - 0xd9)) + number(1 << (type - 0xd9));
  if (type >= 0xcc && type <= 0xcf) return 1 + (1 << (type - 0xcc));
  if (type === 0xdc || type === 0xde) return 3;
  return type === 0xdd || type === 0xdf ? 5 : 1;
}

/** A payload with some of its values changed, gone, doubled or swapped. */
export function mutateTokens(payload: Uint8Array, random: Random): Buffer {
  const tokens = tokensOf(payload);
  for (let times = 1 + random.below(random.pick([1, 1, 3])); times > 0 && tokens.length > 0; times -= 1) {
    const at = random.below(tokens.length);
    const token = random.pick(tokens);
    switch (random.below(8)) {
      case 0:
        tokens.splice(at, 1);
        break;
      case 1:
        tokens.splice(at, 0, token);
        break;
      case 2:
        tokens.splice(at, 1, token);
        break;
      default:
        tokens.splice(at, 1, otherValue(tokens[at] ?? token, random));
    }
  }
  return Buffer.concat(tokens);
}

function otherValue(token: Buffer, random: Random): Buffer {
  const type = token[0] ?? 0xc0;
  if (random.once(8)) return Buffer.from(random.pick([[0xc0], [0xc2], [0xc1], [0xff], [0xca, 0, 0, 0, 0], [0xc7, 0, 1], [0x90], [0x80], [0xd4, 1, 0]]));
  if (type < 0x80 || (type >= 0xcc && type <= 0xcf)) return otherInteger(token, random);
  if (type >= 0xc4 && type <= 0xc6) return bin(otherBody(token.subarray(1 + (1 << (type - 0xc4))), random), random);
  if (type >= 0xa0 && type <= 0xbf) return str(otherBody(token.subarray(1), random));
  if (type >= 0xd9 && type <= 0xdb) return str(otherBody(token.subarray(1 + (1 << (type - 0xd9))), random));
  if (type >= 0x80 && type <= 0x9f) return Buffer.of((type & 0xf0) | ((type + random.pick([1, 15, random.below(16)])) & 0x0f));
  const changed = Buffer.from(token);
  changed.writeUInt8(random.below(256), random.below(changed.length));
  return changed;
}

function otherInteger(token: Buffer, random: Random): Buffer {
  if (random.once(6)) {
    const bytes = Buffer.alloc(9, 0xcf);
    bytes.writeBigUInt64BE(random.pick(HUGE), 1);
    return bytes;
  }
  const value = token.length === 1 ? token.readUInt8(0) : token.length < 8 ? token.readUIntBE(1, token.length - 1) : 0;
  const near = Math.max(0, value + random.pick([-1, 1, -2, 2, 256, -256]));
  return integer(random.once(2) ? near : random.pick(NUMBERS), random);
}

/** An unsigned integer, mostly in its shortest form. */
export function integer(value: number, random: Random): Buffer {
  const long = random.once(12);
  if (value < 0x80 && !long) return Buffer.of(value);
  const size = value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 2 ** 32 ? 4 : 8;
  const bytes = Buffer.alloc(1 + (long && size < 4 ? 4 : size));
  bytes[0] = 0xcc + Math.log2(bytes.length - 1);
  if (bytes.length === 9) bytes.writeBigUInt64BE(BigInt(value), 1);
  else bytes.writeUIntBE(value, 1, bytes.length - 1);
  return bytes;
}

function otherBody(body: Buffer, random: Random): Buffer {
  switch (random.below(5)) {
    case 0:
      return random.bytes(random.pick([0, 1, 8, 31, 32, 33, 255, 256, 300]));
    case 1:
      return Buffer.concat([body, random.bytes(1)]);
    case 2:
      return Buffer.from(body.subarray(0, random.below(body.length + 1)));
    default: {
      const changed = Buffer.from(body);
      if (changed.length > 0) changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ (1 << random.below(8)), random.once(2) ? changed.length - 1 : 0);
      return changed;
    }
  }
}

function str(body: Buffer): Buffer {
  const head = body.length < 32 ? [0xa0 | body.length] : body.length < 0x100 ? [0xd9, body.length] : [0xda, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

/** A bin, mostly with its own length. */
function bin(body: Buffer, random: Random): Buffer {
  if (random.once(12)) {
    const head = Buffer.alloc(5, 0xc6);
    head.writeUInt32BE(random.pick(LENGTHS), 1);
    return Buffer.concat([head, body]);
  }
  const head = body.length < 0x100 ? [0xc4, body.length] : body.length < 0x1_0000 ? [0xc5, body.length >> 8, body.length & 0xff] : [0xc6, 0, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}
