import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { sledCheck } from "../checker/run.js";
import { unpackStore } from "../fixtures/unpack.js";
import { temporaryDirectory } from "../support/temporary.js";
import { writeGraph } from "./support/dumps.js";
import { assertOneError, type Ended, kgdump } from "./support/run.js";
import { namesIn } from "./support/stores.js";

interface Told {
  readonly imported: {
    readonly target: string;
    readonly warnings: readonly string[];
    readonly reopen: Readonly<Record<string, string | number | boolean | null>>;
  };
}

const told = (ended: Ended): Told["imported"] => (JSON.parse(ended.stdout.toString()) as Told).imported;

async function setUp(t: ExecutionContext, toml: string): Promise<string> {
  const directory = await temporaryDirectory(t);
  await writeGraph(join(directory, "a.kgd"));
  await mkdir(join(directory, "config"));
  await writeFile(join(directory, "config", "storage.toml"), toml);
  return directory;
}

const confOf = async (store: string): Promise<string> => (await readFile(join(store, "conf"))).subarray(0, -4).toString();

test("the guide's file names the target and its settings, from the working directory", async (t) => {
  const directory = await setUp(
    t,
    `[storage]
engine = "sled"
path = "data"
[storage.sled]
cache_capacity = 1073741824     # 1 GiB
compression = true
use_compression = ["lz4", "zstd"]
flush_every_ms = 1000
`,
  );
  const ended = await kgdump(["import", "--config", "config/storage.toml", "-i", "a.kgd"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /^warning: config\/storage\.toml:7:1: sled 0\.34 compresses with zstd only: "lz4" was skipped, and the store is compressed with zstd$/m);
  t.true(
    ended.stderr.includes(
      `  open it with: sled::Config::new().path("${join(directory, "data")}").use_compression(true).cache_capacity(1073741824).flush_every_ms(Some(1000)).open()?\n`,
    ),
    ended.stderr,
  );
  t.regex(ended.stderr, /must be the same at every open: use_compression = true, segment_size = 524288, sled 0\.34 with its feature "compression"\n/);
  t.is(await confOf(join(directory, "data")), "segment_size: 524288\nuse_compression: true\nversion: 0.34\n");
  t.is((await sledCheck(join(directory, "data"), { compression: true })).length, 3);
});

test("flags come before the environment, and that before the file, setting by setting", async (t) => {
  const directory = await setUp(
    t,
    '[storage]\npath = "data"\n[storage.sled]\nuse_compression = ["lz4"]\nsegment_size = 4096\ncache_capacity = "1MiB"\ncompression_factor = 3\n',
  );
  const env = { KGDUMP_CONFIG: "config/storage.toml", KGDUMP_SEGMENT_SIZE: "8KiB", KGDUMP_CACHE_CAPACITY: "2MiB", KGDUMP_COMPRESSION: "false" };
  const flags = ["--compression", "--cache-capacity", "3MiB", "--flush-every-ms", "7"];
  const ended = await kgdump(["import", "other", "-i", "a.kgd", "--json", ...flags], { cwd: directory, env });
  t.is(ended.code, 0, ended.stderr);
  const { target, reopen, warnings } = told(ended);
  t.is(target, "other");
  t.deepEqual(reopen, {
    use_compression: true,
    segment_size: 8192,
    version: "0.34",
    cache_capacity: 3 * 2 ** 20,
    compression_factor: 3,
    flush_every_ms: 7,
    rust: `sled::Config::new().path("${join(directory, "other")}").use_compression(true).compression_factor(3).segment_size(8192).cache_capacity(3145728).flush_every_ms(Some(7)).open()?`,
  });
  // What the file says about compression and segments was overruled, and is of no interest.
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? "", /^segments of 8192 bytes make sled slow/);
  t.is(await confOf(join(directory, "other")), "segment_size: 8192\nuse_compression: true\nversion: 0.34\n");
});

test("--config comes before KGDUMP_CONFIG, and --no-compression before the file", async (t) => {
  const directory = await setUp(t, '[storage]\npath = "data"\n[storage.sled]\ncompression = true\n');
  const args = ["import", "--config", "config/storage.toml", "-i", "a.kgd", "--no-compression", "-q"];
  const ended = await kgdump(args, { cwd: directory, env: { KGDUMP_CONFIG: "nothing.toml" } });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stderr, "");
  t.is(await confOf(join(directory, "data")), "segment_size: 524288\nuse_compression: false\nversion: 0.34\n");
});

test("a file with problems is told whole, and nothing is made", async (t) => {
  const directory = await setUp(t, '[storage]\r\npath = "data"\r\n[storage.sled]\r\ncache_capcity = 1\r\nsegment_size = 100\r\n');
  const names = await namesIn(directory);
  const args = ["import", "--config", "config/storage.toml", "-i", "a.kgd"];
  const ended = await kgdump(args, { cwd: directory });
  assertOneError(t, ended, 2, "CONFIG_INVALID");
  t.is(
    ended.stderr,
    `kgdump: config/storage.toml has 2 problems [CONFIG_INVALID]
  config/storage.toml:4:1: unknown setting "cache_capcity" in [storage.sled]; did you mean "cache_capacity"?
  config/storage.toml:5:16: segment_size must be a whole number from 256 to 16777216 bytes, not 100
  hint: correct config/storage.toml, then run it again
`,
  );
  const json = await kgdump([...args, "--json"], { cwd: directory });
  const { error } = JSON.parse(json.stderr) as { error: { code: string; problems: { line: number; column: number }[] } };
  t.is(error.code, "CONFIG_INVALID");
  t.like(error.problems, [{ line: 4, column: 1 }, { line: 5, column: 16 }]);
  t.deepEqual(await namesIn(directory), names);
});

