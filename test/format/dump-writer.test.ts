import test from "ava";
import { EntryDigest, crcOf } from "#src/format/checksum.js";
import { ABORT_REASON_BYTES, FOOTER_KEY_BYTES } from "#src/format/constants.js";
import { type BlockToWrite, type CheckedBlock, DumpWriter, encodeEntries } from "#src/format/index.js";
import { decodeAbort, encodeAbort } from "#src/format/payload/totals.js";
import { bytes, entry, header, keyspace, outcome, splitDump, writeBlock } from "./support/dumps.js";

const raw = encodeEntries([entry("a", "1")]);
const block: BlockToWrite = { entries: 1, keyBytes: 1, valueBytes: 1, firstKey: bytes("a"), lastKey: bytes("a"), raw, codec: "none", data: raw };

/** A writer inside of its first keyspace. */
const inside = (): DumpWriter => {
  const writer = new DumpWriter(header());
  writer.start();
  writer.startKeyspace(0);
  return writer;
};

test("calls out of order are the caller's mistake", (t) => {
  const wrong = { instanceOf: TypeError };
  const fresh = new DumpWriter(header());
  t.throws(() => fresh.startKeyspace(0), wrong);
  t.throws(() => fresh.finish(), wrong);
  fresh.start();
  t.throws(() => fresh.start(), wrong);
  t.throws(() => fresh.block(block), wrong);
  t.throws(() => fresh.endKeyspace(), wrong);
  t.throws(() => fresh.startKeyspace(1), wrong);
  t.throws(() => fresh.finish(), wrong);
  const writer = inside();
  t.throws(() => writer.startKeyspace(0), wrong);
  t.throws(() => writer.finish(), wrong);
  writer.endKeyspace();
  t.throws(() => writer.startKeyspace(1), wrong);
  writer.finish();
  t.throws(() => writer.abort("late"), wrong);
  t.throws(() => writer.finish(), wrong);
});

test("a block that readers would refuse is not written", (t) => {
  t.throws(() => inside().block({ ...block, entries: 2 }), { code: "DUMP_ENTRIES_MALFORMED" });
  t.throws(() => inside().block({ ...block, lastKey: bytes("b") }), { code: "DUMP_ENTRIES_MALFORMED" });
  t.throws(() => inside().block({ ...block, keyBytes: 2 }), { instanceOf: TypeError });
  t.throws(() => inside().block({ ...block, valueBytes: 2 }), { instanceOf: TypeError });
  t.throws(() => inside().block({ ...block, codec: "lz4", data: raw.subarray(1) }), { instanceOf: TypeError });
  t.throws(() => inside().block({ ...block, data: raw.subarray(1) }), { instanceOf: TypeError });
  const compressed = new DumpWriter(header({ codec: "lz4" }));
  compressed.start();
  compressed.startKeyspace(0);
  t.throws(() => compressed.block({ ...block, codec: "lz4" }), { instanceOf: TypeError });
  const nil = encodeEntries([entry("a", null)]);
  t.throws(() => inside().block({ ...block, valueBytes: 0, raw: nil, data: nil }), { code: "DUMP_ENTRIES_MALFORMED" });
  const writer = inside();
  writer.block(block);
  t.throws(() => writer.block(block), { code: "DUMP_ORDER_BROKEN" });
});

test("a block that was checked elsewhere gives the same dump, and needs the digest at the end", (t) => {
  const checked: CheckedBlock = { ...block, rawLength: raw.length, dataCrc: crcOf(raw) };
  const hash = new EntryDigest();
  hash.update(raw);
  const digest = hash.value();
  const [one, other] = [inside(), inside()];
  t.deepEqual(Buffer.concat(one.checkedBlock(checked)), Buffer.concat(other.block(block)));
  t.deepEqual(Buffer.concat(one.endKeyspace(null, digest)), Buffer.concat(other.endKeyspace()));
  t.deepEqual(Buffer.concat(one.finish()), Buffer.concat(other.finish()));
  t.deepEqual(one.totals, other.totals);

  const wrong = { instanceOf: TypeError };
  const lacking = inside();
  t.throws(() => lacking.checkedBlock({ ...checked, rawLength: 4 }), wrong);
  lacking.checkedBlock(checked);
  t.throws(() => lacking.endKeyspace(), wrong);
  t.throws(() => lacking.block({ ...block }), wrong);
  t.throws(() => lacking.checkedBlock(checked), { code: "DUMP_ORDER_BROKEN" });
  const here = inside();
  here.block(block);
  t.throws(() => here.endKeyspace(null, digest), wrong);
  t.throws(() => here.checkedBlock(checked), wrong);
  t.notThrows(() => inside().endKeyspace(null, new EntryDigest().value()));
});

test("a buffer that is used again after a block does no harm", (t) => {
  const buffer = Buffer.from(raw);
  const writer = inside();
  const first = { ...block, raw: buffer, data: buffer, firstKey: buffer.subarray(2, 3), lastKey: buffer.subarray(2, 3) };
  writer.block(first);
  buffer.fill(0xff);
  const second = encodeEntries([entry("b", "1")]);
  t.notThrows(() => writer.block({ ...block, raw: second, data: second, firstKey: bytes("b"), lastKey: bytes("b") }));
  const index = writer.endKeyspace()[1];
  t.true(Buffer.from(index ?? raw).includes(Buffer.from([0xc4, 1, 0x61, 0xc4, 1, 0x61])), "the index has the key as it was");
});

