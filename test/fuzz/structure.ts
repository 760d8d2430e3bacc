/** Mutations of a dump's parts, after which checksums, numbers and offsets are right again, so that readers get far. */
import { EntryDigest, markerOf } from "#src/format/checksum.js";
import { FOOTER_KEY_BYTES, FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead, encodeTail } from "#src/format/frame.js";
import { DEFAULT_LIMITS, type DumpFooter, type DumpHeader, encodeEntries, type Entry, type IndexLocation, iterateEntries, type KeyspaceTotals } from "#src/format/index.js";
import { IndexBuilder } from "#src/format/payload/block-index.js";
import { blockInfo, decodeBlock, encodeBlock } from "#src/format/payload/block.js";
import { decodeHeader } from "#src/format/payload/header.js";
import { encodeFooter, encodeKeyspaceEnd, sumTotals } from "#src/format/payload/totals.js";
import { mutateBytes, mutateTokens } from "./mutate-bytes.js";
import type { Random } from "./random.js";
import type { LooseDump, LooseFrame } from "./seeds.js";

/** Puts a dump together: right checksums, sequence and marker, and, when it is complete, a tail that names the last footer. */
export function assemble({ magic, marker, frames, complete }: LooseDump): Buffer {
  const parts: Uint8Array[] = [magic];
  let [offset, footer] = [magic.length, 0];
  for (const [sequence, { kind, payload }] of frames.entries()) {
    if (kind === Kind.footer) footer = offset;
    parts.push(encodeFrameHead(kind, marker, sequence, [payload]), payload);
    offset += FRAME_HEAD_LENGTH + payload.length;
  }
  if (complete) parts.push(encodeTail(footer, offset));
  return Buffer.concat(parts);
}

/** A dump made of a seed by one to three changes of its parts; checksums are right unless the last change was one of them. */
export function mutateDump(seed: LooseDump, seeds: readonly LooseDump[], random: Random): Buffer {
  let loose = seed;
  for (let times = random.pick([0, 1, 1, 1, 2, 3]); times > 0; times -= 1) loose = { ...loose, frames: mutateFrames(loose.frames, random.pick(seeds).frames, random) };
  if (random.once(20)) loose = { ...loose, complete: !loose.complete };
  if (!random.once(3)) loose = repair(loose);
  if (!random.once(12)) loose = bind(loose);
  const dump = assemble(loose);
  if (random.once(12)) return Buffer.from(mutateBytes(dump, random));
  if (random.once(20)) return tampered(dump, random);
  return dump;
}

/** Gives all frames the marker of the header among them, so that readers get behind a header that was changed. */
export function bind(loose: LooseDump): LooseDump {
  const header = loose.frames.find(({ kind }) => kind === Kind.header);
  return header === undefined ? loose : { ...loose, marker: markerOf(header.payload) };
}

/** A frame's head, or the tail, with another field and a right checksum. */
function tampered(dump: Buffer, random: Random): Buffer {
  if (random.once(3)) dump.writeUInt16BE(random.pick([0, 1, 2, 3, 0xffff]), MAGIC_LENGTH - random.pick([2, 4]));
  const start = dump.lastIndexOf(Buffer.of(0x92, 0xc7, 0x18), random.below(dump.length));
  const head = dump.subarray(start, start + FRAME_HEAD_LENGTH);
  if (start < 0 || head.length < FRAME_HEAD_LENGTH) return dump;
  const lie = { kind: head.readUInt8(3), marker: Buffer.from(head.subarray(4, 12)), sequence: head.readUInt32BE(12), length: head.readUInt32BE(16) };
  const which = random.below(3);
  if (which === 0) lie.sequence = Math.max(0, lie.sequence + random.pick([-1, 1, 2]));
  else if (which === 1) lie.marker.writeUInt8(random.below(256), random.below(8));
  else lie.kind = random.pick([...Object.values(Kind), 0x71, 0x51, 0, 0xff]);
  encodeFrameHead(lie.kind, lie.marker, lie.sequence, [dump.subarray(start + FRAME_HEAD_LENGTH, start + FRAME_HEAD_LENGTH + lie.length)]).forEach((byte, at) => (head[at] = byte));
  return dump;
}

function mutateFrames(frames: readonly LooseFrame[], others: readonly LooseFrame[], random: Random): LooseFrame[] {
  const at = random.below(frames.length);
  const frame = frames[at];
  if (frame === undefined) return [...frames];
  const second = random.below(frames.length);
  switch (random.below(14)) {
    case 0:
      return frames.toSpliced(at, 1);
    case 1:
      return frames.toSpliced(at, 0, frame);
    case 2:
      return frames.with(at, frames[second] ?? frame).with(second, frame);
    case 3:
      return frames.toSpliced(at, 0, random.pick(others));
    case 4:
      return frames.with(at, { ...frame, kind: random.pick([...Object.values(Kind), 0x71, 0x51]) });
    case 5:
      return frames.with(at, { kind: frame.kind, payload: mutateBytes(frame.payload, random) });
    case 6:
    case 7:
      return frames.with(at, { kind: frame.kind, payload: mutateTokens(frame.payload, random) });
    default:
      return mutateBlocks(frames, random);
  }
}

