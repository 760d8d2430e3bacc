import { execFile } from "node:child_process";
import { link, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { crcOf } from "#src/format/checksum.js";
import { type DumpEvent, type DumpHeader, DumpWriter, encodeEntries, type Gap, readDump } from "#src/format/index.js";
import { importDump } from "#src/operations/import/import.js";
import { listGaps } from "#src/operations/inspect/gaps.js";
import { recoverDump, type RecoverResult, requireNothingLost } from "#src/operations/recover/recover.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { bytes, type Content, entry, type FoundFrame, header, inChunks, keyspace, makeDump, splitDump, writeBlock } from "../../format/support/dumps.js";
import { temporaryDirectory } from "../../support/temporary.js";

const flipped = (dump: Buffer, ...places: number[]): Buffer => {
  const copy = Buffer.from(dump);
  for (const at of places) copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

const blocksOf = (dump: Buffer): FoundFrame[] => splitDump(dump).frames.filter(({ kind }) => kind === 0x42);

const CONTENT: Content = [[[entry("a", "1"), entry("b", "2")], [entry("c", "3")], [entry("d", "4")]], [[entry("z", "9"), entry("y", "8")]]];
const KEYSPACES = [keyspace("default"), keyspace("edges", { comparator: "reverse-bytewise" })];
const sample = (more: Partial<DumpHeader> = {}): Promise<Buffer> => makeDump(header({ keyspaces: KEYSPACES, ...more }), CONTENT);

interface Recovered {
  readonly result: RecoverResult;
  readonly events: DumpEvent[];
  readonly header: DumpHeader;
  readonly keys: string[];
  readonly gaps: Gap[];
}

/** Recovers a dump and reads the new one. */
async function recover(t: ExecutionContext, damaged: Buffer): Promise<Recovered> {
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "damaged.kgd"), join(directory, "new.kgd")];
  await writeFile(input, damaged);
  const result = await recoverDump({ input, output });
  t.deepEqual(await readFile(input), damaged);
  t.deepEqual((await readdir(directory)).sort(), ["damaged.kgd", "new.kgd"]);
  const events: DumpEvent[] = [];
  for await (const event of readDump(inChunks(await readFile(output), 4096), { loadCodec })) events.push(event);
  const first = events[0];
  if (first?.type !== "header") throw new Error("no header");
  const keys = events.flatMap((event) => (event.type === "block" ? [Buffer.from(event.block.firstKey).toString()] : []));
  t.is(result.gaps, events.filter(({ type }) => type === "gap").length);
  return { result, events, header: first.header, keys, gaps: events.flatMap((event) => (event.type === "gap" ? [event.gap] : [])) };
}

test("a damaged block becomes a gap that says all there is to say", async (t) => {
  const dump = await sample();
  const block = blocksOf(dump)[1];
  const at = block?.offset ?? 0;
  const { result, header: made, keys, gaps } = await recover(t, flipped(dump, at + 40));
  t.deepEqual(keys, ["a", "d", "z"]);
  const gap = { keyspace: 0, after: bytes("b"), before: bytes("d"), blocks: 1, entries: 1, bytes: block?.bytes.length ?? 0 };
  t.deepEqual(gaps, [gap]);
  t.deepEqual(result.keyspaces[0]?.gaps, [{ ...gap, from: at, to: at + (block?.bytes.length ?? 0) }]);
  t.like(result, { sound: false, lost: true, lostBlocks: 1, lostEntries: 1, blocks: 3, entries: 5 });
  t.is(result.damagedId, header().dumpId);
  t.deepEqual(result.unused, [{ offset: at, bytes: block?.bytes.length ?? 0, what: "damaged" }]);
  t.deepEqual(made.salvaged, { dumpId: header().dumpId });
  t.is(result.dumpId, made.dumpId);
  t.deepEqual(made.createdAt, header().createdAt);
  t.throws(() => { requireNothingLost(result); }, { code: "RECOVERY_INCOMPLETE" });
});

test("damage to anything but blocks loses nothing", async (t) => {
  const dump = await sample();
  const { frames } = splitDump(dump);
  for (const { kind, offset, bytes: frame } of frames) {
    if (kind === 0x42) continue;
    const { result, keys, gaps } = await recover(t, Buffer.concat([dump.subarray(0, offset), dump.subarray(offset + frame.length)]));
    t.deepEqual(keys, ["a", "c", "d", "z"]);
    t.deepEqual(gaps, []);
    t.false(result.lost || result.sound, String.fromCharCode(kind));
    t.notThrows(() => { requireNothingLost(result); });
  }
  for (const bad of [dump.subarray(0, dump.length - 5), Buffer.concat([dump, dump.subarray(3, 99)]), dump.subarray(17), flipped(dump, 3)]) {
    t.like((await recover(t, bad)).result, { lost: false, sound: false, entries: 6 });
  }
});

