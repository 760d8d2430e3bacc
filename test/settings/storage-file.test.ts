import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "../support/properties.js";
import { KgdumpError } from "#src/errors.js";
import { readStorageFile } from "#src/settings/read-storage-file.js";
import { parseStorageFile, type StorageFile } from "#src/settings/storage-file.js";
import { temporaryDirectory } from "../support/temporary.js";

const GUIDE = `[storage]
engine = "sled"
path = "/var/lib/maya/knowledge_graph"

[storage.sled]
cache_capacity = 1073741824     # 1 GiB
compression = true
use_compression = ["lz4"]
flush_every_ms = 1000
`;

const sled = (lines: string): StorageFile => parseStorageFile(`[storage.sled]\n${lines}`, "s.toml");
const given = (file: StorageFile): object => Object.fromEntries(Object.entries(file.settings).filter(([, value]) => value !== undefined));

/** The problems of a file as `line:column message`. */
function problemsOf(t: ExecutionContext, text: string): string[] {
  const error = t.throws(() => parseStorageFile(text, "s.toml"), { instanceOf: KgdumpError });
  t.is(error.code, "CONFIG_INVALID");
  t.is(error.exitCode, 2);
  t.is(error.path, "s.toml");
  const told = (error.problems ?? []).map(({ line, column, message }) => `${line.toString()}:${column.toString()} ${message}`);
  if (told.length === 1) t.is(error.message, `s.toml:${told[0]?.replace(" ", ": ") ?? ""}`);
  else t.is(error.message, `s.toml has ${told.length.toString()} problems`);
  return told;
}

test("the guide's file, with either list of compressions", (t) => {
  for (const [list, note] of [
    ['["lz4"]', /zstd only: "lz4" was skipped, and the store is compressed with zstd, as compression is switched on$/],
    ['["lz4", "zstd"]', /^sled 0\.34 compresses with zstd only: "lz4" was skipped, and the store is compressed with zstd$/],
  ] as const) {
    const file = parseStorageFile(GUIDE.replace('["lz4"]', list), "s.toml");
    t.is(file.path, "/var/lib/maya/knowledge_graph");
    t.deepEqual(given(file), { cacheCapacity: 1073741824, compression: true, flushEveryMs: 1000 });
    t.like(file.notes, [{ line: 8, column: 1, setting: "compression" }]);
    t.regex(file.notes[0]?.message ?? "", note);
    t.is(file.notes.length, 1);
  }
});

for (const [lines, compression, note] of [
  ["", undefined, null],
  ["compression = true", true, null],
  ["compression = false", false, null],
  ["use_compression = true", true, null],
  ['use_compression = ["zstd"]', true, null],
  ['use_compression = "ZSTD"', true, null],
  ['compression = "zstd"', true, null],
  ['use_compression = ["zstd", "lz4"]', true, null],
  ['use_compression = ["lz4", "zstd"]', true, /"lz4" was skipped, and the store is compressed with zstd$/],
  ['use_compression = ["lz4", "snappy", "zstd"]', true, /"lz4", "snappy" were skipped/],
  ['use_compression = ["lz4"]', false, /"lz4" was skipped, and the store is not compressed; add "zstd"/],
  ['use_compression = ["lz4", "none", "zstd"]', false, /"lz4" was skipped, and the store is not compressed/],
  ['use_compression = ["none"]', false, null],
  ["use_compression = []", false, /the list of compressions is empty: the store is not compressed/],
  ["compression = true\nuse_compression = []", true, null],
  ['compression = false\nuse_compression = ["zstd"]', false, /^compression = false: the store is not compressed, and the list of algorithms has no effect$/],
  ['compression = false\nuse_compression = ["none"]', false, null],
] as const) {
  test(`compression: ${lines === "" ? "nothing" : lines.replace("\n", ", ")}`, (t) => {
    const { settings, notes } = sled(lines);
    t.is(settings.compression, compression);
    t.is(notes.length, note === null ? 0 : 1);
    if (note !== null) t.regex(notes[0]?.message ?? "", note);
  });
}

