/** Temporary files of the module: what was written is read, and what was not written whole is a failure. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { SpillFiles } from "#src/looking/spill-files.js";
import { temporaryDirectory } from "../support/temporary.js";

const WRITER = fileURLToPath(new URL("limited-writer.js", import.meta.url));

test("what was appended is read, from any place, and what is beyond it is a failure", async (t) => {
  const memory = Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7) % 251));
  const files = new SpillFiles(await temporaryDirectory(t));
  const { open, append, read, close } = files.imports((place, length) => memory.subarray(place, place + length));
  const [file, other] = [open(), open()];
  const wanted: Buffer[] = [];
  for (const [from, length] of [[0, 1000], [500, 1], [7, 0], [900, 700]] as const) {
    t.is(append(file, from, length), 1);
    wanted.push(Buffer.from(memory.subarray(from, from + length)));
  }
  t.is(append(other, 0, 10), 1);
  const all = Buffer.concat(wanted);
  for (const [offset, length] of [[0, all.length], [0, 1], [999, 3], [1000, 701], [all.length - 1, 1], [all.length, 0]] as const) {
    t.is(read(file, 2000, length, offset), 1);
    t.deepEqual(memory.subarray(2000, 2000 + length), all.subarray(offset, offset + length));
  }
  t.is(files.takeFailure(), null);
  t.is(read(file, 2000, 2, all.length - 1), 0);
  t.is(files.takeFailure()?.code, "IO_FAILED");
  t.is(files.takeFailure(), null);
  close(file);
  files.closeAll();
});

test("what is not written whole is a failure", async (t) => {
  const directory = await temporaryDirectory(t);
  const outcome = async (...lengths: readonly number[]): Promise<unknown> => {
    // Blocks of 512 or 1024 bytes, as the shell likes.
    const { stdout } = await promisify(execFile)("sh", ["-c", 'ulimit -f 8; exec "$0" "$@"', process.execPath, WRITER, directory, ...lengths.map(String)]);
    return JSON.parse(stdout);
  };
  t.deepEqual(await outcome(1000, 3000), [[1, 1], null]);
  t.deepEqual(await outcome(10_000), [[0], "NO_SPACE"]);
  t.deepEqual(await outcome(3000, 9000), [[1, 0], "NO_SPACE"]);
});
