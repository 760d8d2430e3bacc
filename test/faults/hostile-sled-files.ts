/**
 * Sled's files as somebody who means harm changes them: with checksums, lengths and compression that are right again. The form of the files is that of
 * native/sled/src/files, written down here once more.
 */
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { compress, decompress } from "@mongodb-js/zstd";
import { mutateBytes } from "../fuzz/mutate-bytes.js";
import type { Random } from "../fuzz/random.js";

/** Numbers at which something may go wrong. */
const NUMBERS = [0n, 1n, 2n, 3n, 240n, 241n, 2288n, 67_824n, 1n << 20n, 1n << 28n, 1n << 31n, (1n << 32n) - 1n, 1n << 33n, 1n << 37n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
const SEGMENT_HEADER = 20;
const LARGEST = (1n << 63n) - 1n;

/** A number as sled writes it: one to nine bytes. */
export function varint(value: bigint): Buffer {
  if (value <= 240n) return Buffer.of(Number(value));
  if (value <= 2287n) return Buffer.of(241 + Number((value - 240n) >> 8n), Number((value - 240n) & 255n));
  if (value <= 67_823n) return Buffer.of(249, Number((value - 2288n) >> 8n), Number((value - 2288n) & 255n));
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64LE(value);
  let length = 8;
  while (length > 3 && wide[length - 1] === 0) length -= 1;
  return Buffer.concat([Buffer.of(247 + length), wide.subarray(0, length)]);
}

/** Reads sled's numbers and strings from the front of some bytes. @throws {RangeError} behind their end */
class Fields {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new RangeError("cut short");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  number(): bigint {
    const first = this.byte();
    if (first <= 240) return BigInt(first);
    if (first <= 248) return 240n + 256n * BigInt(first - 241) + BigInt(this.byte());
    if (first === 249) return 2288n + 256n * BigInt(this.byte()) + BigInt(this.byte());
    const wide = Buffer.alloc(8);
    this.take(first - 247).copy(wide);
    return wide.readBigUInt64LE();
  }

  string(): Buffer {
    return this.take(Number(this.number()));
  }
}

const string = (bytes: Uint8Array): Buffer => Buffer.concat([varint(BigInt(bytes.length)), bytes]);

/** Another number instead of one. */
function otherNumber(value: bigint, random: Random): bigint {
  const near = value + random.pick([-1n, 1n, 2n, 256n]);
  return random.once(2) ? random.pick(NUMBERS) : BigInt.asUintN(64, near);
}

/** A message of the log. */
export interface Message {
  kind: number;
  number: bigint;
  page: bigint;
  body: Buffer;
}

/** A segment of the log. */
export interface Segment {
  lsn: bigint;
  stable: bigint;
  messages: Message[];
  /** What is behind the last message. */
  tail: Buffer;
}

/** The messages of a segment; null when it has no header. */
function parseSegment(bytes: Buffer): Segment | null {
  const header = bytes.subarray(0, SEGMENT_HEADER);
  if (header.length < SEGMENT_HEADER || header.every((byte) => byte === 0)) return null;
  const segment: Segment = { lsn: header.readBigInt64LE(4) ^ LARGEST, stable: header.readBigInt64LE(12) ^ LARGEST, messages: [], tail: Buffer.alloc(0) };
  const fields = new Fields(bytes);
  fields.at = SEGMENT_HEADER;
  for (;;) {
    const start = fields.at;
    try {
      const sum = fields.take(4).readUInt32LE();
      const kind = fields.byte();
      const [length, number, page] = [fields.number(), fields.number(), fields.number()];
      const head = bytes.subarray(start + 4, fields.at);
      const body = fields.take(Number(length));
      if (~crc32(head, crc32(body)) >>> 0 !== sum) throw new RangeError("no message");
      segment.messages.push({ kind, number, page, body });
    } catch {
      segment.tail = bytes.subarray(start);
      return segment;
    }
  }
}

function writeSegment({ lsn, stable, messages, tail }: Segment, size: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER);
  header.writeBigInt64LE(BigInt.asIntN(64, lsn) ^ LARGEST, 4);
  header.writeBigInt64LE(BigInt.asIntN(64, stable) ^ LARGEST, 12);
  header.writeUInt32LE(~crc32(header.subarray(4)) >>> 0, 0);
  const parts = messages.map(({ kind, number, page, body }) => {
    const head = Buffer.concat([Buffer.of(kind), varint(BigInt(body.length)), varint(number), varint(page)]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(~crc32(head, crc32(body)) >>> 0);
    return Buffer.concat([sum, head, body]);
  });
  const written = Buffer.concat([header, ...parts, tail]);
  // What has grown loses its end; what has shrunk is zeros there.
  return written.length >= size ? written.subarray(0, size) : Buffer.concat([written, Buffer.alloc(size - written.length)]);
}

/** Another one instead of what a message, a value file or a snapshot holds, compressed as that was. */
async function otherBody(body: Buffer, compressed: boolean, change: (plain: Buffer) => Buffer, random: Random): Promise<Buffer> {
  if (!compressed) return change(body);
  if (random.once(6)) return mutateBytes(body, random);
  try {
    const frame = new Fields(body).string();
    return string(await compress(change(await decompress(frame))));
  } catch {
    return mutateBytes(body, random);
  }
}

interface Page {
  next: bigint;
  merging: bigint;
  merged: number;
  prefix: number;
  lo: Buffer;
  hi: Buffer;
  kind: number;
  count: bigint;
  keys: Buffer[];
  values: Buffer[];
  children: bigint[];
}

function parsePage(bytes: Buffer): Page {
  const from = new Fields(bytes);
  const [next, merging, merged, prefix] = [from.number(), from.number(), from.byte(), from.byte()];
  const [lo, hi, kind, count] = [from.string(), from.string(), from.byte(), from.number()];
  const each = <T>(read: () => T): T[] => Array.from({ length: Number(count) }, read);
  const keys = each(() => from.string());
  return { next, merging, merged, prefix, lo, hi, kind, count, keys, values: kind === 0 ? each(() => from.string()) : [], children: kind === 1 ? each(() => from.number()) : [] };
}

function writePage({ next, merging, merged, prefix, lo, hi, kind, count, keys, values, children }: Page): Buffer {
  return Buffer.concat([
    varint(next), varint(merging), Buffer.of(merged, prefix), string(lo), string(hi), Buffer.of(kind), varint(count),
    ...keys.map(string), ...values.map(string), ...children.map(varint),
  ]);
}

/** Changes one thing of a page of a tree. */
function mutatePage(bytes: Buffer, random: Random): Buffer {
  if (random.once(4)) return mutateBytes(bytes, random);
  try {
    const page = parsePage(bytes);
    const at = random.below(page.keys.length || 1);
    const other = random.below(page.keys.length || 1);
    const swap = (list: unknown[]): void => {
      if (other < list.length) [list[at], list[other]] = [list[other], list[at]];
    };
    const changes: (() => void)[] = [
      () => (page.next = otherNumber(page.next, random)),
      () => (page.merging = otherNumber(page.merging, random)),
      () => (page.merged ^= 1),
      () => (page.prefix = random.pick([0, page.prefix + 1, 255, page.lo.length])),
      () => (page.lo = mutateBytes(page.lo, random)),
      () => (page.hi = random.once(2) ? Buffer.alloc(0) : mutateBytes(page.hi, random)),
      () => (page.kind ^= 1),
      () => (page.count = otherNumber(page.count, random)),
      () => { swap(page.keys); },
      () => { swap(page.values); },
      () => { swap(page.children); },
      () => (page.children[at] = random.once(2) ? (page.children[other] ?? 0n) : otherNumber(page.children[at] ?? 0n, random)),
      () => (page.keys[at] = mutateBytes(page.keys[at] ?? Buffer.alloc(0), random)),
      () => (page.values[at] = mutateBytes(page.values[at] ?? Buffer.alloc(0), random)),
      () => {
        for (const list of [page.keys, page.values, page.children]) list.splice(at, 1);
        page.count = BigInt(page.keys.length);
      },
      () => {
        page.keys.splice(at, 0, page.keys[at] ?? Buffer.alloc(0));
        if (page.kind === 0) page.values.splice(at, 0, Buffer.from("twice"));
        else page.children.splice(at, 0, page.children[at] ?? 0n);
        page.count = BigInt(page.keys.length);
      },
    ];
    random.pick(changes)();
    return writePage(page);
  } catch {
    return mutateBytes(bytes, random);
  }
}

/** Changes the list of the trees. */
function mutateTrees(bytes: Buffer, random: Random): Buffer {
  try {
    const from = new Fields(bytes);
    const trees: [Buffer, bigint][] = [];
    while (from.left > 0) trees.push([from.string(), from.number()]);
    const at = random.below(trees.length);
    const [name = Buffer.alloc(0), root = 0n] = trees[at] ?? [];
    const [, elsewhere] = random.pick(trees);
    const other: (() => unknown)[] = [
      () => trees.push([name, elsewhere]),
      () => trees.push([name, root]),
      () => trees.push([mutateBytes(name, random), root]),
      () => (trees[at] = [name, elsewhere]),
      () => (trees[at] = [name, otherNumber(root, random)]),
      () => (trees[at] = [mutateBytes(name, random), root]),
      () => trees.splice(at, 1),
      () => trees.splice(0),
    ];
    random.pick(other)();
    return Buffer.concat(trees.flatMap(([one, id]) => [string(one), varint(id)]));
  } catch {
    return mutateBytes(bytes, random);
  }
}

/** How a store was made; the segments are those that its log was written with. */
export interface Form {
  readonly compression: boolean;
  readonly segment: number;
}

/** Changes some messages of the log. */
async function inMessages(store: string, { compression, segment: size }: Form, random: Random): Promise<string> {
  const db = await readFile(join(store, "db"));
  const segments = segmentsOf(db, size);
  const said: string[] = [];
  for (let times = random.pick([1, 1, 3]); times > 0; times -= 1) {
    const { segment, at } = random.pick(segments);
    if (segment.messages.length === 0) continue;
    const meta = random.once(5) ? segment.messages.find(({ page }) => page <= 1n) : undefined;
    const message = meta ?? random.pick(segment.messages);
    const index = segment.messages.indexOf(message);
    const what = random.below(12);
    said.push(`${String(what)} of page ${String(message.page)}, kind ${String(message.kind)}`);
    if (what <= 5) {
      const own = message.page === 0n ? mutateTrees : message.kind === 8 ? mutatePage : mutateBytes;
      message.body = await otherBody(message.body, compression, (plain) => own(plain, random), random);
    } else if (what === 6) message.page = random.once(2) ? random.pick(segment.messages).page : otherNumber(message.page, random);
    else if (what === 7) message.kind = random.below(13);
    else if (what === 8) message.number = otherNumber(message.number, random);
    else if (what === 9) segment.messages.splice(index, 1);
    else if (what === 10) segment.messages.splice(index, 0, random.pick(segment.messages));
    else segment.messages.splice(index, 1, { ...random.pick(random.pick(segments).segment.messages), number: message.number });
    writeSegment(segment, size).copy(db, at);
  }
  await writeFile(join(store, "db"), db);
  return `messages: ${said.join("; ")}`;
}

/** Changes the last segment of a log that is used for the first time, or the last of a file. */
export async function editSegment(store: string, size: number, edit: (segment: Segment) => void): Promise<void> {
  const path = join(store, "db");
  const db = await readFile(path);
  const found = segmentsOf(db, size).at(-1);
  if (found === undefined) throw new RangeError("there is no segment");
  edit(found.segment);
  writeSegment(found.segment, size).copy(db, found.at);
  await writeFile(path, db);
}

/** A tree of the list that a store has of them. */
export interface Tree {
  readonly name: Buffer;
  readonly root: bigint;
}

/** Adds a tree to the list that a store without compression has of them. */
export async function editTrees(store: string, size: number, added: (trees: Tree[]) => Tree | undefined): Promise<void> {
  await editSegment(store, size, ({ messages }) => {
    const list = messages.findLast(({ page }) => page === 0n);
    if (list === undefined) throw new RangeError("there is no list of trees");
    const from = new Fields(list.body);
    const trees: Tree[] = [];
    while (from.left > 0) trees.push({ name: from.string(), root: from.number() });
    const more = added(trees);
    if (more !== undefined) list.body = Buffer.concat([list.body, string(more.name), varint(more.root)]);
  });
}

/** Writes a snapshot's content, compressed, where its snapshot lies. */
export async function replaceSnapshot(store: string, content: Buffer): Promise<void> {
  const name = (await readdir(store)).find((one) => one.startsWith("snap.")) ?? "snap.0000000000000001";
  const frame = await compress(content);
  const foot = Buffer.alloc(12);
  foot.writeBigUInt64LE(BigInt(content.length));
  foot.writeUInt32LE(crc32(frame), 8);
  await writeFile(join(store, name), Buffer.concat([frame, foot]));
}

function segmentsOf(db: Buffer, size: number): { segment: Segment; at: number }[] {
  const segments: { segment: Segment; at: number }[] = [];
  for (let at = 0; at < db.length; at += size) {
    const segment = parseSegment(db.subarray(at, at + size));
    if (segment !== null && segment.messages.length > 0) segments.push({ segment, at });
  }
  return segments;
}

/** Changes headers of segments, or their order. */
async function inSegments(store: string, { segment: size }: Form, random: Random): Promise<string> {
  const db = await readFile(join(store, "db"));
  const segments = segmentsOf(db, size);
  const { segment, at } = random.pick(segments);
  const other = random.pick(segments);
  const what = random.below(6);
  if (what === 0) segment.lsn = random.once(2) ? other.segment.lsn : BigInt.asIntN(64, otherNumber(segment.lsn, random)) / BigInt(size) * BigInt(size);
  else if (what === 1) segment.lsn = LARGEST / BigInt(size) * BigInt(size);
  else if (what === 2) segment.stable = BigInt.asIntN(64, random.once(2) ? segment.stable + BigInt(size) : otherNumber(segment.stable, random));
  else if (what === 3) segment.lsn += BigInt(size * random.pick([1, -1, 1 << 16]));
  else if (what === 4) db.subarray(other.at, other.at + size).copy(db, at);
  else db.fill(0, at, Math.min(db.length, at + size));
  if (what < 4) {
    // The messages know the number of their segment.
    if (random.once(2)) for (const message of segment.messages) message.number = BigInt.asUintN(63, segment.lsn) / BigInt(size);
    writeSegment(segment, size).copy(db, at);
  }
  await writeFile(join(store, "db"), db);
  return `segment ${String(what)}`;
}

/** Changes a snapshot. */
async function inSnapshot(store: string, { compression }: Form, random: Random): Promise<string | null> {
  const name = (await readdir(store)).find((one) => /^snap\.[0-9A-F]{16}$/.test(one));
  if (name === undefined) return null;
  const bytes = await readFile(join(store, name));
  const content = bytes.subarray(0, -12);
  const plain = compression ? await decompress(content).catch(() => content) : content;
  let changed = mutateBytes(plain, random);
  if (random.once(3)) {
    changed = Buffer.from(plain);
    changed.writeBigInt64LE(BigInt.asIntN(64, otherNumber(changed.readBigInt64LE(0), random)), 0);
  }
  // Much in little.
  if (compression && random.once(4)) changed = Buffer.concat([plain, Buffer.alloc(200 << 20)]);
  const written = compression ? await compress(changed) : changed;
  const foot = Buffer.alloc(12);
  foot.writeBigUInt64LE(random.once(10) ? random.pick(NUMBERS) : BigInt(changed.length));
  foot.writeUInt32LE(crc32(written), 8);
  await writeFile(join(store, name), Buffer.concat([written, foot]));
  if (random.once(4)) await rename(join(store, name), join(store, `snap.${random.pick(NUMBERS).toString(16).toUpperCase().padStart(16, "0").slice(-16)}`));
  return "snapshot";
}

/** Changes what the store says about how it was made. */
async function inConf(store: string, _form: Form, random: Random): Promise<string> {
  const path = join(store, "conf");
  const text = (await readFile(path)).subarray(0, -4).toString("latin1");
  const lines = text.split("\n");
  const values = ["", "0", "1", "256", "512", "8192", "65536", "16777216", "1000", "-1", "18446744073709551616", "true", "false", "0.34", "0.33", "1.0", "0.34.7", "9".repeat(400), "é", "\0"];
  for (let times = random.pick([1, 1, 2]); times > 0; times -= 1) {
    const at = random.below(lines.length);
    const line = lines[at] ?? "";
    if (random.once(4)) lines.splice(at, 1, ...random.pick([[], [line, line], [mutateBytes(Buffer.from(line, "latin1"), random).toString("latin1")]]));
    else lines[at] = `${line.slice(0, line.indexOf(":") + 1)} ${random.pick(values)}`;
  }
  const changed = random.once(20) ? Buffer.alloc(random.below(9)) : Buffer.from(lines.join("\n"), "latin1");
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(changed));
  await writeFile(path, Buffer.concat([changed, sum]));
  return "conf";
}

