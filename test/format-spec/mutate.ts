/** Mutations of the vectors that know the format: checksums, numbers, the marker and the tail are made right again, so that they get deep. */
import { markerOf } from "#src/format/checksum.js";
import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead, encodeTail } from "#src/format/frame.js";

/** A random number generator: a whole number from 0 to `below` - 1. */
export type Random = (below: number) => number;

/** A generator by a seed (a linear congruential one, Numerical Recipes). */
export function randomBy(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Values that fields may not be ready for. */
const VALUES = ["00", "01", "02", "7f", "cc80", "cd0100", "ce00010000", "ceffffffff", "cf001fffffffffffff", "cf0020000000000000", "c0", "c3", "c400", "a0", "80", "90", "ff", "c40161", "dcffff", "dfffffffff"];

interface Part {
  readonly kind: number;
  readonly payload: Buffer;
}

/** The frames of a dump, as far as they can be told. */
function partsOf(dump: Buffer): Part[] {
  const parts: Part[] = [];
  for (let offset = MAGIC_LENGTH; offset + FRAME_HEAD_LENGTH <= dump.length && dump[offset] === 0x92;) {
    const end = offset + FRAME_HEAD_LENGTH + dump.readUInt32BE(offset + 29);
    if (end > dump.length) break;
    parts.push({ kind: dump.readUInt8(offset + 3), payload: dump.subarray(offset + FRAME_HEAD_LENGTH, end) });
    offset = end;
  }
  return parts;
}

const pick = <T>(random: Random, from: readonly T[]): T | undefined => from[random(from.length)];

/** Changes, removes or adds a few bytes of a payload. */
function changed(payload: Buffer, random: Random): Buffer {
  const at = random(payload.length + 1);
  const [before, after] = [payload.subarray(0, at), payload.subarray(at)];
  const value = Buffer.from(pick(random, VALUES) ?? "", "hex");
  switch (random(5)) {
    case 0:
      return Buffer.concat([before, Buffer.of(random(256)), after.subarray(1)]);
    case 1:
      return Buffer.concat([before, value, after.subarray(1)]);
    case 2:
      return Buffer.concat([before, value, after]);
    case 3:
      return Buffer.concat([before, after.subarray(1 + random(3))]);
    default:
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (1 << random(8))), after.subarray(1)]);
  }
}

function mutateParts(parts: readonly Part[], sources: readonly Buffer[], random: Random): Part[] {
  const place = random(parts.length);
  const part = parts[place];
  if (part === undefined) return [...parts];
  switch (random(8)) {
    case 0:
      return parts.toSpliced(place, 1);
    case 1:
      return parts.toSpliced(random(parts.length + 1), 0, part);
    case 2:
      return parts.toSpliced(random(parts.length + 1), random(2), ...partsOf(pick(random, sources) ?? Buffer.alloc(0)).slice(0, 1 + random(4)).slice(-1));
    default:
      return parts.with(place, { ...part, payload: changed(part.payload, random) });
  }
}

/** A dump with one or two mutations, sometimes cut or with a flipped bit. */
export function mutated(sources: readonly Buffer[], random: Random): Buffer {
  const source = pick(random, sources) ?? Buffer.alloc(0);
  let parts = partsOf(source);
  for (let left = 1 + random(2); left > 0; left -= 1) parts = mutateParts(parts, sources, random);
  const header = parts.find(({ kind }) => kind === Kind.header);
  const marker = header === undefined || random(24) === 0 ? Buffer.alloc(8, 1) : markerOf(header.payload);
  const chunks: Uint8Array[] = [source.subarray(0, MAGIC_LENGTH)];
  let [offset, footer] = [MAGIC_LENGTH, 0];
  for (const [sequence, { kind, payload }] of parts.entries()) {
    const head = encodeFrameHead(kind, marker, sequence, [payload]);
    chunks.push(head, payload);
    if (kind === Kind.footer) footer = offset;
    offset += head.length + payload.length;
  }
  const whole = Buffer.concat(footer === 0 ? chunks : [...chunks, encodeTail(footer, offset)]);
  const fate = random(12);
  if (fate === 0) return whole.subarray(0, random(whole.length));
  const place = random(whole.length);
  if (fate === 1 && whole.length > 0) whole.writeUInt8(whole.readUInt8(place) ^ (1 << random(8)), place);
  return whole;
}
