import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH, TAIL_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead, encodeTail } from "#src/format/frame.js";
import { type BlockInfo, type DumpFooter, type DumpHeader, DumpFile, DEFAULT_LIMITS, encodeEntries, FORMAT_VERSION, type KeyspaceTotals } from "#src/format/index.js";
import { decodeIndex, IndexBuilder } from "#src/format/payload/block-index.js";
import { decodeBlock, encodeBlock } from "#src/format/payload/block.js";
import { decodeHeader } from "#src/format/payload/header.js";
import { decodeFooter, decodeKeyspaceEnd, encodeFooter, encodeKeyspaceEnd, sumTotals } from "#src/format/payload/totals.js";
import { boundMarker, bytes, codeOf, entry, forge, header, keyspace, makeDump, splitDump } from "./support/dumps.js";

const accessTo = (dump: Uint8Array) => ({ size: dump.length, read: async (offset: number, length: number) => dump.subarray(offset, offset + length) });
const open = (dump: Uint8Array): Promise<DumpFile> => DumpFile.open(accessTo(dump), { loadCodec });

/** A dump with payloads exchanged, its checksums and tail being right again; offsets within payloads are left as they are. */
function edit(dump: Buffer, change: (kind: number, payload: Buffer, place: number) => Uint8Array): Buffer {
  const { magic, frames } = splitDump(dump);
  const changed = frames.map(({ kind, payload }, place) => ({ kind, payload: change(kind, payload, place) }));
  const marker = boundMarker(changed);
  const parts: Uint8Array[] = [magic];
  let [offset, footer] = [magic.length, 0];
  for (const [place, { kind, payload }] of changed.entries()) {
    if (kind === Kind.footer) footer = offset;
    parts.push(encodeFrameHead(kind, marker, place, [payload]), payload);
    offset += FRAME_HEAD_LENGTH + payload.length;
  }
  return Buffer.concat([...parts, encodeTail(footer, offset)]);
}

const given = header({ keyspaces: [keyspace("a"), keyspace("b")] });
const dumpOf = (): Promise<Buffer> => makeDump(given, [[[entry("a", "1"), entry("b", "2")], [entry("c", "3")]], [[entry("d", "4")]]]);
const readHeader = (dump: Buffer): DumpHeader => decodeHeader(splitDump(dump).frames[0]?.payload ?? dump, FORMAT_VERSION, DEFAULT_LIMITS);

const withFooter = (dump: Buffer, change: (footer: DumpFooter) => DumpFooter): Buffer =>
  edit(dump, (kind, payload) => (kind === Kind.footer ? encodeFooter(change(decodeFooter(payload, readHeader(dump), false))) : payload));

/** Changes the blocks that the first index frame lists. */
const withIndex = (dump: Buffer, change: (blocks: BlockInfo[]) => BlockInfo[]): Buffer => {
  let done = false;
  return edit(dump, (kind, payload) => {
    if (kind !== Kind.index || done) return payload;
    done = true;
    const builder = new IndexBuilder();
    for (const block of change(decodeIndex(payload, readHeader(dump), DEFAULT_LIMITS, dump.length))) builder.add(block);
    return builder.take();
  });
};

test("an edit that changes nothing gives the same dump", async (t) => {
  const dump = await dumpOf();
  t.deepEqual(edit(dump, (_, payload) => payload), dump);
  t.deepEqual(withFooter(dump, (footer) => footer), dump);
  t.deepEqual(withIndex(dump, (blocks) => blocks), dump);
});

test("each total of a keyspace's end and of the footer is compared", async (t) => {
  const dump = await dumpOf();
  for (const name of ["entries", "keyBytes", "valueBytes", "blocks", "rawBytes", "storedBytes", "gaps"] as const) {
    const end = edit(dump, (kind, payload, place) => {
      if (kind !== Kind.keyspaceEnd || place > 6) return payload;
      const { keyspace: index, ...totals } = decodeKeyspaceEnd(payload, header(), false);
      return encodeKeyspaceEnd(index, { ...totals, [name]: totals[name] + 1 });
    });
    t.is(await codeOf(end), "DUMP_TOTALS_MISMATCH", name);
    t.is(await codeOf(withFooter(dump, (footer) => ({ ...footer, [name]: footer[name] + 1 }))), "DUMP_TOTALS_MISMATCH", `footer ${name}`);
    await t.throwsAsync(open(withFooter(dump, (footer) => ({ ...footer, [name]: footer[name] + 1 }))), { code: "DUMP_TOTALS_MISMATCH" });
    if (name === "gaps") continue;
    const moved = withFooter(dump, (footer) => ({ ...footer, keyspaces: footer.keyspaces.map((totals, place) => ({ ...totals, [name]: totals[name] + (place === 0 ? 1 : -1) })) }));
    t.is(await codeOf(moved), name === "blocks" ? "DUMP_INDEX_WRONG" : "DUMP_TOTALS_MISMATCH", `moved ${name}`);
  }
});