test("a sound dump is copied, and the result says that nothing was wrong", async (t) => {
  const { result, keys, header: made } = await recover(t, await sample());
  t.like(result, { sound: true, lost: false, gaps: 0, lostBlocks: 0, remarks: [], unused: [], dropped: [] });
  t.deepEqual(keys, ["a", "c", "d", "z"]);
  t.deepEqual(made.salvaged, { dumpId: header().dumpId });
});

test("blocks that are not what the digest at the end was made of are kept, and called lost", async (t) => {
  const writer = new DumpWriter(header({ keyspaces: KEYSPACES.slice(0, 1) }));
  const raw = encodeEntries([entry("a", "1")]);
  const block = { entries: 1, keyBytes: 1, valueBytes: 1, firstKey: bytes("a"), lastKey: bytes("a"), codec: "none", data: raw, rawLength: raw.length, dataCrc: crcOf(raw) } as const;
  const dump = Buffer.concat([...writer.start(), ...writer.startKeyspace(0), ...writer.checkedBlock(block), ...writer.endKeyspace(null, new Uint8Array(32)), ...writer.finish()]);
  const { result, keys } = await recover(t, dump);
  t.like(result, { lost: true, sound: false, gaps: 0, entries: 1 });
  t.regex(result.remarks.join(), /another digest/);
  t.is(keys.length, 1);
  t.throws(() => { requireNothingLost(result); }, { code: "RECOVERY_INCOMPLETE", message: /may be missing/ });
});

test("swapped and doubled blocks are put in order", async (t) => {
  const dump = await sample();
  const [a, b, c] = blocksOf(dump);
  if (a === undefined || b === undefined || c === undefined) throw new Error("no blocks");
  const [start, end] = [dump.subarray(0, a.offset), dump.subarray(c.offset + c.bytes.length)];
  for (const order of [[b, a, c], [c, b, a], [a, a, b, b, c], [b, c, a], [a, b, c, a]]) {
    const { keys, result } = await recover(t, Buffer.concat([start, ...order.map((block) => block.bytes), end]));
    t.deepEqual(keys, ["a", "c", "d", "z"]);
    t.like(result, { lost: false, sound: false });
  }
});

test("what is lost with header, footer and ends is told as unknown", async (t) => {
  const dump = await sample();
  const { frames } = splitDump(dump);
  const kept = frames.filter(({ kind }) => ![0x48, 0x45, 0x46].includes(kind));
  const { result, keys, header: made, gaps } = await recover(t, Buffer.concat(kept.map((frame) => frame.bytes)));
  t.deepEqual(keys, ["a", "c", "d", "z"]);
  t.like(result, { lost: true, lostBlocks: null, damagedId: null });
  t.true(gaps.length > 0 && gaps.every(({ blocks, entries }) => blocks === null && entries === null));
  t.like(made, { salvaged: { dumpId: null }, filter: "unknown, because the dump's header is lost" });
  t.regex(result.remarks.join("\n"), /more keyspaces/);
});

test("when nothing is left there is an error, and no output", async (t) => {
  const dump = await sample();
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "in"), join(directory, "out")];
  for (const [content, code] of [
    [Buffer.alloc(0), "DUMP_TRUNCATED"],
    [Buffer.from("hello, this is no dump\n"), "DUMP_NOT_A_DUMP"],
    [Buffer.alloc(5000), "DUMP_NOT_A_DUMP"],
    [dump.subarray(0, 17), "DUMP_FRAME_DAMAGED"],
    [dump.subarray(0, 100), "DUMP_FRAME_DAMAGED"],
    [dump.subarray(0, (blocksOf(dump)[0]?.offset ?? 0) + 20), "DUMP_FRAME_DAMAGED"],
    [flipped(dump, ...blocksOf(dump).map(({ offset }) => offset + 5)), "DUMP_FRAME_DAMAGED"],
  ] as const) {
    await writeFile(input, content);
    await t.throwsAsync(recoverDump({ input, output }), { code, name: "KgdumpError" });
    t.deepEqual(await readdir(directory), ["in"]);
  }
});

