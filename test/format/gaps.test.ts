import test from "ava";
import { Kind } from "#src/format/constants.js";
import { type DumpHeader, DumpWriter, type Gap } from "#src/format/index.js";
import { encodeGap } from "#src/format/payload/gap.js";
import { bytes, codeOf, entry, forge, header, outcome, splitDump, writeBlock } from "./support/dumps.js";

const SALVAGED: Partial<DumpHeader> = { salvaged: { dumpId: null } };
const hole = (after: string | null, before: string | null): Omit<Gap, "keyspace"> => ({
  after: after === null ? null : bytes(after),
  before: before === null ? null : bytes(before),
  blocks: 2,
  entries: null,
  bytes: 4096,
});

/** A dump of blocks (an entry each) and gaps. */
async function dumpOf(parts: readonly (string | Omit<Gap, "keyspace">)[], more: Partial<DumpHeader> = SALVAGED): Promise<Buffer> {
  const writer = new DumpWriter(header(more));
  const chunks = [...writer.start(), ...writer.startKeyspace(0)];
  for (const part of parts) chunks.push(...(typeof part === "string" ? await writeBlock(writer, "none", [entry(part, "")]) : writer.gap(part)));
  return Buffer.concat([...chunks, ...writer.endKeyspace(), ...writer.finish()]);
}

test("gaps are told where they are, and counted", async (t) => {
  const { events, error } = await outcome(await dumpOf([hole(null, "a"), "a", "b", hole("b", "x"), "x", hole("x", null)]));
  t.is(error, undefined);
  const order = events.map((event) => (event.type === "block" ? Buffer.from(event.block.firstKey).toString() : event.type));
  t.deepEqual(order, ["header", "keyspace-start", "gap", "a", "b", "gap", "x", "gap", "keyspace-end", "footer"]);
  const gaps = events.flatMap((event) => (event.type === "gap" ? [event.gap] : []));
  t.deepEqual(gaps[1], { ...hole("b", "x"), keyspace: 0 });
  const footer = events.at(-1);
  t.is(footer?.type === "footer" && footer.footer.gaps, 3);
  const first = events[0];
  t.deepEqual(first?.type === "header" && first.header.salvaged, { dumpId: null });
});

test("a gap in place of a whole keyspace is told too", async (t) => {
  t.is(await codeOf(await dumpOf([hole(null, null)])), "sound");
});

test("a gap that does not fit its neighbours is refused", async (t) => {
  t.is(await codeOf(await dumpOf(["a", hole("b", "c"), "c"])), "DUMP_GAP_WRONG", "begins elsewhere");
  t.is(await codeOf(await dumpOf(["a", hole(null, "c"), "c"])), "DUMP_GAP_WRONG", "begins at the start");
  t.is(await codeOf(await dumpOf([hole("a", "c"), "c"])), "DUMP_GAP_WRONG", "does not begin at the start");
  t.is(await codeOf(await dumpOf(["a", hole("a", "b"), "c"])), "DUMP_GAP_WRONG", "ends elsewhere");
  t.is(await codeOf(await dumpOf(["a", hole("a", null), "c"])), "DUMP_GAP_WRONG", "does not end");
  t.is(await codeOf(await dumpOf(["a", hole("a", "c")])), "DUMP_GAP_WRONG", "ends the keyspace");
  t.is(await codeOf(await dumpOf(["a", hole("a", "c"), hole("a", "c"), "c"])), "DUMP_GAP_WRONG", "follows another");
});

test("a gap in a dump that was not salvaged, of another keyspace, or outside of one is misplaced", async (t) => {
  t.throws(() => new DumpWriter(header()).gap(hole(null, null)), { instanceOf: TypeError });
  const { frames } = splitDump(await dumpOf(["a", hole("a", "c"), "c"]));
  const whole = splitDump(await dumpOf(["a", "c"], {})).frames.at(0);
  const gap = frames.find(({ kind }) => kind === Kind.gap);
  if (whole === undefined || gap === undefined) throw new Error("frames are missing");
  t.is(await codeOf(forge([whole, ...frames.slice(1)])), "DUMP_FRAME_MISPLACED");
  t.is(await codeOf(forge([...frames.slice(0, 1), gap])), "DUMP_FRAME_MISPLACED");
  const other = { kind: Kind.gap, payload: encodeGap({ ...hole(null, "a"), keyspace: 1 }) };
  t.is(await codeOf(forge([...frames.slice(0, 2), other])), "DUMP_FRAME_MISPLACED");
});

test("a result belongs to the end of a delta's keyspace only", async (t) => {
  const base = { dumpId: "00000000-0000-4000-8000-000000000000", keyspaces: [] };
  const writer = new DumpWriter(header({ kind: "delta", base }));
  writer.start();
  writer.startKeyspace(0);
  t.throws(() => writer.endKeyspace(), { instanceOf: TypeError });
  t.throws(() => {
    const full = new DumpWriter(header());
    full.start();
    full.startKeyspace(0);
    full.endKeyspace({ entries: 0, digest: new Uint8Array(32) });
  }, { instanceOf: TypeError });
  const { frames: delta } = splitDump(Buffer.concat([...new DumpWriter(header({ kind: "delta", base })).start()]));
  const { frames: full } = splitDump(await dumpOf([], {}));
  t.is(await codeOf(forge([...delta, ...full.slice(1)])), "DUMP_MALFORMED");
});

test("an error within a keyspace says which block comes next", async (t) => {
  const dump = await dumpOf(["a", "b", "c"], {});
  const { frames } = splitDump(dump);
  const third = frames.filter(({ kind }) => kind === Kind.block).at(2);
  if (third === undefined) throw new Error("no third block");
  for (const at of [5, 13, 18, 40]) {
    const bad = Buffer.from(dump);
    bad.writeUInt8(bad.readUInt8(third.offset + at) ^ 1, third.offset + at);
    const { error } = await outcome(bad);
    t.like(error, { name: "KgdumpError", block: 2, offset: third.offset });
  }
  t.like((await outcome(dump.subarray(0, third.offset + 10))).error, { code: "DUMP_TRUNCATED", block: 2 });
});