test("what a hostile file holds does not reach the terminal", async (t) => {
  const directory = await setUp(t, '[storage]\npath = "\\u001b]0;x\\u0007"\nengine = "\\u001b[2J"\n"\\u202e" = 1\n');
  const ended = await kgdump(["import", "--config", "config/storage.toml", "-i", "a.kgd"], { cwd: directory });
  assertOneError(t, ended, 2, "CONFIG_INVALID");
});

test("a file from before the migration is imported from, with hints", async (t) => {
  const directory = await setUp(t, '[storage]\nengine = "rocksdb"\npath = "data"\n[storage.rocksdb]\nmax_open_files = 512\n');
  const ended = await kgdump(["import", "new", "--config", "config/storage.toml", "-i", "a.kgd"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /^warning: config\/storage\.toml:2:1: engine is "rocksdb"; kgdump imports into a sled store\. .* must say engine = "sled"$/m);
  t.regex(ended.stderr, /^warning: config\/storage\.toml:4:10: \[storage\.rocksdb\] holds settings of RocksDB, .*; remove them$/m);
});

test("the RocksDB store that such a file names is not touched", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  const directory = await setUp(t, `[storage]\nengine = "rocksdb"\npath = ${JSON.stringify(store)}\n`);
  const before = await namesIn(store);
  const args = ["import", "--config", "config/storage.toml", "-i", "a.kgd"];
  assertOneError(t, await kgdump(args, { cwd: directory }), 1, "TARGET_EXISTS");
  assertOneError(t, await kgdump([...args, "--merge"], { cwd: directory }), 7, "STORE_NOT_RECOGNIZED");
  t.deepEqual(await namesIn(store), before);
});

test("a merge into a store that was made with other settings is refused", async (t) => {
  const directory = await setUp(t, "[storage.sled]\ncompression = true\n");
  t.is((await kgdump(["import", "t", "-i", "a.kgd"], { cwd: directory })).code, 0);
  const merge = ["import", "t", "-i", "a.kgd", "--merge"];
  assertOneError(t, await kgdump([...merge, "--config", "config/storage.toml"], { cwd: directory }), 1, "STORE_SETTINGS_MISMATCH");
  assertOneError(t, await kgdump([...merge, "--segment-size", "1MiB"], { cwd: directory }), 1, "STORE_SETTINGS_MISMATCH");
  const ended = await kgdump([...merge, "--no-compression", "--flush-every-ms", "20", "--cache-capacity", "1MiB"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /open it with: .*\.cache_capacity\(1048576\)\.flush_every_ms\(Some\(20\)\)\.open\(\)\?\n/);
});

for (const [name, args, words] of [
  ["no target at all", [], /no target was given \[USAGE\]\n {2}hint: .*--config/],
  ["no target and a file without a path", ["--config", "config/storage.toml"], /no target was given, and config\/storage\.toml has no path in \[storage\]/],
  ["an empty target", [""], /the target's path is empty/],
  ["an empty name of a file", ["t", "--config", ""], /--config is empty/],
  ["a level without compression", ["t", "--compression-level", "3"], /--compression-level can only be used with --compression/],
  ["a level that zstd lacks", ["t", "--compression", "--compression-level", "23"], /'23' must be a whole number from 1 to 22/],
  ["segments of an odd size", ["t", "--segment-size", "3MiB"], /'3MiB' must be a power of two, such as 512KiB or 1MiB/],
  ["segments that are too big", ["t", "--segment-size", "32MiB"], /'32MiB' must be a whole number from 256 to 16777216 bytes/],
  ["too small a cache", ["t", "--cache-capacity", "100"], /'100' must be a whole number of at least 256 bytes/],
  ["no milliseconds", ["t", "--flush-every-ms", "0"], /--flush-every-ms '0' is not a whole number of at least 1/],
] as const) {
  test(`${name} is a usage error`, async (t) => {
    const directory = await setUp(t, "[storage]\n");
    const ended = await kgdump(["import", ...args, "-i", "a.kgd"], { cwd: directory });
    assertOneError(t, ended, 2, "USAGE");
    t.regex(ended.stderr, words);
    t.deepEqual(await namesIn(directory), ["a.kgd", "config"]);
  });
}

test("a variable that makes no sense is named", async (t) => {
  const directory = await setUp(t, "");
  const ended = await kgdump(["import", "t", "-i", "a.kgd"], { cwd: directory, env: { KGDUMP_SEGMENT_SIZE: "3MiB" } });
  assertOneError(t, ended, 2, "USAGE");
  t.regex(ended.stderr, /the environment variable KGDUMP_SEGMENT_SIZE, '3MiB', must be a power of two/);
});

test("a settings file that is not there is exit code 1", async (t) => {
  const directory = await setUp(t, "");
  assertOneError(t, await kgdump(["import", "--config", "no.toml", "-i", "a.kgd"], { cwd: directory }), 1, "NOT_FOUND");
});
