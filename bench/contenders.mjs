// @ts-check
/**
 * Everything that is measured, by name: the limits that nobody can beat, the programs of others and plain programs that do
 * the same job, and kgdump as the command that a user runs, its start included.
 */
import { inProject } from "../scripts/setup/paths.mjs";
import { kgdump, making, out } from "./commands.mjs";
import { PEERS_PROGRAM } from "./measure.mjs";
import { SLED_EXPORTS } from "./sled-exports.mjs";

/** @typedef {import("./places.mjs").Places} Places */
/** @typedef {import("./tools.mjs").Tool} Tool */

/**
 * @typedef {"export" | "export-sled" | "import" | "import-compressed" | "job" | "job-compressed" | "restore" | "read"} Part
 * which job a contender does: export to a file, of a RocksDB store or of a sled store; import of a dump, also with sled's compression; RocksDB to sled, also with
 * compression; a dump to RocksDB; reading a dump
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {Part} part
 * @property {"limit" | "peer" | "kgdump"} kind
 * @property {string} title for tables and charts
 * @property {string} about one sentence on what is measured
 * @property {readonly string[]} [tools] without which it is left out
 * @property {boolean} [raw] needs the raw file
 * @property {boolean} [dump] needs the dump
 * @property {boolean} [sled] needs the sled store
 * @property {boolean} [text] needs what ldb dumps
 * @property {(places: Places, tools: Record<string, Tool>) => import("./measure.mjs").Command & { output?: string }} command `output`
 *   is what it makes, and is removed after it was measured
 * @property {(output: string) => number} [count] the records that it says it has seen
 * @property {"sled" | "rocksdb" | "text"} [made] what kind of output it is, so that its records can be counted
 */

const PYTHON_SCRIPT = inProject("bench", "peers", "export.py");

/** @type {readonly Contender[]} */
const EXPORTS = [
  {
    name: "scan",
    part: "export",
    kind: "limit",
    title: "bare scan, nothing kept",
    about: "an iterator of RocksDB's C API goes through all families; verified block checksums, 4 MiB read ahead",
    tools: ["rocksdb"],
    command: ({ store }) => ({ pipeline: [[PEERS_PROGRAM, "scan", store]] }),
    count: Number,
  },
  {
    name: "write",
    part: "export",
    kind: "limit",
    title: "writing the same bytes, fsync",
    about: "a file of the encoded entries is copied in pieces of 1 MiB and synced",
    raw: true,
    command: (places) => making(out(places, "copy.raw"), [PEERS_PROGRAM, "write", places.raw, out(places, "copy.raw")]),
  },
  {
    name: "lz4",
    part: "export",
    kind: "limit",
    title: "lz4 -1 of the same bytes",
    about: "Debian's command on a file of the encoded entries; one thread, no checks of content, not synced",
    tools: ["lz4"],
    raw: true,
    command: (places) => making(out(places, "raw.lz4"), ["lz4", "-1", "-f", "-q", places.raw, out(places, "raw.lz4")]),
  },
  {
    name: "zstd",
    part: "export",
    kind: "limit",
    title: "zstd -3 of the same bytes",
    about: "Debian's command on a file of the encoded entries; one thread compresses, not synced",
    tools: ["zstd"],
    raw: true,
    command: (places) => making(out(places, "raw.zst"), ["zstd", "-3", "-f", "-q", places.raw, "-o", out(places, "raw.zst")]),
  },
  {
    name: "ldb-dump",
    part: "export",
    kind: "peer",
    title: "ldb dump --hex",
    about: "RocksDB's own tool, as text in hex, no compression; it dumps one family at a time, here the one that has the records",
    tools: ["ldb"],
    command: (places) => ({
      pipeline: [["ldb", `--db=${places.store}`, "--ignore_unknown_options", "dump", "--hex"]],
      stdout: out(places, "ldb.txt"),
      output: out(places, "ldb.txt"),
    }),
    made: "text",
  },
  ...[
    { name: "python", flags: [], title: "Python script", how: "an entry at a time" },
    { name: "python-pieces", flags: ["--pieces"], title: "Python script, writes joined", how: "written in pieces of 1 MiB" },
  ].map(({ name, flags, title, how }) => /** @type {Contender} */ ({
    name,
    part: "export",
    kind: "peer",
    title,
    about: `rocksdict, msgpack and an LZ4 frame (bench/peers/export.py), ${how}; no digest`,
    tools: ["python"],
    command: (places, { python }) =>
      making(out(places, "python.lz4"), [python?.command ?? "", PYTHON_SCRIPT, ...flags, places.store, out(places, "python.lz4")]),
    count: Number,
  })),
  ...["none", "lz4", "zstd"].map((codec) => /** @type {Contender} */ ({
    name: `export-${codec}`,
    part: "export",
    kind: "kgdump",
    title: `kgdump export --codec ${codec}`,
    about: "all families into a dump; a checksum on every frame, a SHA-256 of every keyspace, synced",
    command: (places) => making(out(places, "out.kgd"), kgdump("export", places.store, "-q", "--codec", codec, "-o", out(places, "out.kgd"))),
  })),
];

