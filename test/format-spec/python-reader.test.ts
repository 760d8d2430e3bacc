/** The second reader, in Python: it passes all vectors, notices one that differs, and reads real dumps from a pipe. */
import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { KgdumpError } from "#src/errors.js";
import { iterateEntries } from "#src/format/index.js";
import { shell } from "../cli/support/run.js";
import { unpackStore } from "../fixtures/unpack.js";
import { outcome } from "../format/support/dumps.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { letters, released } from "./events.js";
import { mutated, randomBy } from "./mutate.js";
import { invalidVectors, ROOT, validVectors } from "./vector-files.js";

const READER = join(ROOT, "format-spec", "reader", "kgdump_reader.py");
const RUNNER = join(ROOT, "format-spec", "reader", "run_vectors.py");

/** How many mutated dumps both readers get. */
const MUTATIONS = Number(process.env.KGDUMP_MUTATIONS ?? 3000);

/** A store with four families. */
const STORE = "maya-families";

/** The interpreter, or undefined where there is no Python, which is said; in CI that is a failure. */
async function python(t: ExecutionContext): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "scripts", "setup", "python.mjs")]);
    return stdout.trim();
  } catch (error) {
    const reason = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    if (error instanceof Error && "code" in error && error.code === 1 && !reason.includes("failed") && !process.env.CI) {
      t.log(`SKIPPED: the Python reader was not tested: ${reason}`);
      t.pass();
      return undefined;
    }
    throw error;
  }
}

test("all vectors: whole, in random chunks, byte by byte", async (t) => {
  const interpreter = await python(t);
  if (interpreter === undefined) return;
  const { code, stdout, stderr } = await shell(`"${interpreter}" "${RUNNER}"`);
  t.log(stdout.toString().trim());
  t.is(code, 0, stderr);
  const passed = Number(/^(\d+) passed, 0 failed/.exec(stdout.toString())?.[1]);
  t.true(passed > 2 * (validVectors().length + invalidVectors().length));
});

test("a vector that differs is a failure", async (t) => {
  const interpreter = await python(t);
  if (interpreter === undefined) return;
  for (const [path, from, to] of [
    ["invalid/cut-block.json", '"offset": ', '"offset": 1'],
    ["invalid/head-crc.json", "DUMP_FRAME_DAMAGED", "DUMP_FRAME_FOREIGN"],
    ["valid/delta.json", '"74776f"', '"74776e"'],
  ] as const) {
    const directory = await temporaryDirectory(t);
    for (const name of [path, path.replace(".json", ".kgd")]) await cp(join(ROOT, "format-spec", "vectors", name), join(directory, name));
    const sound = await readFile(join(directory, path), "utf8");
    t.is((await shell(`"${interpreter}" "${RUNNER}" "${directory}"`)).code, 0);
    t.true(sound.includes(from), path);
    await writeFile(join(directory, path), sound.replace(from, to));
    const { code, stdout } = await shell(`"${interpreter}" "${RUNNER}" "${directory}"`);
    t.is(code, 1, path);
    t.regex(stdout.toString(), /^(?:1 passed, 3|0 passed, 4) failed/);
  }
  const empty = await temporaryDirectory(t);
  t.is((await shell(`"${interpreter}" "${RUNNER}" "${empty}"`)).code, 1, "no vector at all");
});

/** Checks that no small dump can break: a key of more than 16 MiB, a block of more than 1 GiB that is not refused for its expansion, 262,145 index frames. */
const TOO_LARGE = [/too long"\)$/, /raw bytes"\)$/, /too many index frames"\)$/];

test("no check of the reader can be switched off without a vector that notices", async (t) => {
  const interpreter = await python(t);
  if (interpreter === undefined) return;
  const seed = loggedSeed(t);
  const script = join(ROOT, "test", "format-spec", "checks_off.py");
  const { code, stdout, stderr } = await shell(`"${interpreter}" "${script}" "${join(READER, "..")}" "${join(ROOT, "format-spec", "vectors")}" ${process.env.KGDUMP_CHECKS ?? "6"} ${String(seed)}`);
  t.is(code, 0, stderr);
  const lines = stdout.toString().trim().split("\n");
  t.true(Number(lines.pop()) >= 6);
  t.deepEqual(lines.filter((line) => !TOO_LARGE.some((known) => known.test(line))), []);
});

