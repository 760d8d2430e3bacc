/** What a file of millions of tiny sound frames costs the process that refuses to recover it. */
import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { FRAME_HEAD_LENGTH, Kind } from "#src/format/constants.js";
import { encodeFrameHead } from "#src/format/frame.js";
import { temporaryDirectory } from "../../support/temporary.js";

const READER = fileURLToPath(new URL("cost-reader.js", import.meta.url));
/** Frames that are made; they are repeated until the file has as many as it should. */
const MADE = 4096;
const FRAMES = 3 * 2 ** 20;
/** Runs of frames that a file may be in and frames other than blocks that it may have, together. */
const MOST = 2 ** 20;
/** Of the process: what is remembered of the file, and the window that is read at once. */
const MOST_MEMORY = (256 + 1) * 2 ** 20;

/** Which kind, number and marker each of the frames has, all without a payload; and in how many pieces so many are. */
const FILES: Readonly<Record<string, readonly [frame: (place: number) => readonly [kind: number, sequence: number, marker: string], pieces: (frames: number) => number]>> = {
  "frames that are no blocks, one after the other": [(place) => [Kind.index, place, "hostile!"], (frames) => frames + Math.ceil(frames / MADE)],
  "blocks, none of which follows the one before": [(place) => [Kind.block, 2 * place, "hostile!"], (frames) => frames],
  "frames of a dump of its own each": [(place) => [Kind.footer, 2 ** 32 - 1 - place, `host${String(place).padStart(4, "0")}`], (frames) => 2 * frames],
};

for (const [name, [frame, pieces]] of Object.entries(FILES)) {
  test(`millions of tiny frames are refused early and with little memory: ${name}`, async (t) => {
    const made = Buffer.concat(Array.from({ length: MADE }, (_, place) => {
      const [kind, sequence, marker] = frame(place);
      return encodeFrameHead(kind, Buffer.from(marker), sequence, []);
    }));
    const path = join(await temporaryDirectory(t), "hostile.kgd");
    const many = Buffer.concat(Array.from({ length: 64 }, () => made));
    const file = await open(path, "w");
    for (let written = 0; written < FRAMES; written += 64 * MADE) await file.write(many);
    await file.close();
    // The time limit is for a process that hangs.
    const { stdout } = await promisify(execFile)(process.execPath, [READER, path], { timeout: 240_000 });
    const { code, offset, memory } = JSON.parse(stdout) as { code: string; offset: number | null; memory: number };
    t.is(code, "DUMP_LIMIT_EXCEEDED");
    let enough = 0;
    while (pieces(enough + 1) <= MOST) enough += 1;
    t.is(offset, enough * FRAME_HEAD_LENGTH, "nothing is taken beyond the first frame that is too many");
    t.true(memory < MOST_MEMORY, `${String(memory)} bytes`);
    t.log(`${(memory / 2 ** 20).toFixed(0)} MiB`);
  });
}