/** @param {boolean} compressed @returns {readonly Contender[]} */
function imports(compressed) {
  const [suffix, how] = compressed ? ["-compressed", ", with sled's compression"] : ["", ""];
  const part = compressed ? /** @type {const} */ ("import-compressed") : /** @type {const} */ ("import");
  const compression = compressed ? ["--compression"] : [];
  const crate = [
    { name: "insert", how: "insert", title: "sled: insert", about: "one `insert` for each entry" },
    { name: "batch", how: "batch", title: "sled: apply_batch of 1,000", about: "`apply_batch` of 1,000 entries at a time" },
    { name: "db-import", how: "import", title: "sled: Db::import", about: "the crate's own `Db::import`" },
  ];
  const own = [
    { name: "import-load", flags: ["--no-verify"], title: "kgdump import --no-verify", about: "only loaded" },
    { name: "import", flags: [], title: "kgdump import", about: "loaded, read back and compared" },
  ];
  /** @type {Contender} */
  const load = {
    name: `load${suffix}`,
    part,
    kind: "kgdump",
    title: "kgdump's loader alone",
    about: `a file of the encoded entries becomes a sled store, in Node (bench/load.mjs); no dump, nothing read back${how}`,
    raw: true,
    command: (places) =>
      making(out(places, "sled"), [process.execPath, inProject("bench", "load.mjs"), places.raw, out(places, "sled"), ...compression]),
    count: Number,
    made: "sled",
  };
  return [
    ...crate.map(({ name, how: way, title, about }) => /** @type {Contender} */ ({
      name: `${name}${suffix}`,
      part,
      kind: "peer",
      title,
      about: `a plain Rust program with the published crate fills a store from a file of the encoded entries: ${about}${how}`,
      raw: true,
      command: (places) => making(out(places, "sled"), [PEERS_PROGRAM, "fill", way, places.raw, out(places, "sled"), ...compression]),
      count: Number,
      made: "sled",
    })),
    load,
    ...own.map(({ name, flags, title, about }) => /** @type {Contender} */ ({
      name: `${name}${suffix}`,
      part,
      kind: "kgdump",
      title,
      about: `a dump with LZ4 is checked and becomes a sled store: ${about}${how}`,
      dump: true,
      command: (places) =>
        making(out(places, "sled"), kgdump("import", out(places, "sled"), "-q", "-i", places.dump, ...flags, ...compression)),
      made: "sled",
    })),
  ];
}

/** @param {string} name @param {string} title @param {string} about @param {...string} flags @returns {Contender} */
const restoring = (name, title, about, ...flags) => ({
  name,
  part: "restore",
  kind: "kgdump",
  title,
  about,
  tools: ["ldb"],
  dump: true,
  command: (places) => making(out(places, "restored"), kgdump("restore", out(places, "restored"), "-i", places.dump, "-q", ...flags)),
  made: "rocksdb",
});

/** @type {readonly Contender[]} */
const RESTORES = [
  restoring("restore-load", "kgdump restore --no-verify", "a dump with LZ4 into a RocksDB store that is closed and durable, not read back", "--no-verify"),
  restoring("restore", "kgdump restore", "the same, read back and compared with the dump's digests"),
];