test("the digest is compared with the content, and the footer's with that", async (t) => {
  const dump = await dumpOf();
  const digest = new Uint8Array(32);
  const end = edit(dump, (kind, payload) => {
    if (kind !== Kind.keyspaceEnd) return payload;
    const { keyspace: index, ...totals } = decodeKeyspaceEnd(payload, header(), false);
    return encodeKeyspaceEnd(index, { ...totals, digest });
  });
  t.is(await codeOf(end), "DUMP_DIGEST_MISMATCH");
  t.is(await codeOf(end, { decode: false }), "DUMP_DIGEST_MISMATCH", "the footer's is another");
  t.is(await codeOf(withFooter(dump, (footer) => ({ ...footer, keyspaces: footer.keyspaces.map((totals) => ({ ...totals, digest })) }))), "DUMP_DIGEST_MISMATCH");
  const short = withFooter(dump, (footer) => ({ ...footer, keyspaces: footer.keyspaces.map((totals) => ({ ...totals, digest: new Uint8Array(31) })) }));
  t.is(await codeOf(short), "DUMP_MALFORMED");
});

test("what a keyspace's end and the footer agree on is compared with the entries", async (t) => {
  const dump = await dumpOf();
  const lie = (change: (totals: KeyspaceTotals) => KeyspaceTotals): Buffer => {
    const end = edit(dump, (kind, payload, place) => {
      if (kind !== Kind.keyspaceEnd || place > 6) return payload;
      const { keyspace: index, ...totals } = decodeKeyspaceEnd(payload, header(), false);
      return encodeKeyspaceEnd(index, change(totals));
    });
    return withFooter(end, (footer) => {
      const keyspaces = footer.keyspaces.map((totals, place) => (place === 0 ? { ...totals, ...change(totals) } : totals));
      return { ...footer, ...sumTotals(keyspaces), keyspaces };
    });
  };
  const lies: Record<string, Buffer> = {
    DUMP_TOTALS_MISMATCH: lie((totals) => ({ ...totals, keyBytes: totals.keyBytes + 1 })),
    "DUMP_TOTALS_MISMATCH ": lie((totals) => ({ ...totals, valueBytes: totals.valueBytes - 1 })),
    DUMP_DIGEST_MISMATCH: lie((totals) => ({ ...totals, digest: new Uint8Array(32) })),
  };
  for (const [code, lying] of Object.entries(lies)) {
    t.is(await codeOf(lying), code.trim());
    t.is(await codeOf(lying, { decode: false }), "sound", "nothing else tells");
  }
  for (const name of ["entries", "blocks", "rawBytes", "storedBytes", "gaps"] as const) {
    t.is(await codeOf(lie((totals) => ({ ...totals, [name]: totals[name] + 1 })), { decode: false }), "DUMP_TOTALS_MISMATCH", name);
  }
});

test("what a delta leads to is the same in a keyspace's end and in the footer", async (t) => {
  const base = { dumpId: given.dumpId, keyspaces: [] };
  const dump = await makeDump(header({ kind: "delta", base }), [[[entry("a", "1")]]]);
  t.is(await codeOf(dump), "sound");
  for (const result of [{ entries: 2, digest: new Uint8Array(32) }, { entries: 1, digest: new Uint8Array(32).fill(1) }]) {
    const lying = withFooter(dump, (footer) => ({ ...footer, keyspaces: footer.keyspaces.map((totals) => ({ ...totals, result })) }));
    t.is(await codeOf(lying), "DUMP_DIGEST_MISMATCH");
  }
});