test("a dump that its producer gave up is recovered up to there", async (t) => {
  const writer = new DumpWriter(header({ keyspaces: KEYSPACES }));
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("a", "1")])), ...writer.abort("disk\x1b[31m full")];
  const { result, keys, gaps } = await recover(t, Buffer.concat(chunks));
  t.deepEqual(keys, ["a"]);
  t.deepEqual(gaps.map(({ keyspace: at, after, blocks }) => [at, after === null ? null : Buffer.from(after).toString(), blocks]), [[0, "a", null], [1, null, null]]);
  // What is lost would lie behind the words with which it gave up.
  t.deepEqual(result.keyspaces.flatMap((one) => one.gaps.map(({ from }) => from)), [result.inputBytes, result.inputBytes]);
  t.true(result.remarks.some((remark) => remark.includes("gave up: disk")));
});

test("a delta stays a delta with its base and results, or is refused", async (t) => {
  const base = { dumpId: "00000000-0000-4000-8000-000000000000", keyspaces: [{ name: bytes("default"), entries: 7, digest: new Uint8Array(32).fill(7) }] };
  const delta = await makeDump(header({ kind: "delta", base, keyspaces: KEYSPACES }), [[[entry("a", null)], [entry("b", "2")], [entry("c", null)]], []]);
  const { frames } = splitDump(delta);
  const of = (kind: number): FoundFrame[] => frames.filter((frame) => frame.kind === kind);
  const broken = flipped(delta, (of(0x42)[1]?.offset ?? 0) + 40);
  for (const bad of [broken, flipped(broken, (of(0x46)[0]?.offset ?? 0) + 5), flipped(broken, ...of(0x45).map(({ offset }) => offset + 5))]) {
    const { header: made, keys, events, gaps } = await recover(t, bad);
    t.like(made, { kind: "delta", base });
    t.deepEqual(keys, ["a", "c"]);
    t.like(gaps[0], { blocks: 1, entries: 1 });
    const ends = events.flatMap((event) => (event.type === "keyspace-end" ? [event.totals.result] : []));
    t.deepEqual(ends, [{ entries: 1, digest: new Uint8Array(32) }, { entries: 1, digest: new Uint8Array(32) }]);
  }
  const directory = await temporaryDirectory(t);
  const input = join(directory, "in");
  await writeFile(input, flipped(broken, (of(0x46)[0]?.offset ?? 0) + 5, (of(0x45)[1]?.offset ?? 0) + 5));
  await t.throwsAsync(recoverDump({ input, output: join(directory, "out") }), { code: "DUMP_FRAME_DAMAGED", message: /delta/ });
  await writeFile(input, flipped(delta, 50));
  await t.throwsAsync(recoverDump({ input, output: join(directory, "out") }), { code: "DUMP_FRAME_DAMAGED", message: /delta/ });
  t.deepEqual(await readdir(directory), ["in"]);
});

test("a salvaged dump that was damaged again keeps its gaps", async (t) => {
  const hole = { after: bytes("b"), before: bytes("d"), blocks: 4, entries: 40, bytes: 4000 };
  const unknown = { after: bytes("e"), before: null, blocks: null, entries: null, bytes: null };
  const writer = new DumpWriter(header({ salvaged: { dumpId: null } }));
  const chunks = [...writer.start(), ...writer.startKeyspace(0)];
  for (const key of ["a", "b"]) chunks.push(...(await writeBlock(writer, "none", [entry(key, "")])));
  chunks.push(...writer.gap(hole));
  for (const key of ["d", "e"]) chunks.push(...(await writeBlock(writer, "none", [entry(key, "")])));
  chunks.push(...writer.gap(unknown), ...writer.endKeyspace(), ...writer.finish());
  const dump = Buffer.concat(chunks);
  const whole = await recover(t, dump);
  t.deepEqual(whole.gaps, [{ ...hole, keyspace: 0 }, { ...unknown, keyspace: 0 }]);
  t.true(whole.result.lost);
  for (const [block, keys] of [[0, ["b", "d", "e"]], [1, ["a", "d", "e"]], [2, ["a", "b", "e"]], [3, ["a", "b", "d"]]] as const) {
    const again = await recover(t, flipped(dump, (blocksOf(dump)[block]?.offset ?? 0) + 5));
    t.deepEqual(again.keys, [...keys]);
    t.is(again.gaps.length, block === 0 ? 3 : 2);
    if (block === 1 || block === 2) t.like(again.gaps[0], { blocks: 5, entries: 41 });
  }
  const gapFrame = splitDump(dump).frames.find(({ kind }) => kind === 0x47);
  const lostGap = await recover(t, flipped(dump, (gapFrame?.offset ?? 0) + 5));
  t.like(lostGap.gaps[0], { after: bytes("b"), before: bytes("d"), blocks: null });
});