for (const [lines, problem] of [
  ["compression = true\nuse_compression = false", "3:19 use_compression contradicts compression in line 2; keep one of them"],
  ['compression = true\nuse_compression = ["none"]', "3:19 use_compression contradicts compression in line 2; keep one of them"],
  ["compression = false\nuse_compression = true", "3:19 use_compression contradicts compression in line 2; keep one of them"],
  ["compression_level = 3\ncompression_factor = 4", "2:1 compression_level and compression_factor are the same setting; keep one of them"],
  ['use_compression = ["zstd", "lz5"]', '2:28 "lz5" is not a known compression; did you mean "lz4"?'],
  ['use_compression = [ # x\n  "zstd",\n  4 ]', "4:3 must be the name of a compression, not 4"],
  ["compression = 7", "2:15 compression must be true, false or names of compressions, not 7; a level is compression_factor = 7"],
  ["compression = 1979-05-27", '2:15 compression must be true, false or a list of names such as ["zstd"], not a date'],
  ["cache_capacity = 255", "2:18 cache_capacity must be a whole number of at least 256 bytes, not 255"],
  ["cache_capacity = -1", "2:18 cache_capacity must be a whole number of at least 256 bytes, not -1"],
  ["cache_capacity = 1024.0", '2:18 cache_capacity must be a whole number of bytes or a size such as "1GiB", not 1024.0'],
  ["cache_capacity = 9223372036854775807", "2:18 cache_capacity must be a whole number of at least 256 bytes, not 9223372036854775807"],
  ['cache_capacity = "1.5 bytes"', '2:18 cache_capacity "1.5 bytes" is not a size; write a number with B, k, KiB, kB, M, MiB, MB, G, GiB or GB, such as 4MiB'],
  ["segment_size = 524289", "2:16 segment_size must be a power of two, such as 512KiB or 1MiB, not 524289"],
  ['segment_size = "32MiB"', '2:16 segment_size must be a whole number from 256 to 16777216 bytes, not "32MiB"'],
  ["compression_level = 23", "2:21 compression_level must be a whole number from 1 to 22, not 23"],
  ["flush_every_ms = 0", "2:18 flush_every_ms must be at least 1 millisecond, not 0; write false for no regular flush"],
  ["flush_every_ms = true", "2:18 flush_every_ms must be a whole number of milliseconds, or false, not true"],
  ["temporary = true", "2:13 temporary would have sled delete the store when it is closed; remove it"],
  ['mode = "fast"', '2:8 mode must be "low_space" or "high_throughput", not "fast"'],
  ["cache_capcity = 1", '2:1 unknown setting "cache_capcity" in [storage.sled]; did you mean "cache_capacity"?'],
  ["cacheCapacity = 1", '2:1 unknown setting "cacheCapacity" in [storage.sled]; did you mean "cache_capacity"?'],
  ["flush-every-ms = 1", '2:1 unknown setting "flush-every-ms" in [storage.sled]; did you mean "flush_every_ms"?'],
  ["engnie = 1", '2:1 unknown setting "engnie" in [storage.sled]; did you mean "engine" in [storage]?'],
  ["path = 'x'", '2:1 "path" belongs in [storage]'],
  [
    "frobnicate = 1",
    '2:1 unknown setting "frobnicate" in [storage.sled]; known are cache_capacity, compression, use_compression, compression_factor, compression_level, flush_every_ms, segment_size, temporary',
  ],
  ["tuning = { depth = 1 }\n", undefined],
] as const) {
  test(`wrong: ${lines.replaceAll("\n", ", ")}`, (t) => {
    const told = problemsOf(t, `[storage.sled]\n${lines}`);
    t.is(told.length, 1);
    if (problem !== undefined) t.is(told[0], problem);
  });
}

for (const [name, text, problems] of [
  ["no table", "storage = 5", ["1:11 storage must be a table"]],
  ["an array of tables", "[[storage]]", ["1:3 storage must be a table"]],
  ["sled as a text", "[storage]\nsled = 'x'", ["2:8 sled must be a table"]],
  ["an engine", "storage.engine = 'sledd'", ['1:18 engine "sledd" is not a known engine; did you mean "sled"?']],
  ["another engine", "storage.engine = 'lmdb'", ['1:18 engine "lmdb" is not a known engine; write "sled"']],
  ["an empty path", "storage = { path = ' ' }", ["1:20 path is empty; name the directory of the store"]],
  ["a shell's path", "storage = { 'path' = '~/kg' }", ['1:22 path "~/kg" starts with ~, which only a shell expands; write the directory in full']],
  ["a section's name", "[storge.sled]\ncompression = true", ['1:2 unknown section "storge"; did you mean "storage"?']],
  ["sled at the top", "[sled]\ncompression = true", ['1:2 unknown section "sled"; did you mean [storage.sled]?']],
  ["settings outside", "path = 'x'\ncompression = true", ['1:1 "path" belongs in [storage]', '2:1 "compression" belongs in [storage.sled]']],
  ["anything outside", "x = 1", ['1:1 unknown setting "x" outside of any section; settings are in [storage] and [storage.sled]']],
  ["a sled setting in [storage]", "[storage]\ncache_capacity = 1024", ['2:1 "cache_capacity" belongs in [storage.sled]']],
  ["no TOML", "[storage]\r\n\u{1f600} = 1", ["2:1 this is not TOML: illegal character in key"]],
  ["a key twice", "[storage]\npath = 'a'\npath = 'b'", ["3:1 this is not TOML: trying to redefine an already defined table or value"]],
] as const) {
  test(`wrong: ${name}`, (t) => {
    const told = problemsOf(t, text);
    if (name === "no TOML" || name === "a key twice") t.regex(told[0] ?? "", new RegExp(`^${problems[0].slice(0, 3)} this is not TOML: \\S`));
    else t.deepEqual(told, [...problems]);
  });
}

test("all problems are told at once, in the file's order, CRLF or not", (t) => {
  const lines = ["[storage]", 'engine = "rocksdb"', "path = ''", "[storage.sled]", "cache_capcity = 1", 'use_compression = ["lz5", 3]', "segment_size = 100", "[sled]"];
  const places = ["3:8", "5:1", "6:20", "6:27", "7:16", "8:2"];
  for (const end of ["\n", "\r\n"]) {
    t.deepEqual(problemsOf(t, lines.join(end) + end).map((problem) => problem.split(" ")[0]), places);
  }
});

