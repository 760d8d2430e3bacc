import test from "ava";
import fc from "fast-check";
import { RECORD_BYTES, RecordSorter } from "#src/operations/graph/record-sorter.js";
import { sortRecords } from "#src/operations/graph/sort-records.js";

/** Records that are often equal in their first words. */
const records = fc.array(
  fc.tuple(fc.constantFrom(0, 1, 0xff), fc.integer({ min: 0, max: 3 }), fc.uint8Array({ minLength: 4, maxLength: 4 })).map(([first, common, last]) => {
    const record = Buffer.alloc(RECORD_BYTES, common);
    record[0] = first;
    record.set(last, RECORD_BYTES - 4);
    return record;
  }),
  { maxLength: 300 },
);

const inOrder = (list: readonly Buffer[]): string => [...list].sort((a, b) => Buffer.compare(a, b)).map((record) => record.toString("hex")).join("\n");

test("records are sorted as bytes, in memory and by runs in a file", async (t) => {
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 400 }), async (list, runRecords) => {
      await using sorter = new RecordSorter(runRecords);
      for (const record of list) {
        const at = sorter.add();
        sorter.buffer.set(record, at);
        if (sorter.full) await sorter.flush();
      }
      for (let round = 0; round < 2; round++) {
        const sorted: Buffer[] = [];
        for await (const piece of sorter.sorted()) {
          for (let at = 0; at < piece.length; at += RECORD_BYTES) sorted.push(Buffer.from(piece.subarray(at, at + RECORD_BYTES)));
        }
        t.is(sorted.map((record) => record.toString("hex")).join("\n"), inOrder(list));
      }
    }),
    { numRuns: 60 },
  );
});

test("many records with equal beginnings are sorted", (t) => {
  const count = 200_000;
  const all = Buffer.alloc(count * 8);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    all.writeUInt32BE(state >>> 30, i * 8);
    all.writeUInt32BE(state, i * 8 + 4);
  }
  const sorted = sortRecords(all, 8);
  let sum = 0;
  for (let at = 8; at < sorted.length; at += 8) {
    if (sorted.compare(sorted, at - 8, at, at, at + 8) < 0) t.fail(`out of order at ${at.toString()}`);
  }
  for (let at = 0; at < sorted.length; at += 8) sum += sorted.readUInt32BE(at + 4) - all.readUInt32BE(at + 4);
  t.is(sum, 0);
});

test("the temporary file has no name, and nothing of it stays", async (t) => {
  const { mkdtemp, readdir, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const script = `
    const { RecordSorter } = await import(${JSON.stringify(import.meta.resolve("#src/operations/graph/record-sorter.js"))});
    const sorter = new RecordSorter(1);
    sorter.buffer[sorter.add()] = 7;
    await sorter.flush();
    process.stdout.write((await import("node:fs")).readdirSync(${JSON.stringify(directory)}).join());
    process.kill(process.pid, "SIGKILL");`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env, TMPDIR: directory } });
  await t.throwsAsync(run, { message: /./ });
  t.deepEqual(await readdir(directory), []);
  const away = `
    const { RecordSorter } = await import(${JSON.stringify(import.meta.resolve("#src/operations/graph/record-sorter.js"))});
    const sorter = new RecordSorter(1);
    sorter.add();
    await sorter.flush().catch((error) => process.stdout.write(error.code + " " + error.hint));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", away], { env: { ...process.env, TMPDIR: join(directory, "away") } });
  t.regex(stdout, /^NOT_FOUND .*TMPDIR/);
});
