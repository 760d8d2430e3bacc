/** `kgdump recover` in a process of its own: what it says, its exit codes, its memory, and what is left when it fails. */
import { createCipheriv } from "node:crypto";
import { open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { isPrintable } from "#src/cli/text/characters.js";
import { DumpWriter, encodeEntries } from "#src/format/index.js";
import { header, splitDump } from "../format/support/dumps.js";
import { temporaryDirectory } from "../support/temporary.js";
import { GRAPH, sampleDump } from "./support/dumps.js";
import { assertOneError, gather, kgdump, shell, start, terminal } from "./support/run.js";
import { namesIn, smallFileSystem, waitForName } from "./support/stores.js";

/** A graph with a damaged block, in a file. */
async function damagedGraph(t: ExecutionContext): Promise<{ directory: string; input: string; output: string; dump: Buffer }> {
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "damaged\x1b[31m.kgd"), join(directory, "new.kgd")];
  const dump = await sampleDump(GRAPH);
  const block = splitDump(dump).frames.filter(({ kind }) => kind === 0x42).at(1);
  const at = (block?.offset ?? 0) + 40;
  dump.writeUInt8(dump.readUInt8(at) ^ 1, at);
  await writeFile(input, dump);
  return { directory, input, output, dump };
}

const safe = (text: string): boolean => text.split(/[\n\t]/).every(isPrintable);

test("what is lost is told, the new dump is there, and the exit code is 3", async (t) => {
  const { directory, input, output, dump } = await damagedGraph(t);
  const ended = await kgdump(["recover", input, "-o", output]);
  assertOneError(t, ended, 3, "RECOVERY_INCOMPLETE");
  const text = ended.stdout.toString();
  t.true(safe(text), text);
  t.regex(text, /damaged: .*\n {2}7 entries in \d blocks .* were kept, 1 gap; missing: 2 entries, 1 block\n/);
  t.regex(text, /read back and found sound/);
  t.deepEqual(await readFile(input), dump);
  t.deepEqual(await namesIn(directory), ["damaged\x1b[31m.kgd", "new.kgd"]);
  const verified = await kgdump(["verify", output]);
  t.is(verified.code, 0, verified.stderr);
  t.regex(verified.stderr, /warning: the dump was salvaged from the damaged dump/);
  t.regex((await kgdump(["inspect", output])).stdout.toString(), /salvaged: 1 gap/);
  const gaps = await kgdump(["inspect", output, "--gaps"]);
  t.is(gaps.code, 0);
  t.is(gaps.stdout.toString().trimEnd().split("\n").length, 2);
  t.true(safe(gaps.stdout.toString()));
  const json = JSON.parse((await kgdump(["inspect", output, "--gaps", "--json"])).stdout.toString()) as { blocks: number };
  t.is(json.blocks, 1);
});

test("of a dump that is cut off, the gaps before that are listed, and that it is cut off is an error", async (t) => {
  const { directory, input, output } = await damagedGraph(t);
  await kgdump(["recover", input, "-o", output]);
  const cut = join(directory, "cut.kgd");
  await writeFile(cut, (await readFile(output)).subarray(0, -10));
  const listed = (await kgdump(["inspect", output, "--gaps"])).stdout.toString();
  const ended = await kgdump(["inspect", cut, "--gaps"]);
  assertOneError(t, ended, 3, "DUMP_TRUNCATED");
  t.is(ended.stdout.toString(), listed);
});

test("a dry run writes nothing and says the same", async (t) => {
  const { directory, input, output } = await damagedGraph(t);
  const ended = await kgdump(["recover", input, "-n", "-o", output]);
  assertOneError(t, ended, 3, "RECOVERY_INCOMPLETE");
  t.regex(ended.stdout.toString(), /can be kept, 1 gap[^]*nothing was written/);
  t.is((await namesIn(directory)).length, 1);
});

test("JSON has all of it", async (t) => {
  const { input, output } = await damagedGraph(t);
  const ended = await kgdump(["recover", input, "-o", output, "--json"]);
  t.is(ended.code, 3);
  const { recovered } = JSON.parse(ended.stdout.toString()) as { recovered: Record<string, unknown> & { keyspaces: { gaps: unknown[] }[] } };
  t.like(recovered, { sound: false, lost: true, gaps: 1, lostBlocks: 1, lostEntries: 2, entries: 7 });
  t.is(recovered.keyspaces.flatMap(({ gaps }) => gaps).length, 1);
  t.is((JSON.parse(ended.stderr) as { error: { code: string } }).error.code, "RECOVERY_INCOMPLETE");
});

test("when nothing is lost the exit code is 0", async (t) => {
  const directory = await temporaryDirectory(t);
  const input = join(directory, "in");
  const dump = await sampleDump(GRAPH);
  await writeFile(input, dump.subarray(0, dump.length - 40));
  const ended = await kgdump(["recover", input, "-o", join(directory, "new")]);
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stdout.toString(), /damaged, but nothing is lost/);
  const quiet = await kgdump(["recover", join(directory, "new"), "-o", join(directory, "newer"), "-q"]);
  t.is(quiet.code, 0, quiet.stderr);
  t.is(quiet.stdout.length + quiet.stderr.length, 0);
});

test("a pipe, standard output and no output are refused in words", async (t) => {
  const { directory, input } = await damagedGraph(t);
  for (const [args, words] of [
    [["recover", "-"], /from a pipe/],
    [["recover", input], /--output is missing/],
    [["recover", input, "-o", "-"], /standard output/],
    [["recover", input, "-o", input, "-f"], /damaged dump itself/],
    [["recover"], /damaged/],
  ] as const) {
    const ended = await kgdump(args, { cwd: directory });
    assertOneError(t, ended, 2, "USAGE");
    t.regex(ended.stderr, words);
  }
  const nothing = await kgdump(["recover", "/dev/null", "-n"]);
  assertOneError(t, nothing, 2, "USAGE");
  const again = await shell(`kgdump recover <(cat /dev/null) -o x`, { cwd: directory });
  assertOneError(t, again, 2, "USAGE");
});

