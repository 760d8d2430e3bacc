/** What hostile sizes, counts, bombs and nesting cost the process that refuses them, measured in one of its own. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { crcOf } from "#src/format/checksum.js";
import { FRAME_HEAD_LENGTH, Kind } from "#src/format/constants.js";
import { DEFAULT_LIMITS, type DumpHeader } from "#src/format/index.js";
import { MsgpackWriter } from "#src/format/msgpack/writer.js";
import { encodeBlock } from "#src/format/payload/block.js";
import { encodeHeader } from "#src/format/payload/header.js";
import { encodeKeyspaceStart } from "#src/format/payload/totals.js";
import { temporaryDirectory } from "../support/temporary.js";
import { bytes, type ForgedFrame, forge, header, smallDump } from "./support/dumps.js";

const READER = fileURLToPath(new URL("cost-reader.js", import.meta.url));
const MOST_MEMORY = 64 * 2 ** 20;

const start = (given: DumpHeader): ForgedFrame[] => [
  { kind: Kind.header, payload: encodeHeader(given, DEFAULT_LIMITS) },
  { kind: Kind.keyspaceStart, payload: encodeKeyspaceStart(given, 0) },
];
const block = (codec: "none" | "lz4" | "zstd", rawLength: number, data: Uint8Array): ForgedFrame => ({
  kind: Kind.block,
  payload: Buffer.concat(encodeBlock({ keyspace: 0, codec, rawLength, entries: 1, firstKey: bytes("a"), lastKey: bytes("a"), data })),
});

/** A frame whose head claims a payload of this length, which does not follow. */
function claim(kind: number, length: number): Buffer {
  const forged = forge([...start(header()), { kind, payload: new Uint8Array(0) }]);
  const at = forged.length - FRAME_HEAD_LENGTH;
  forged.writeUInt32BE(length, at + 16);
  forged.writeUInt32BE(length, at + 29);
  forged.writeUInt32BE(crcOf(forged.subarray(at + 3, at + 24)), at + 24);
  return forged;
}

/** A zstd frame of blocks of four bytes that each repeat a byte 128 KiB often, with the content size that is said. */
function zstdBomb(said: number, blocks: number): Buffer {
  const head = Buffer.from("28b52ffd8038", "hex");
  const size = Buffer.alloc(4);
  size.writeUInt32LE(said);
  const repeated = Array.from({ length: blocks }, (_, index) => {
    const one = Buffer.alloc(4);
    one.writeUIntLE((131_072 << 3) | 2 | (index === blocks - 1 ? 1 : 0), 0, 3);
    return one;
  });
  return Buffer.concat([head, size, ...repeated]);
}

test("hostile sizes, bombs and nesting are refused with less than 64 MiB", async (t) => {
  const [lz4, zstd] = [start(header({ codec: "lz4" })), start(header({ codec: "zstd" }))];
  const sound = encodeHeader(header(), DEFAULT_LIMITS);
  const cases: Record<string, Buffer> = {};
  for (const kind of [...Object.values(Kind), 0x71]) for (const length of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) cases[`claim ${String(kind)} ${String(length)}`] = claim(kind, length);
  cases["largest block that is allowed, cut"] = claim(Kind.block, DEFAULT_LIMITS.payload);
  for (const length of [2 ** 31, 2 ** 32 - 1, DEFAULT_LIMITS.rawBlock, DEFAULT_LIMITS.rawBlock + 1, 2 ** 24 + 1]) cases[`lz4 ${String(length)}`] = forge([...lz4, block("lz4", length, Buffer.alloc(40, 0xff))]);
  cases["lz4 bomb"] = forge([...lz4, block("lz4", 2 ** 24, Buffer.alloc(66_000, 0xff))]);
  cases["zstd bomb that says less"] = forge([...zstd, block("zstd", 2 ** 20, zstdBomb(2 ** 20, 8192))]);
  cases["zstd bomb that says all"] = forge([...zstd, block("zstd", 2 ** 30, zstdBomb(2 ** 30, 8192))]);
  cases.nesting = forge([{ kind: Kind.header, payload: Buffer.concat([Buffer.of(0x8d), bytes("\u00a3new").subarray(1), sound.subarray(1), Buffer.alloc(1_000_000, 0x91)]) }], { major: 1, minor: 9 });
  cases["a million keyspaces claimed"] = forge([{ kind: Kind.header, payload: Buffer.from(Buffer.from(sound).toString("latin1").replace("keyspaces\x91", "keyspaces\xdd\x00\x10\x00\x00"), "latin1") }]);
  cases["blocks of an index"] = forge([...start(header()), block("none", 6, Buffer.from("c40161c40131", "hex")), { kind: Kind.index, payload: new MsgpackWriter().array(3).uint(0).uint(0).array(2 ** 32 - 1).bytes() }]);
  const directory = await temporaryDirectory(t);
  const paths = await Promise.all([["sound", await smallDump("zstd")] as const, ...Object.entries(cases)].map(async ([name, dump], index) => {
    const path = join(directory, `${String(index)}.kgd`);
    await writeFile(path, dump);
    return [name, path] as const;
  }));
  const { stdout } = await promisify(execFile)(process.execPath, [READER, ...paths.map(([, path]) => path)]);
  const results = JSON.parse(stdout) as { code: string; milliseconds: number; memory: number }[];
  t.is(results.length, paths.length - 1);
  for (const [place, { code, milliseconds, memory }] of results.entries()) {
    const name = paths[place + 1]?.[0] ?? "";
    t.regex(code, /^DUMP_/, name);
    t.true(memory < MOST_MEMORY, `${name}: ${String(memory)} bytes, ${milliseconds.toFixed(0)} ms`);
  }
  const slowest = results.reduce((most, { milliseconds }) => Math.max(most, milliseconds), 0);
  t.log(`${results.length} inputs; the slowest took ${slowest.toFixed(1)} ms of the processor, all together ${((results.at(-1)?.memory ?? 0) / 2 ** 20).toFixed(1)} MiB`);
});