for (const codec of ["none", "lz4", "zstd"]) {
  test(`${codec}: a real dump from a pipe, entry by entry`, async (t) => {
    const interpreter = await python(t);
    if (interpreter === undefined) return;
    const store = await unpackStore(t, STORE);
    const directory = await temporaryDirectory(t);
    const { code, stdout, stderr } = await shell(`set -o pipefail; "$NODE" "$KGDUMP" export "${store}" --codec ${codec} | tee dump.kgd | "${interpreter}" "${READER}" --entries`, { cwd: directory });
    t.is(code, 0, stderr);
    const lines = stdout.toString().trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const { events, error } = await outcome(await readFile(join(directory, "dump.kgd")));
    t.is(error, undefined);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const expected = events.flatMap((event) => (event.type === "block" ? [...iterateEntries(event.raw ?? new Uint8Array(0))].map(({ key, value }) => ({ keyspace: event.block.keyspace, key: hex(key), value: value && hex(value) })) : []));
    t.true(expected.length > 100);
    t.deepEqual(lines.filter((line) => "key" in line), expected);
    t.like(lines.at(-1), { footer: { entries: expected.length } });
  });
}

test("both readers make the same of mutated dumps", async (t) => {
  const interpreter = await python(t);
  if (interpreter === undefined) return;
  const seed = loggedSeed(t);
  const directory = await temporaryDirectory(t);
  const sources = [...validVectors(), ...invalidVectors()].map(({ bytes }) => bytes).filter(({ length }) => length < 3000);
  const random = randomBy(seed);
  const expected: { name: string; error: unknown; released: unknown }[] = [];
  for (let index = 0; index < MUTATIONS; index += 1) {
    const dump = mutated(sources, random);
    const name = String(index).padStart(6, "0");
    await writeFile(join(directory, `${name}.kgd`), dump);
    const { events, error } = await outcome(dump);
    expected.push({ name, error, released: error === undefined ? letters(events) : released(events) });
  }
  const { code, stdout, stderr } = await shell(`"${interpreter}" "${RUNNER}" --outcomes "${directory}"`);
  t.is(code, 0, stderr);
  const lines = stdout.toString().trim().split("\n");
  t.is(lines.length, MUTATIONS);
  let otherCode = 0;
  for (const [index, { name, error, released: real }] of expected.entries()) {
    const got = JSON.parse(lines[index] ?? "{}") as Record<string, unknown>;
    t.is(got.name, name);
    if (error === undefined) {
      t.is(got.code, undefined, `${name}: one reader takes it`);
      t.is(got.events, real, name);
    } else {
      t.true(error instanceof KgdumpError, name);
      if (!(error instanceof KgdumpError)) continue;
      t.deepEqual({ offset: got.offset, block: got.block, released: got.released }, { offset: error.offset, block: error.block ?? null, released: real }, `${name}: ${error.message}`);
      if (got.code !== error.code) otherCode += 1;
    }
  }
  // Where two things are wrong within one payload, readers may name either.
  t.log(`${expected.filter(({ error }) => error === undefined).length} of ${MUTATIONS} are sound, ${otherCode} are refused with another code`);
  t.true(otherCode <= MUTATIONS / 100);
});

test("a pipe that breaks is an error with exit code 3, and so is a dump of something else", async (t) => {
  const interpreter = await python(t);
  if (interpreter === undefined) return;
  const store = await unpackStore(t, STORE);
  const cut = await shell(`"$NODE" "$KGDUMP" export "${store}" | head -c 5000 | "${interpreter}" "${READER}"`);
  t.is(cut.code, 3);
  t.like(JSON.parse(cut.stderr.split("\n").find((line) => line.includes('"code"')) ?? "{}"), { code: "DUMP_TRUNCATED", offset: 5000 });
  const other = await shell(`echo hello | "${interpreter}" "${READER}"`);
  t.is(other.code, 3);
  t.like(JSON.parse(other.stderr), { code: "DUMP_NOT_A_DUMP", offset: 0, block: null });
});

test("the reader stays short enough to be read in one go", async (t) => {
  const lines = async (name: string): Promise<number> => (await readFile(join(ROOT, "format-spec", "reader", name), "utf8")).split("\n").length - 1;
  t.true((await lines("kgdump_reader.py")) < 280);
  t.true((await lines("compressed.py")) < 80);
  t.true((await lines("strict_msgpack.py")) < 150);
});
