import { execFile } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { importDump, type ImportOptions } from "#src/operations/import/import.js";
import { reopenSettings, type ReopenSettings } from "#src/settings/reopen.js";
import { sledCheck, sledHammer } from "../checker/run.js";
import { sampleDump } from "../cli/support/dumps.js";
import { temporaryDirectory } from "../support/temporary.js";

const run = promisify(execFile);

/** What a `sled::Config` in Rust sets, by name, without the path. */
function callsIn(rust: string): Record<string, string> {
  const calls = [...rust.matchAll(/\.(\w+)\((?:Some\()?(\d+|true|false)\)?\)/g)];
  return Object.fromEntries(calls.map(([, name = "", value = ""]) => [name, value]));
}

/** What is in the store's file `conf`. */
async function confOf(store: string): Promise<string> {
  return (await readFile(join(store, "conf"))).subarray(0, -4).toString();
}

/** Words that compress, and better the harder one tries. */
function sample(): Promise<Buffer> {
  const words = ["person", "knows", "label", "incoming", "outgoing", "weight", "type", "graph", "node", "edge"];
  let state = 7;
  const next = (): string => {
    state = (state * 48271) % 2147483647;
    return words[state % words.length] ?? "";
  };
  const entries = Array.from({ length: 6000 }, (_, index): [string, string] => [
    `node:${index.toString().padStart(6, "0")}`,
    JSON.stringify(Array.from({ length: 40 }, next)),
  ]);
  return sampleDump([{ name: "default", entries }, { name: "edges", entries: [["a", "b"]] }], { entriesPerBlock: 500 });
}

async function importInto(t: ExecutionContext, name: string, options: Partial<ImportOptions>): Promise<{ target: string; reopen: ReopenSettings }> {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  await writeFile(dump, await sample());
  const target = join(directory, name);
  const { reopen } = await importDump({ target, input: dump, ...options });
  return { target, reopen };
}

for (const [name, options, conf] of [
  ["nothing chosen", {}, "segment_size: 524288\nuse_compression: false\nversion: 0.34\n"],
  ["compressed", { compression: true, compressionLevel: 9 }, "segment_size: 524288\nuse_compression: true\nversion: 0.34\n"],
  ["big segments", { segmentSize: 2 ** 22, cacheCapacity: 2 ** 20 }, "segment_size: 4194304\nuse_compression: false\nversion: 0.34\n"],
  ["the biggest segments", { segmentSize: 2 ** 24, compression: true }, "segment_size: 16777216\nuse_compression: true\nversion: 0.34\n"],
  ["small segments, compressed", { segmentSize: 4096, compression: true, flushEveryMs: 50 }, "segment_size: 4096\nuse_compression: true\nversion: 0.34\n"],
  ["the smallest segments and cache", { segmentSize: 256, cacheCapacity: 256 }, "segment_size: 256\nuse_compression: false\nversion: 0.34\n"],
] as const) {
  test(`the unmodified crate opens a store with the settings that were told: ${name}`, async (t) => {
    const { target, reopen } = await importInto(t, "store", options);
    t.is(await confOf(target), conf);
    t.true(reopen.rust.startsWith(`sled::Config::new().path(${JSON.stringify(target)})`), reopen.rust);
    t.true(reopen.rust.endsWith(".open()?"));
    const config = callsIn(reopen.rust);
    t.log(reopen.rust);
    const trees = await sledCheck(target, { config });
    t.deepEqual(trees.map(({ records }) => records), [6000, 1]);
    await sledHammer(target, 11, 2000, { config });
    t.is(await confOf(target), conf);
    // And it does not with others.
    await t.throwsAsync(sledCheck(target, { config: { ...config, use_compression: String(!reopen.useCompression) } }));
    await t.throwsAsync(sledCheck(target, { config: { ...config, segment_size: (reopen.segmentSize === 512 ? 1024 : 512).toString() } }));
  });
}

test("the level of compression decides on the size", async (t) => {
  const sizes: number[] = [];
  for (const compressionLevel of [1, 19]) {
    const { target } = await importInto(t, `level-${compressionLevel.toString()}`, { compression: true, compressionLevel, segmentSize: 65536 });
    sizes.push((await stat(join(target, "db"))).size);
  }
  const { target } = await importInto(t, "plain", { segmentSize: 65536 });
  const plain = (await stat(join(target, "db"))).size;
  t.log(sizes, plain);
  t.true((sizes[1] ?? 0) < (sizes[0] ?? 0));
  t.true((sizes[0] ?? 0) < plain);
});

test("a merge keeps what the store was made with, whatever else is chosen", async (t) => {
  const { target } = await importInto(t, "store", { compression: true, segmentSize: 2 ** 20 });
  const input = join(target, "..", "a.kgd");
  const { reopen } = await importDump({ target, input, merge: true, compressionLevel: 1, cacheCapacity: 2 ** 22, flushEveryMs: 5 });
  t.like(reopen, { useCompression: true, segmentSize: 2 ** 20, cacheCapacity: 2 ** 22, compressionFactor: 1, flushEveryMs: 5 });
  t.is((await sledCheck(target, { config: callsIn(reopen.rust) }))[0]?.records, 6000);
  for (const wrong of [{ compression: false }, { segmentSize: 2 ** 19 }]) {
    await t.throwsAsync(importDump({ target, input, merge: true, ...wrong }), { code: "STORE_SETTINGS_MISMATCH" });
  }
});

test("numbers that sled does not take are refused before anything is made", async (t) => {
  const directory = await temporaryDirectory(t);
  const target = join(directory, "store");
  for (const wrong of [{ segmentSize: 1000 }, { segmentSize: 2 ** 25 }, { compressionLevel: 0 }, { cacheCapacity: 1 }, { flushEveryMs: 0.5 }]) {
    await t.throwsAsync(importDump({ target, input: join(directory, "none.kgd"), ...wrong }), { code: "USAGE" });
  }
});

test("a level is told of compressed stores only", (t) => {
  const wanted = { compressionLevel: 7, cacheCapacity: 2 ** 20, flushEveryMs: 9 };
  const plain = reopenSettings("/s", { compression: false, segmentSize: 524288 }, wanted);
  t.is(plain.compressionFactor, null);
  t.is(plain.rust, 'sled::Config::new().path("/s").cache_capacity(1048576).flush_every_ms(Some(9)).open()?');
  const compressed = reopenSettings("/s", { compression: true, segmentSize: 65536 }, wanted);
  t.is(compressed.compressionFactor, 7);
  t.is(compressed.rust, 'sled::Config::new().path("/s").use_compression(true).compression_factor(7).segment_size(65536).cache_capacity(1048576).flush_every_ms(Some(9)).open()?');
});

test("a path is a literal of Rust, whatever is in it", async (t) => {
  const made = { compression: false, segmentSize: 524288 };
  const path = '/tmp/a "b"\\c\n\u{202e}é {x}';
  const { rust } = reopenSettings(path, made, {});
  t.is(rust, 'sled::Config::new().path("/tmp/a \\"b\\"\\\\c\\u{a}\\u{202e}é {x}").open()?');
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "src"));
  const source = join(directory, "literal.rs");
  await writeFile(source, `fn main() { print!("{}", ${/path\((.*)\)\.open/.exec(rust)?.[1] ?? ""}); }`);
  const program = join(directory, "literal");
  await run("rustc", ["-o", program, source]);
  t.is((await run(program)).stdout, path);
});