test("a terminal gets nothing that it would obey", async (t) => {
  const { input, output } = await damagedGraph(t);
  const ended = await terminal(`kgdump recover "$IN" -o "$OUT" --progress=never --color=never`, { env: { IN: input, OUT: output } });
  t.is(ended.code, 3);
  t.true(safe(ended.stdout.toString().replaceAll("\r", "").replaceAll("\x1b[K", "")), JSON.stringify(ended.stdout.toString()));
});

/** A dump of so many MiB, of blocks of 1 MiB that hold one value each; every tenth is damaged. */
async function bigDamaged(path: string, megabytes: number): Promise<number> {
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 9), Buffer.alloc(16));
  const writer = new DumpWriter(header({ blockSize: 1024 * 1024 }));
  const file = await open(path, "w");
  let lost = 0;
  await file.writev([...writer.start(), ...writer.startKeyspace(0)]);
  for (let block = 0; block < megabytes; block += 1) {
    const [key, value] = [Buffer.from(`k${block.toString().padStart(6, "0")}`), noise.update(Buffer.alloc(1024 * 1024))];
    const raw = encodeEntries([{ key, value }]);
    const chunks = writer.block({ entries: 1, keyBytes: key.length, valueBytes: value.length, firstKey: key, lastKey: key, raw, codec: "none", data: raw });
    if (block % 10 === 3) raw.set([1, 2, 3, 4, 5, 6, 7, 8], 5000);
    lost += block % 10 === 3 ? 1 : 0;
    await file.writev(chunks);
  }
  await file.writev([...writer.endKeyspace(), ...writer.finish()]);
  await file.close();
  return lost;
}

test("memory does not grow with the dump", async (t) => {
  const directory = await temporaryDirectory(t);
  const [input, output] = [join(directory, "in"), join(directory, "out")];
  const peaks: number[] = [];
  for (const megabytes of [20, 120]) {
    const lost = await bigDamaged(input, megabytes);
    const ended = await shell(`/usr/bin/time -f 'peak %M' "$NODE" "$KGDUMP" recover ${input} -o ${output} -f --json --progress=never`);
    t.is(ended.code, 3, ended.stderr);
    const { recovered } = JSON.parse(ended.stdout.toString()) as { recovered: { lostBlocks: number; blocks: number } };
    t.like(recovered, { lostBlocks: lost, blocks: megabytes - lost });
    peaks.push(Number(/peak (\d+)/.exec(ended.stderr)?.[1]));
  }
  t.log(`peaks in KiB: ${peaks.join(", ")}`);
  t.true((peaks[1] ?? Infinity) < 250 * 1024, String(peaks));
});

test("a full disk and an interrupt leave nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const input = join(directory, "in");
  await bigDamaged(input, 30);
  for (let attempt = 1; ; attempt += 1) {
    const child = start(["recover", input, "-o", join(directory, "out")]);
    const ending = gather(child);
    let over = false;
    void ending.then(() => { over = true; });
    await waitForName(directory, /\.out\..*\.tmp$/, () => over);
    child.kill("SIGINT");
    const { code } = await ending;
    const names = await readdir(directory);
    // On a busy machine the signal may come when all is done; not each time.
    if (names.includes("out") && attempt < 5) {
      await rm(join(directory, "out"));
      continue;
    }
    t.is(code, 130);
    t.deepEqual(names, ["in"]);
    break;
  }
  const small = await smallFileSystem(t, directory, "size=8m");
  if (small === null) return;
  const ended = await kgdump(["recover", input, "-o", join(small, "out")]);
  assertOneError(t, ended, 5, "NO_SPACE");
  t.deepEqual(await readdir(small), []);
});

test("a store of what was salvaged is made, and ends with 3 unless gaps are allowed; how many entries are missing is told everywhere", async (t) => {
  const { directory, input, output } = await damagedGraph(t);
  await kgdump(["recover", input, "-o", output]);
  for (const command of ["import", "restore"]) {
    const strict = await kgdump([command, join(directory, `${command}-strict`), "-i", output]);
    assertOneError(t, strict, 3, "RECOVERY_INCOMPLETE");
    t.regex(strict.stderr, /2 entries are missing in one place/);
    const allowed = await kgdump([command, join(directory, `${command}-allowed`), "-i", output, "--allow-gaps", "--json"]);
    t.is(allowed.code, 0, allowed.stderr);
    t.regex(allowed.stdout.toString(), /"missing": ?\{\s*"gaps": ?1,\s*"entries": ?2\s*\}/);
    for (const store of ["strict", "allowed"]) t.is((await kgdump(["verify", output, "--against", join(directory, `${command}-${store}`)])).code, 0);
    // Nothing is missing of what lies elsewhere.
    t.is((await kgdump([command, join(directory, `${command}-part`), "-i", output, "--keyspace", "empty"])).code, 0);
  }
  const inspected = (await kgdump(["inspect", output])).stdout.toString();
  t.regex(inspected, /state: +SALVAGED: 2 entries are missing in one place \(kgdump inspect --gaps lists them\)\n/);
  t.regex(inspected, /holds: +part of a store, salvaged: 1 gap\n/);
  t.regex((await kgdump(["verify", output])).stdout.toString(), /sound, but salvaged with gaps:/);
});