/** Changes a value file, or which one has which name. */
async function inValues(store: string, { compression }: Form, random: Random): Promise<string | null> {
  const directory = join(store, "blobs");
  const names = (await readdir(directory)).sort();
  if (names.length === 0) return null;
  const path = join(directory, random.pick(names));
  const other = join(directory, random.pick(names));
  const what = random.below(6);
  if (what === 0) await rename(path, other === path ? join(directory, String(random.pick(NUMBERS))) : other);
  else if (what === 1) await rm(path);
  else {
    const bytes = await readFile(path);
    const kind = what === 2 ? random.below(12) : bytes.readUInt8(4);
    const change = kind === 9 ? mutatePage : mutateBytes;
    const body = what === 3 ? (await readFile(other)).subarray(5) : await otherBody(bytes.subarray(5), compression, (plain) => change(plain, random), random);
    const head = Buffer.of(0, 0, 0, 0, kind);
    head.writeUInt32LE(crc32(body, crc32(head.subarray(4))));
    await writeFile(path, Buffer.concat([head, body]));
  }
  return `values ${String(what)}`;
}

const CHANGES = [inMessages, inMessages, inMessages, inMessages, inSegments, inSnapshot, inConf, inValues];

/** Changes one of a store's files. @returns what was done, in words; null when the store has no such file */
export async function harm(store: string, form: Form, random: Random): Promise<string | null> {
  return random.pick(CHANGES)(store, form, random);
}