test("block data is handed on without a copy", (t) => {
  t.true(inside().block(block).includes(raw));
});

test("a header that readers would refuse is not written", (t) => {
  const start = (more: Parameters<typeof header>[0]) => () => new DumpWriter(header(more)).start();
  t.throws(start({ dumpId: "not a UUID" }), { code: "DUMP_MALFORMED" });
  t.throws(start({ keyspaces: [keyspace("a"), keyspace("a")] }), { code: "DUMP_MALFORMED" });
  t.throws(start({ kind: "delta" }), { code: "DUMP_MALFORMED" });
  t.throws(start({ blockSize: 0 }), { code: "DUMP_MALFORMED" });
  t.throws(start({ producer: "x".repeat(65_536) }), { code: "DUMP_LIMIT_EXCEEDED" });
  t.throws(start({ keyspaces: [keyspace("a".repeat(65_536))] }), { code: "DUMP_LIMIT_EXCEEDED" });
  t.throws(start({ keyspaces: Array.from({ length: 65_537 }, (_, index) => keyspace(String(index))) }), { code: "DUMP_LIMIT_EXCEEDED" });
  t.throws(start({ keyspaces: Array.from({ length: 300 }, (_, index) => keyspace(String(index).padEnd(65_000))) }), { code: "DUMP_LIMIT_EXCEEDED" });
  t.throws(start({ createdAt: new Date(NaN) }), { instanceOf: RangeError });
});

test("totals and bytes written are known at any time", async (t) => {
  const writer = new DumpWriter(header({ keyspaces: [keyspace("a"), keyspace("b")] }));
  const chunks = [...writer.start()];
  t.deepEqual(writer.totals, []);
  chunks.push(...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("k", "12"), entry("l", "")])));
  t.like(writer.totals[0], { entries: 2, keyBytes: 2, valueBytes: 2, blocks: 1, rawBytes: 12, storedBytes: 12 });
  const soFar = writer.totals[0]?.digest;
  chunks.push(...writer.endKeyspace(), ...writer.startKeyspace(1), ...writer.endKeyspace(), ...writer.finish());
  t.deepEqual(writer.totals[0]?.digest, soFar);
  t.is(writer.totals.length, 2);
  const dump = Buffer.concat(chunks);
  t.is(writer.bytesWritten, dump.length);
  const { events } = await outcome(dump);
  const last = events.at(-1);
  if (last?.type !== "footer") return t.fail();
  t.deepEqual(last.footer.keyspaces.map(({ name: _, ...totals }) => totals), writer.totals);
  t.like(last.footer, { entries: 2, keyBytes: 2, valueBytes: 2, blocks: 1 });
});

test("an abort can end a dump in any state, and carries the reason", async (t) => {
  const early = new DumpWriter(header());
  t.like((await outcome(Buffer.concat(early.abort("no store")))).error, { code: "DUMP_ABORTED" });
  t.throws(() => early.start(), { instanceOf: TypeError });
  const writer = new DumpWriter(header());
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...writer.block(block), ...writer.abort("the store moved \u{1f600}")];
  const { events, error } = await outcome(Buffer.concat(chunks));
  t.regex(String(error), /the store moved \u{1f600}/u);
  t.is(events.length, 3);
});

test("a reason that is too long is cut between characters", (t) => {
  for (let shift = 0; shift < 4; shift += 1) {
    const reason = "x".repeat(shift) + "\u{1f600}".repeat(2000);
    const read = decodeAbort(encodeAbort(reason), false);
    t.true(reason.startsWith(read));
    t.true(Buffer.byteLength(read) <= ABORT_REASON_BYTES && Buffer.byteLength(read) > ABORT_REASON_BYTES - 4);
  }
});

test("the footer has first keys up to the longest that it may have, and is no larger than its limit", async (t) => {
  const dumpOf = (length: number, footer?: number): Buffer => {
    const key = "k".repeat(length);
    const raw = encodeEntries([entry(key, "1")]);
    const writer = new DumpWriter(header(), footer === undefined ? {} : { footer });
    const chunks = [...writer.start(), ...writer.startKeyspace(0)];
    chunks.push(...writer.block({ ...block, raw, data: raw, keyBytes: length, firstKey: bytes(key), lastKey: bytes(key) }), ...writer.endKeyspace(), ...writer.finish());
    return Buffer.concat(chunks);
  };
  for (const length of [FOOTER_KEY_BYTES, FOOTER_KEY_BYTES + 1]) {
    const { events, error } = await outcome(dumpOf(length));
    t.is(error, undefined);
    const last = events.at(-1);
    t.is(last?.type === "footer" ? (last.footer.indexes[0]?.firstKey?.length ?? null) : undefined, length === FOOTER_KEY_BYTES ? length : null);
  }
  const [size] = splitDump(dumpOf(1)).frames.slice(-1).map(({ payload }) => payload.length);
  t.notThrows(() => dumpOf(1, size));
  t.throws(() => dumpOf(1, (size ?? 0) - 1), { code: "DUMP_LIMIT_EXCEEDED" });
});