test("the output is never the damaged dump, nor anything that is there, unless forced", async (t) => {
  const dump = await sample();
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("in"), dump);
  await writeFile(at("there"), "something");
  await link(at("in"), at("hard"));
  await symlink("in", at("soft"));
  await promisify(execFile)("mkfifo", [at("fifo")]);
  for (const name of ["in", "hard", "soft", "fifo"]) {
    await t.throwsAsync(recoverDump({ input: at("in"), output: at(name), force: true }), { code: "USAGE" }, name);
  }
  await t.throwsAsync(recoverDump({ input: at("in"), output: at("there") }), { code: "OUTPUT_EXISTS" });
  await t.throwsAsync(recoverDump({ input: at("in"), output: directory, force: true }), { code: "OUTPUT_EXISTS" });
  await t.throwsAsync(recoverDump({ input: at("in"), output: at("no/where") }), { code: "NOT_FOUND" });
  await t.throwsAsync(recoverDump({ input: at("nothing"), output: at("new") }), { code: "NOT_FOUND" });
  await t.throwsAsync(recoverDump({ input: directory, output: at("new") }), { code: "DUMP_NOT_A_DUMP" });
  t.is((await readFile(at("there"))).toString(), "something");
  t.deepEqual(await readFile(at("in")), dump);
  await recoverDump({ input: at("in"), output: at("there"), force: true });
  await verifyDump({ input: at("there") });
  t.is((await stat(at("there"))).mode & 0o777, 0o600);
  const plan = await recoverDump({ input: at("in") });
  t.like(plan, { output: null, dumpId: null, outputBytes: null, entries: 6 });
  t.deepEqual((await readdir(directory)).sort(), ["fifo", "hard", "in", "soft", "there"]);
});

test("an abort leaves nothing, whenever it comes", async (t) => {
  const directory = await temporaryDirectory(t);
  const input = join(directory, "in");
  await writeFile(input, await sample());
  for (const phase of ["read", "recover", "verify"] as const) {
    const controller = new AbortController();
    const onProgress = (progress: { phase: string }): void => {
      if (progress.phase === phase) controller.abort(new Error("enough"));
    };
    await t.throwsAsync(recoverDump({ input, output: join(directory, "out"), onProgress, signal: controller.signal }), { message: "enough" });
    t.deepEqual(await readdir(directory), ["in"], phase);
  }
  // The last word of reading back comes when all was read.
  let words = 0;
  await recoverDump({ input, output: join(directory, "sound"), onProgress: ({ phase }) => void (words += phase === "verify" ? 1 : 0) });
  const controller = new AbortController();
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase === "verify" && --words === 0) controller.abort(new Error("enough"));
  };
  await t.throwsAsync(recoverDump({ input, output: join(directory, "out"), onProgress, signal: controller.signal }), { message: "enough" });
  t.deepEqual((await readdir(directory)).sort(), ["in", "sound"]);
});

test("import and verify warn of a salvaged dump, and its gaps can be listed", async (t) => {
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "in"), join(directory, "out")];
  const dump = await sample();
  await writeFile(input, flipped(dump, (blocksOf(dump)[0]?.offset ?? 0) + 40));
  await recoverDump({ input, output });
  const [warning] = (await verifyDump({ input: output })).warnings;
  t.regex(warning ?? "", /salvaged from the damaged dump 0f8fad5b-.*one place/);
  const { warnings } = await importDump({ target: join(directory, "sled"), input: output });
  t.is(warnings[0], warning);
  const gaps = [];
  for await (const { keyspaceName, after, before } of listGaps({ input: output })) gaps.push([Buffer.from(keyspaceName).toString(), after, Buffer.from(before ?? []).toString()]);
  t.deepEqual(gaps, [["default", null, "c"]]);
  t.deepEqual((await verifyDump({ input: (async function* () { yield dump; })() })).warnings, []);
});

test("a link that leads nowhere is there, too, which is told before anything is read", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("in"), await sample());
  await symlink("nowhere", at("link"));
  await t.throwsAsync(recoverDump({ input: at("in"), output: at("link"), onProgress: () => { t.fail("it is read"); } }), { code: "OUTPUT_EXISTS" });
  await t.throwsAsync(stat(at("link")), { code: "ENOENT" });
});

test("a sound dump without entries is copied; the header of the new one tells what was kept", async (t) => {
  const { result } = await recover(t, await makeDump(header({ keyspaces: KEYSPACES }), [[], []]));
  t.like(result, { sound: true, lost: false, entries: 0, blocks: 0 });
  const { events, header: kept } = await recover(t, await sample());
  const found = events.flatMap((event) => (event.type === "keyspace-end" ? [[event.totals.entries, event.totals.rawBytes]] : []));
  t.deepEqual(kept.keyspaces.map(({ estimatedEntries, estimatedBytes }) => [estimatedEntries, estimatedBytes]), found);
});