/** @type {Contender} */
const LDB_LOAD = {
  name: "ldb-load",
  part: "restore",
  kind: "peer",
  title: "ldb load (into RocksDB)",
  about: "RocksDB's own tool makes a RocksDB store of what `ldb dump` wrote, in its fastest mode (--bulk_load --disable_wal)",
  tools: ["ldb"],
  text: true,
  command: (places) => ({
    pipeline: [["ldb", `--db=${out(places, "loaded")}`, "--hex", "--create_if_missing", "--bulk_load", "--disable_wal", "load"]],
    stdin: places.text,
    output: out(places, "loaded"),
  }),
  made: "rocksdb",
};

/** @param {boolean} compressed @returns {readonly Contender[]} */
function jobs(compressed) {
  const [suffix, how] = compressed ? ["-compressed", ", with sled's compression"] : ["", ""];
  const part = compressed ? /** @type {const} */ ("job-compressed") : /** @type {const} */ ("job");
  const flags = compressed ? ["--compression"] : [];
  return [
    {
      name: `loop${suffix}`,
      part,
      kind: "peer",
      title: "plain Rust loop: scan, insert",
      about: `RocksDB's C API and the published sled crate in one program, nothing compared${how}`,
      tools: ["rocksdb"],
      command: (places) => making(out(places, "sled"), [PEERS_PROGRAM, "loop", places.store, out(places, "sled"), ...flags]),
      count: Number,
      made: "sled",
    },
    {
      name: `pipe${suffix}`,
      part,
      kind: "kgdump",
      title: "kgdump export | kgdump import",
      about: `two processes and a pipe; read back and compared${how}`,
      command: (places) => ({
        pipeline: [kgdump("export", places.store, "-q"), kgdump("import", out(places, "sled"), "-q", ...flags)],
        output: out(places, "sled"),
      }),
      made: "sled",
    },
  ];
}

/** The entries that `inspect --json` tells of. @param {string} output */
function inspected(output) {
  /** @type {{ keyspaces: { entries: number }[] }} */
  const { keyspaces } = JSON.parse(output);
  return keyspaces.reduce((sum, { entries }) => sum + entries, 0);
}

/** @type {readonly Contender[]} */
const READS = [
  {
    name: "inspect",
    part: "read",
    kind: "kgdump",
    title: "kgdump inspect FILE",
    about: "what a dump with LZ4 holds, by its index",
    dump: true,
    command: ({ dump }) => ({ pipeline: [kgdump("inspect", "-q", "--json", dump)] }),
    count: inspected,
  },
  {
    name: "inspect-stream",
    part: "read",
    kind: "kgdump",
    title: "kgdump inspect of a stream",
    about: "the same from standard input: all of it is read and every checksum compared, no block is decompressed",
    dump: true,
    command: ({ dump }) => ({ pipeline: [kgdump("inspect", "-q", "--json")], stdin: dump }),
    count: inspected,
  },
  {
    name: "verify",
    part: "read",
    kind: "kgdump",
    title: "kgdump verify",
    about: "every check that there is, of a dump with LZ4",
    dump: true,
    command: ({ dump }) => ({ pipeline: [kgdump("verify", "-q", dump)] }),
  },
];

/** All of them, in the order in which a round runs them. */
export const CONTENDERS = [...EXPORTS, ...SLED_EXPORTS, LDB_LOAD, ...RESTORES, ...imports(false), ...imports(true), ...jobs(false), ...jobs(true), ...READS];

/**
 * How the records of an output can be counted by somebody else than who made it.
 * @param {Contender} contender
 * @param {string} output
 * @returns {{ command: import("./measure.mjs").Command, count: (output: string) => number } | undefined}
 */
export function recount({ part, made }, output) {
  if (made === "sled") {
    const flags = part.endsWith("-compressed") ? ["--compression"] : [];
    return { command: { pipeline: [[PEERS_PROGRAM, "count", output, ...flags]] }, count: Number };
  }
  const keys = (/** @type {string} */ text) => Number(/Keys in range: (\d+)/.exec(text)?.[1]);
  if (made === "text") return { command: { pipeline: [["tail", "-n", "1", output]] }, count: keys };
  if (made === "rocksdb") {
    return { command: { pipeline: [["ldb", `--db=${output}`, "--ignore_unknown_options", "dump", "--count_only"]] }, count: keys };
  }
  return undefined;
}
