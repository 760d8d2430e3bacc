/** What was named as a store and is none: it is told what it is, and what to name. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { KgdumpError } from "#src/errors.js";
import { guessFormat } from "#src/format/sniff.js";
import { foreignStoreIn } from "#src/operations/disk/recognize.js";
import { storesBelow } from "#src/operations/disk/store-search.js";
import { detectEngine } from "#src/operations/disk/stores.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** Files by path; a path that ends with a slash is an empty directory. */
type Tree = Readonly<Record<string, string>>;

async function plant(t: ExecutionContext, tree: Tree): Promise<string> {
  const root = join(await temporaryDirectory(t), "named");
  await mkdir(root);
  for (const [path, content] of Object.entries(tree)) {
    const full = join(root, path);
    await mkdir(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (!path.endsWith("/")) await writeFile(full, content, "latin1");
  }
  return root;
}

const STORE: Tree = { CURRENT: "MANIFEST-000004\n", "MANIFEST-000004": "", "OPTIONS-000007": "" };
const SLED: Tree = { conf: "", db: "" };
const under = (path: string, tree: Tree): Tree => Object.fromEntries(Object.entries(tree).map(([name, content]) => [`${path}/${name}`, content]));

const DIRECTORIES: Readonly<Record<string, readonly [tree: Tree, what: RegExp, hint: RegExp]>> = {
  nothing: [{}, /is an empty directory/, /volume is mounted/],
  "a backup": [{ "meta/1": "", "private/1/CURRENT": "", "shared_checksum/000009_1_2.sst": "" }, /backup of RocksDB's BackupEngine/, /ldb restore/],
  "a backup without shared tables": [{ "meta/1": "", "private/1/CURRENT": "", "shared/": "" }, /backup of RocksDB's BackupEngine/, /ldb restore/],
  "an exported family": [{ "000009.sst": "", "000012.sst": "" }, /an exported family/, /CreateColumnFamilyWithImport/],
  "a secondary": [{ LOG: "", "LOG.old.1700000000": "" }, /a secondary instance/, /directory of the store itself/],
  "tables with the names of LevelDB": [{ "000009.ldb": "" }, /an exported family/, /CreateColumnFamilyWithImport/],
  "old information logs": [{ "LOG.old.1700000000": "" }, /a secondary instance/, /directory of the store itself/],
  "a db_log_dir": [{ var_lib_graph_LOG: "" }, /a secondary instance/, /directory of the store itself/],
  "a wal_dir": [{ "000008.log": "", "000010.log": "" }, /its wal_dir/, /CURRENT and MANIFEST/],
  "one store below (CozoDB)": [{ manifest: "", ...under("data", STORE) }, /a RocksDB store lies below/, /named\/data$/],
  "stores below (Kafka Streams)": [{ ...under("rocksdb/a", STORE), ...under("rocksdb/b", STORE), ".checkpoint": "" }, /2 stores lie below named/, /rocksdb\/a \(RocksDB\), .*rocksdb\/b \(RocksDB\)/],
  "a store in a directory of MySQL": [{ ibdata1: "", ...under("#rocksdb", STORE) }, /a RocksDB store lies below/, /#rocksdb/],
  "Ceph's monitor": [{ keyring: "", kv_backend: "rocksdb", ...under("store.db", STORE) }, /a RocksDB store lies below/, /store\.db/],
  "stores of two engines": [{ ...under("new", SLED), ...under("old", STORE) }, /2 stores/, /new \(sled\), .*old \(RocksDB\)/],
  "sled 1.0": [{ DO_NOT_PUT_YOUR_FILES_HERE: "", "slabs/64": "", "metadata/log": "", durability_cookie: "" }, /sled 1\.0/, /Db::export/],
  Badger: [{ MANIFEST: "", KEYREGISTRY: "", "000001.vlog": "", "000002.sst": "", DISCARD: "" }, /store of Badger/, /kgdump reads/],
  Pebble: [{ "marker.format-version.000013.014": "", "marker.manifest.000001.MANIFEST-000001": "", "MANIFEST-000001": "", "000004.sst": "" }, /store of Pebble/, /kgdump reads/],
  LMDB: [{ "data.mdb": "", "lock.mdb": "" }, /LMDB/, /mdb_dump/],
  WiredTiger: [{ "WiredTiger.wt": "", WiredTiger: "" }, /WiredTiger/, /kgdump reads/],
  "Berkeley DB": [{ "log.0000000001": "", "__db.001": "", "main.db": "" }, /Berkeley DB/, /db_dump/],
  fjall: [{ "journals/0": "", "partitions/": "", version: "" }, /fjall/, /kgdump reads/],
  SQLite: [{ "main.sqlite": "SQLite format 3\0rest" }, /an SQLite database \(main\.sqlite\)/, /kgdump reads/],
  redb: [{ "graph.redb": "redb\x1a\n\xa9\r\nrest" }, /a database of redb/, /kgdump reads/],
  "an archive": [{ "store.tgz": "\x1f\x8b\x08\0", readme: "text" }, /gzip format \(store\.tgz\)/, /unpack it first/],
  "a dump": [{ "graph.kgd": "\xc7\x0eKKGDUMP\r\n\x1a\n\0\x01" }, /in it is a dump \(graph\.kgd\)/, /kgdump import/],
  "anything else": [{ "notes.txt": "hello" }, /neither a RocksDB store .* nor a sled store/, /the store's own files/],
};

for (const [name, [tree, what, hint]] of Object.entries(DIRECTORIES)) {
  test(`a directory with ${name}`, async (t) => {
    const path = await plant(t, tree);
    const before = await readdir(path, { recursive: true });
    const error = await t.throwsAsync(() => detectEngine(path), { instanceOf: KgdumpError });
    t.is(error.code, "STORE_NOT_RECOGNIZED");
    t.regex(error.message, what);
    t.regex(error.hint ?? "", hint);
    t.deepEqual(await readdir(path, { recursive: true }), before);
  });
}

const FILES: Readonly<Record<string, readonly [content: string, what: RegExp, hint: RegExp]>> = {
  "a dump": ["\xc7\x0eKKGDUMP\r\n\x1a\n\0\x01", /is a dump, not the directory/, /kgdump import/],
  "an archive": [`${"\0".repeat(257)}ustar\0`, /a file in tar format/, /unpack it first/],
  "LMDB in one file": [`${"\0".repeat(16)}\xde\xc0\xef\xbe`, /a database of LMDB/, /kgdump reads/],
  anything: ["hello", /is a file, not the directory of a store/, /the store's own files/],
};

for (const [name, [content, what, hint]] of Object.entries(FILES)) {
  test(`a file with ${name}`, async (t) => {
    const path = join(await plant(t, { file: content }), "file");
    const error = await t.throwsAsync(() => detectEngine(path), { instanceOf: KgdumpError });
    t.is(error.code, "STORE_NOT_RECOGNIZED");
    t.regex(error.message, what);
    t.regex(error.hint ?? "", hint);
  });
}

test("a store's own file", async (t) => {
  const store = await unpackStore(t, "odd-merge");
  const error = await t.throwsAsync(() => detectEngine(join(store, "CURRENT")), { instanceOf: KgdumpError });
  t.regex(error.message, /is a file of the RocksDB store/);
  t.is(error.hint, `name the directory: ${store}`);
});

test("each engine is told by each set of names that it leaves, and by no part of one", (t) => {
  const sets: Readonly<Record<string, readonly string[]>> = {
    BackupEngine: ["meta private shared", "meta private shared_checksum"],
    Pebble: ["marker.format-version.000013.014", "marker.manifest.000001.MANIFEST-000001"],
    Badger: ["MANIFEST KEYREGISTRY", "MANIFEST DISCARD", "MANIFEST 000001.vlog"],
    "sled 1\\.0": ["DO_NOT_PUT_YOUR_FILES_HERE", "durability_cookie"].flatMap((first) => ["slabs", "heap", "metadata"].map((second) => `${first} ${second}`)),
    LMDB: ["data.mdb"],
    WiredTiger: ["WiredTiger.wt", "WiredTiger.turtle"],
    "Berkeley DB": ["log.0000000001 __db.001", "log.0000000001 main.db", "log.0000000001 main.bdb"],
    fjall: ["journals partitions", "journals keyspaces"],
    SurrealKV: ["manifest sstables wal", "manifest clog"],
    Flink: ["_metadata", "shared taskowned"],
    PostgreSQL: ["PG_VERSION base"],
  };
  for (const [engine, texts] of Object.entries(sets)) {
    for (const text of texts) {
      const names = text.split(" ");
      const found = foreignStoreIn("/path", names);
      t.regex(found?.message ?? "nothing", new RegExp(engine), text);
      t.like(found, { code: "STORE_NOT_RECOGNIZED", path: "/path" });
      t.regex(foreignStoreIn("/path", [...names, "readme", "lost+found"])?.message ?? "nothing", new RegExp(engine), text);
      for (const left of names) t.is(foreignStoreIn("/path", names.filter((name) => name !== left)), null, `${text} without ${left}`);
    }
  }
});

test("of many stores below ten are named, and whether there are more", async (t) => {
  for (const count of [10, 11]) {
    const path = await plant(t, Object.assign({}, ...Array.from({ length: count }, (_, index) => under(`s${String(index).padStart(2, "0")}`, STORE))) as Tree);
    const error = await t.throwsAsync<KgdumpError>(() => detectEngine(path), { code: "STORE_NOT_RECOGNIZED" });
    t.regex(error.message, new RegExp(`but ${String(count)} stores lie below`));
    t.is(error.hint?.match(/s\d\d \(RocksDB\)/g)?.length, 10);
    t.is(error.hint?.endsWith(", …"), count > 10);
  }
});

test("the search for stores is bounded, and does not look into stores", async (t) => {
  const root = await temporaryDirectory(t);
  const store = await makeStore(root, "real", { default: { a: "1" } });
  await mkdir(join(store, "lost"));
  for (let index = 0; index < 30; index++) await mkdir(join(root, "many", index.toString(), "deep"), { recursive: true });
  for (let index = 0; index < 30; index++) await writeFile(join(root, "many", index.toString(), "deep", "CURRENT"), "");
  t.is((await storesBelow(root, 100)).length, 31);
  for (const most of [30, 31]) t.is((await storesBelow(root, most)).length, most);
  t.is((await storesBelow(root, 5)).length, 5);
  t.is(basename((await storesBelow(root, 1))[0]?.path ?? ""), "real");
});

const STREAMS: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  "a program's message": ["Permission denied (publickey).\r\n", /"Permission denied \(publickey\)\."/],
  "a greeting before the dump": ["Welcome to host 7\nLast login: today\n\xc7\x0eKKGDUMP\r\n\x1a\n", /begins with the text "Welcome to host 7", and the dump comes after/],
  "text through a terminal": ["one line\r\nanother line\r\n", /a terminal may stand between/],
  "a dump through a terminal": ["\xc7\x0eKKGDUMP\r\r\n\x1a\r\n\0", /put CR before each LF/],
  "a dump in text mode": ["\xc7\x0eKKGDUMP\n\x1a\n\0", /line ends were changed/],
  "text that is not ASCII": [Buffer.from("Zugriff verweigert: größer\n").toString("latin1"), /"Zugriff verweigert: größer"/],
  "a page of HTML": ["<html><body>404</body></html>", /HTML or XML/],
  "blank lines and a word": ["\n\n  oops  \n", /"oops"/],
  noise: ["\x00\x01\x02\xff", /give a file or stream that kgdump export wrote/],
  "a long line": ["x".repeat(500), /"x{120}…"/],
};

for (const [name, [text, says]] of Object.entries(STREAMS)) {
  test(`an input that is ${name}`, (t) => {
    t.regex(guessFormat(Buffer.from(text, "latin1")), says);
  });
}