test("of thousands of problems the first hundred are told", (t) => {
  const text = `[storage.sled]\n${Array.from({ length: 20_000 }, (_, index) => `k${index.toString()}=1\n`).join("")}`;
  const error = t.throws(() => parseStorageFile(text, "s.toml"), { instanceOf: KgdumpError });
  t.is(error.message, "s.toml has 20000 problems; here are the first 100");
  t.is(error.problems?.length, 100);
  t.is(error.problems?.at(-1)?.line, 101);
});

test("what RocksDB left is a note, an engine that is not changed yet too, and so is what is not about the store", (t) => {
  const file = parseStorageFile(
    `[storage]
engine = "RocksDB"
max_open_files = 512
[storage.rocksdb]
write_buffer_size = 1
frobnicate = 2
[storage.sled]
block_cache_size = 8
rocksdb_compression = "lz4"
mode = "high_throughput"
create_new = false
[rocksdb]
[server]
port = 1
[[peers]]
name = "x"
`,
    "s.toml",
  );
  t.deepEqual(given(file), {});
  t.deepEqual(
    file.notes.map(({ line, message }) => `${line.toString()} ${message}`),
    [
      '2 engine is "rocksdb"; kgdump imports into a sled store. Before the service opens that, its file must say engine = "sled"',
      "3 max_open_files is a setting of RocksDB, which means nothing to sled and was left out; remove it",
      "4 [storage.rocksdb] holds settings of RocksDB, which mean nothing to sled and were left out; remove them",
      "8 block_cache_size is a setting of RocksDB, which means nothing to sled and was left out; remove it",
      "9 rocksdb_compression is a setting of RocksDB, which means nothing to sled and was left out; remove it",
      "10 mode is never read by sled 0.34: it changes nothing here",
      "11 create_new is for the service that opens the store: it changes nothing here",
      "12 [rocksdb] holds settings of RocksDB, which mean nothing to sled and were left out; remove them",
      "13 [server] is not about the store, and was ignored",
      "15 [peers] is not about the store, and was ignored",
    ],
  );
});

test("sizes as text, small segments, no flush, an empty file", (t) => {
  t.deepEqual(given(sled('cache_capacity = "1GiB"\nsegment_size = "1 MiB"\ncompression_factor = 9\nflush_every_ms = false\ntemporary = false')), {
    cacheCapacity: 2 ** 30,
    segmentSize: 2 ** 20,
    compressionLevel: 9,
  });
  t.is(sled("compression_level = 3").settings.compressionLevel, 3);
  t.is(sled("compression_level = 3\ncompression_factor = 3").settings.compressionLevel, 3);
  t.regex(sled("segment_size = 4096").notes[0]?.message ?? "", /make sled slow/);
  t.regex(sled('segment_size = "32KiB"').notes[0]?.message ?? "", /make sled slow/);
  t.deepEqual(sled('segment_size = "64KiB"').notes, []);
  t.is(parseStorageFile("storage.path = '~graph'", "s.toml").path, "~graph");
  t.deepEqual(parseStorageFile("\ufeff# nothing\n", "s.toml").notes, []);
});

test("any text is read, or refused with places inside of it", (t) => {
  const piece = fc.constantFrom("[storage]\n", "[storage.sled]\n", "compression", "path", "=", "true", '"x"', "[", "]", "{", "}", "\n", "\r\n", ".", "'", '"""', ",", "1", "x", "#", "\\");
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 25 }), (pieces) => {
      const text = pieces.join("");
      const rows = text.split("\n");
      try {
        parseStorageFile(text, "s.toml");
      } catch (error) {
        if (!(error instanceof KgdumpError) || error.code !== "CONFIG_INVALID") throw error;
        for (const { line, column } of error.problems ?? []) {
          if (line < 1 || line > rows.length || column < 1 || column > (rows[line - 1]?.length ?? 0) + 1) throw error;
        }
      }
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test("files that are none, too big, or no UTF-8", async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, "storage.toml");
  const read = (): Promise<StorageFile> => readStorageFile(file);
  await t.throwsAsync(read, { code: "NOT_FOUND" });
  await writeFile(file, GUIDE);
  t.is((await read()).settings.flushEveryMs, 1000);
  await writeFile(file, Buffer.concat([Buffer.from("# \ufffd\n# "), Buffer.from([0xe9]), Buffer.from("\n")]));
  await t.throwsAsync(read, { code: "CONFIG_INVALID", message: `${file}:2:3: this is not UTF-8, as TOML must be` });
  await writeFile(file, "#".repeat(256 * 1024 + 1));
  await t.throwsAsync(read, { code: "CONFIG_INVALID", message: /bigger than 262144 bytes/ });
  await mkdir(join(directory, "folder"));
  await t.throwsAsync(readStorageFile(join(directory, "folder")), { code: "IO_FAILED" });
});