/** Changes the entries or the head of one block. */
function mutateBlocks(frames: readonly LooseFrame[], random: Random): LooseFrame[] {
  const places = [...frames.keys()].filter((place) => frames[place]?.raw !== undefined);
  const at = places.length === 0 ? -1 : random.pick(places);
  const [frame, payload] = [frames[at], frames[at]?.payload];
  if (frame?.raw === undefined || payload === undefined) return [...frames];
  const keyspace = payload[1] ?? 0;
  switch (random.below(5)) {
    case 0:
      return frames.with(at, plainBlock(keyspace, mutateBytes(frame.raw, random)));
    case 1:
      return frames.with(at, plainBlock(keyspace, mutateTokens(frame.raw, random)));
    case 2: {
      const entries = entriesOf(frame.raw);
      const cut = random.below(entries.length + 1);
      const parts = [entries.slice(0, cut), entries.slice(cut)].filter((part) => part.length > 0);
      return frames.toSpliced(at, 1, ...parts.map((part) => plainBlock(keyspace, encodeEntries(part))));
    }
    case 3: {
      const entries = entriesOf(frame.raw);
      const changed = entries.toSpliced(random.below(entries.length + 1), random.below(2), { key: random.bytes(random.below(4)), value: random.once(6) ? null : random.bytes(random.below(9)) });
      return frames.with(at, plainBlock(keyspace, encodeEntries(random.once(2) ? changed.sort((a, b) => Buffer.compare(a.key, b.key)) : changed)));
    }
    default:
      return frames.with(at, { ...frame, payload: mutateTokens(payload, random) });
  }
}

function entriesOf(raw: Uint8Array): Entry[] {
  try {
    return [...iterateEntries(raw)];
  } catch {
    return [];
  }
}

/** A stored block of these entries, as far as they are some. */
function plainBlock(keyspace: number, raw: Uint8Array): LooseFrame {
  const entries = entriesOf(raw);
  const [firstKey, lastKey] = [entries[0]?.key ?? new Uint8Array(0), entries.at(-1)?.key ?? new Uint8Array(0)];
  const block = { keyspace, codec: "none", rawLength: raw.length, entries: Math.max(1, entries.length), firstKey, lastKey, data: raw } as const;
  return { kind: Kind.block, payload: Buffer.concat(encodeBlock(block)), raw };
}

type Ended = KeyspaceTotals & { name: Uint8Array };

/** Makes index frames, keyspaces' ends and the footer anew from the blocks that are there, as far as they can be read. */
export function repair(loose: LooseDump): LooseDump {
  const given = headerOf(loose);
  if (given === undefined) return loose;
  const index = new IndexBuilder();
  const [ended, indexes, frames]: [Ended[], IndexLocation[], LooseFrame[]] = [[], [], []];
  const fresh = (): Omit<Ended, "name" | "digest"> => ({ ...sumTotals([]), result: given.kind === "delta" ? { entries: 0, digest: new Uint8Array(32) } : null });
  let [sums, digest, offset, blocks] = [fresh(), new EntryDigest(), loose.magic.length, 0];
  const put = (frame: LooseFrame): void => {
    frames.push(frame);
    offset += FRAME_HEAD_LENGTH + frame.payload.length;
  };
  const list = (): void => {
    const { first, blocks: count } = index;
    if (first === undefined) return;
    const payload = index.take();
    const firstKey = first.firstKey.length > FOOTER_KEY_BYTES ? null : first.firstKey;
    indexes.push({ offset, frameLength: FRAME_HEAD_LENGTH + payload.length, keyspace: first.keyspace, firstBlock: first.number, blocks: count, firstKey });
    put({ kind: Kind.index, payload });
  };
  for (const frame of loose.frames) {
    if (frame.kind === Kind.index) continue;
    if (frame.kind === Kind.block) {
      const block = readBlock(frame, given);
      if (block !== undefined) {
        index.add(blockInfo(block, blocks, offset, frame.payload.length));
        blocks += 1;
        digest.update(frame.raw ?? block.data);
        const sizes = entriesOf(frame.raw ?? block.data);
        const own = { entries: block.entries, keyBytes: sizes.reduce((sum, { key }) => sum + key.length, 0), valueBytes: sizes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0) };
        sums = { ...sums, ...sumTotals([sums, { ...own, blocks: 1, rawBytes: block.rawLength, storedBytes: block.data.length, gaps: 0 }]) };
      }
      put(frame);
      if (index.full) list();
    } else if (frame.kind === Kind.keyspaceEnd) {
      list();
      const totals = { ...sums, digest: digest.value() };
      put({ kind: frame.kind, payload: encodeKeyspaceEnd(ended.length, totals) });
      ended.push({ ...totals, name: given.keyspaces[ended.length]?.name ?? new Uint8Array(0) });
      [sums, digest] = [fresh(), new EntryDigest()];
    } else if (frame.kind === Kind.footer) {
      const footer: DumpFooter = { ...sumTotals(ended), keyspaces: ended, indexes };
      put({ kind: frame.kind, payload: encodeFooter(footer) });
    } else {
      if (frame.kind === Kind.gap) sums = { ...sums, gaps: sums.gaps + 1 };
      put(frame);
    }
  }
  return { ...loose, frames };
}

function headerOf({ magic, frames }: LooseDump): DumpHeader | undefined {
  const first = frames.find(({ kind }) => kind === Kind.header);
  if (first === undefined) return undefined;
  try {
    return decodeHeader(first.payload, { major: 1, minor: magic.readUInt16BE(MAGIC_LENGTH - 2) }, DEFAULT_LIMITS);
  } catch {
    return undefined;
  }
}

function readBlock(frame: LooseFrame, given: DumpHeader): ReturnType<typeof decodeBlock> | undefined {
  try {
    return decodeBlock(frame.payload, given, DEFAULT_LIMITS);
  } catch {
    return undefined;
  }
}