test("frames are numbered without a gap, and say their length twice", async (t) => {
  const dump = await dumpOf();
  const { magic, frames } = splitDump(dump);
  const marker = boundMarker(frames);
  for (const from of frames.keys()) {
    const numbered = frames.flatMap(({ kind, payload }, place) => [encodeFrameHead(kind, marker, place < from ? place : place + 1, [payload]), payload]);
    t.is(await codeOf(Buffer.concat([magic, ...numbered, dump.subarray(-TAIL_LENGTH)])), "DUMP_SEQUENCE_BROKEN", String(from));
  }
  for (const { offset, payload } of frames) {
    const other = Buffer.from(dump);
    other.writeUInt32BE(payload.length + 1, offset + FRAME_HEAD_LENGTH - 4);
    t.is(await codeOf(other), "DUMP_FRAME_DAMAGED");
  }
});

test("entries of a block that are not what its checksums hold for are refused by a look-up, too", async (t) => {
  const entries = ["a", "b", "c", "d"].map((key) => entry(key, key));
  const dump = await makeDump(header(), [[entries]]);
  const swapped = encodeEntries(["a", "c", "b", "d"].map((key) => entry(key, key)));
  const lying = edit(dump, (kind, payload) => {
    if (kind !== Kind.block) return payload;
    return Buffer.concat(encodeBlock({ ...decodeBlock(payload, header(), DEFAULT_LIMITS), data: swapped }));
  });
  t.is(await codeOf(lying), "DUMP_ORDER_BROKEN");
  const file = await open(lying);
  await t.throwsAsync(file.get(0, bytes("a")), { code: "DUMP_ORDER_BROKEN" });
  const { value } = await file.blocks().next();
  await t.throwsAsync(file.readBlock(value as BlockInfo), { code: "DUMP_ORDER_BROKEN" });
});

test("an end of another keyspace is misplaced", async (t) => {
  const dump = edit(await dumpOf(), (kind, payload) => (kind === Kind.keyspaceEnd ? encodeKeyspaceEnd(1, decodeKeyspaceEnd(payload, header(), false)) : payload));
  t.is(await codeOf(dump), "DUMP_FRAME_MISPLACED");
});

test("an index that lies in any field is found, streaming and by look-up", async (t) => {
  const dump = await dumpOf();
  const key = bytes("A");
  const lies: Record<string, (block: BlockInfo) => BlockInfo> = {
    offset: (block) => ({ ...block, offset: block.offset - 1 }),
    outside: (block) => ({ ...block, offset: 2 ** 40 }),
    frameLength: (block) => ({ ...block, frameLength: block.frameLength - 1 }),
    shortFrame: (block) => ({ ...block, frameLength: 1 }),
    codec: (block) => ({ ...block, codec: "lz4" }),
    rawLength: (block) => ({ ...block, rawLength: block.rawLength + 1 }),
    storedLength: (block) => ({ ...block, storedLength: block.storedLength - 1 }),
    entries: (block) => ({ ...block, entries: block.entries + 1 }),
    firstKey: (block) => ({ ...block, firstKey: key }),
    lastKey: (block) => ({ ...block, lastKey: bytes("bb") }),
    order: (block) => ({ ...block, lastKey: key }),
    keyspace: (block) => ({ ...block, keyspace: 1 }),
    number: (block) => ({ ...block, number: block.number + 1 }),
    header: (block) => ({ ...block, offset: MAGIC_LENGTH }),
  };
  for (const [name, lie] of Object.entries(lies)) {
    const lying = withIndex(dump, ([first, ...others]) => (first === undefined ? others : [lie(first), ...others]));
    t.is(await codeOf(lying), "DUMP_INDEX_WRONG", name);
    await t.throwsAsync(
      async () => {
        const file = await open(lying);
        for await (const block of file.blocks()) await file.readBlock(block);
      },
      { name: "KgdumpError" },
      name,
    );
  }
  const dropped = withIndex(dump, (blocks) => blocks.slice(1));
  t.is(await codeOf(dropped), "DUMP_INDEX_WRONG");
  await t.throwsAsync(async () => (await open(dropped)).get(0, bytes("a")), { name: "KgdumpError" });
  const unknown = edit(dump, (kind, payload) => (kind === Kind.index ? Buffer.concat([Buffer.of(0x93, 9), payload.subarray(2)]) : payload));
  t.is(await codeOf(unknown), "DUMP_INDEX_WRONG");
});

test("a footer whose list of index frames lies is found", async (t) => {
  const dump = await dumpOf();
  type Location = DumpFooter["indexes"][number];
  const lies: Record<string, (location: Location) => Location> = {
    offset: (location) => ({ ...location, offset: location.offset - 1 }),
    outside: (location) => ({ ...location, offset: 2 ** 40 }),
    frameLength: (location) => ({ ...location, frameLength: location.frameLength - 1 }),
    tiny: (location) => ({ ...location, frameLength: 1 }),
    keyspace: (location) => ({ ...location, keyspace: 1 }),
    noKeyspace: (location) => ({ ...location, keyspace: 7 }),
    firstBlock: (location) => ({ ...location, firstBlock: 1 }),
    blocks: (location) => ({ ...location, blocks: location.blocks + 1 }),
    noBlocks: (location) => ({ ...location, blocks: 0 }),
    firstKey: (location) => ({ ...location, firstKey: bytes("b") }),
    noKey: (location) => ({ ...location, firstKey: null }),
    emptyKey: (location) => ({ ...location, firstKey: bytes("") }),
  };
  for (const [name, lie] of Object.entries(lies)) {
    const lying = withFooter(dump, (footer) => ({ ...footer, indexes: footer.indexes.map((location, place) => (place === 0 ? lie(location) : location)) }));
    t.is(await codeOf(lying), "DUMP_INDEX_WRONG", name);
    if (name === "noKey") continue; // Allowed to a look-up: it means "see the frame".
    await t.throwsAsync(
      async () => {
        const file = await open(lying);
        for await (const _ of file.blocks());
      },
      { name: "KgdumpError" },
      name,
    );
  }
  for (const indexes of [(footer: DumpFooter) => footer.indexes.slice(1), (footer: DumpFooter) => footer.indexes.slice(0, 1), (footer: DumpFooter) => [...footer.indexes].reverse()]) {
    const lying = withFooter(dump, (footer) => ({ ...footer, indexes: indexes(footer) }));
    t.is(await codeOf(lying), "DUMP_INDEX_WRONG");
    await t.throwsAsync(open(lying), { code: "DUMP_INDEX_WRONG" });
  }
});

test("a dump without its index is not one", async (t) => {
  const { frames } = splitDump(await dumpOf());
  const dump = forge(frames.filter(({ kind }) => kind !== Kind.index));
  t.is(await codeOf(dump), "DUMP_INDEX_WRONG");
  const many = splitDump(await makeDump(header(), [Array.from({ length: 1025 }, (_, index) => [entry(String(index).padStart(4, "0"), "")])]));
  const postponed = forge(many.frames.filter(({ kind }, place) => kind !== Kind.index || place > 1100));
  t.is(await codeOf(postponed), "DUMP_INDEX_WRONG");
  const builder = new IndexBuilder();
  t.throws(() => builder.take(), { instanceOf: TypeError });
});

test("an index frame with too many blocks is refused", async (t) => {
  const builder = new IndexBuilder();
  const block: BlockInfo = { number: 0, keyspace: 0, codec: "none", rawLength: 6, storedLength: 6, entries: 1, firstKey: bytes("a"), lastKey: bytes("a"), offset: 1, frameLength: 50 };
  for (let count = 0; count < 1025; count += 1) builder.add(block);
  t.throws(() => decodeIndex(builder.take(), given, DEFAULT_LIMITS, 2 ** 40), { code: "DUMP_LIMIT_EXCEEDED" });
});

test("a tail that points elsewhere is refused", async (t) => {
  const dump = await dumpOf();
  const { frames, tail } = splitDump(dump);
  const body = dump.subarray(0, dump.length - tail.length);
  const block = frames.find(({ kind }) => kind === Kind.block);
  const start = frames.find(({ kind }) => kind === Kind.keyspaceStart);
  for (const offset of [0, 1, MAGIC_LENGTH, block?.offset ?? 0, start?.offset ?? 0, body.length]) {
    const lying = Buffer.concat([body, encodeTail(offset, body.length)]);
    t.is(await codeOf(lying), "DUMP_TAIL_DAMAGED");
    await t.throwsAsync(open(lying), { name: "KgdumpError" });
  }
  for (const [offset, length] of [[body.length + 1, body.length], [2 ** 50, body.length], [0, body.length + 1]] as const) {
    const lying = Buffer.concat([body, encodeTail(offset, length)]);
    t.is(await codeOf(lying), "DUMP_TAIL_DAMAGED");
    await t.throwsAsync(open(lying), { code: "DUMP_TAIL_DAMAGED" });
  }
  const footer = frames.at(-1);
  const junk = Buffer.concat([body, bytes("junk"), encodeTail(footer?.offset ?? 0, body.length + 4)]);
  await t.throwsAsync(open(junk), { code: "DUMP_TAIL_DAMAGED" });
});
