/**
 * What a person reads of a mistake: one line that says what is wrong in plain words, without a path twice, a temporary name or a word of the system's
 * where there is a plainer one, and one line of what to do.
 */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { CURES } from "#src/cli/help/cures.js";
import { EXIT_CODE_OF, KgdumpError } from "#src/errors.js";
import { renderError } from "#src/cli/error-report.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { unpackStore } from "../fixtures/unpack.js";
import { inParallel } from "../faults/support.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

/** By command line: exit code, what is wrong, and what to do. */
const ERRORS: Readonly<Record<string, readonly [number, RegExp, RegExp]>> = {
  "inspect nope.kgd": [1, /^there is no file \S+\/nope\.kgd \[NOT_FOUND\]$/, /^check the path/],
  "inspect grap.kgd": [1, /^there is no file \S+\/grap\.kgd \[NOT_FOUND\]$/, /^did you mean \S+\/graph\.kgd\?$/],
  "inspect store --gaps": [2, /^--gaps is for dumps, and store is a store/, /^leave it out; `kgdump verify STORE` reads and checks all of a store/],
  "inspect graph.kgd --get nope": [1, /^the dump has no key nope/, /--keys --prefix/],
  "inspect graph.kgd --limit 0": [2, /^--limit '0' is not a whole number of at least 1 \[USAGE\]$/, /^see kgdump inspect --help$/],
  "inspect graph.kgd --limit many": [2, /^--limit 'many' is not a whole number/, /^write plain digits, such as 1000$/],
  "verify flip.kgd": [3, /^the checksum of the block frame does not match its payload/, /^copy or export the dump again; failing that, `kgdump recover`/],
  "verify store --against nope": [1, /^there is no store at nope \[STORE_NOT_FOUND\]$/, /^check the path/],
  "export store -o no/x.kgd": [1, /^\S+\/no does not exist, so \S+\/no\/x\.kgd can't be written \[NOT_FOUND\]$/, /^choose a directory that exists/],
  "export store -o no/x.kgd --dry-run": [1, /^the export would fail: \S+\/no does not exist, so \S+\/no\/x\.kgd can't be written/, /./],
  "export store -o x.kgd --codec zstd --level 99": [2, /^--level '99' is not a whole number from 1 to 22 \[USAGE\]$/, /^see kgdump export --help$/],
  "export store -o x.kgd --codec gzip": [2, /^--codec 'gzip' is not one of lz4, zstd, none/, /^choose one of these$/],
  "export store -o x.kgd --codec zst": [2, /^--codec 'zst' is not one of/, /^did you mean zstd\?$/],
  "export store -o x.kgd --keyspace Nodes": [2, /^there is no keyspace "Nodes" \[KEYSPACE_UNKNOWN\]$/, /^did you mean nodes\? There are: default, nodes, edges, indices$/],
  "export store -o x.kgd --keyspace wholly-other": [2, /^there is no keyspace "wholly-other"/, /^there are: default/],
  "export demo -o x.kgd": [7, /^demo is not a store itself, but a RocksDB store lies below it/, /^name that: demo\/rocksdb$/],
  "export graph.kgd -o x.kgd": [7, /^graph\.kgd is a dump, not the directory of a store/, /import, restore, verify and inspect/],
  "export nope -o x.kgd": [1, /^there is no store at nope/, /^check the path/],
  "export store -o x.kgd --colour red": [2, /^unknown option '--colour'/, /^did you mean --color\? See kgdump export --help$/],
  "import graph.kgd -i graph.kgd": [1, /^graph\.kgd is a file, and a store is a directory \[TARGET_EXISTS\]$/, /^choose a new path$/],
  "restore graph.kgd -i graph.kgd": [1, /^graph\.kgd is a file, and a store is a directory \[TARGET_EXISTS\]$/, /^choose a new path$/],
  "import t extra -i graph.kgd": [2, /^'extra' is one argument too many for 'import' \[USAGE\]$/, /^name the dump with -i/],
  "import no/t -i graph.kgd": [1, /^\S+\/no does not exist, so \S+\/no\/t can't be made/, /must be a directory that exists/],
  "import t --config nope.toml -i graph.kgd": [1, /^there is no settings file nope\.toml/, /^name a file that exists/],
  "restore r -i demo": [3, /is a directory, not a dump/, /^name the dump's file/],
  "restore store -i graph.kgd": [1, /^store exists already/, /^choose a new path$/],
  migrate: [2, /^no target was given/, /^name the store's directory, or with --config/],
  "migrate --from nope": [1, /^there is no store at \S+\/nope/, /^check the path/],
  "rollback none": [1, /^no migration to \S+\/none is known/, /./],
  "-q": [2, /^no command was given/, /^see kgdump --help$/],
  "exprt store": [2, /^unknown command 'exprt'/, /^did you mean export\? See kgdump --help$/],
  "graph.kgd": [2, /^graph\.kgd is not a command/, /^kgdump inspect graph\.kgd shows what is in a dump$/],
  store: [2, /^store is not a command/, /^kgdump status store shows what it is$/],
  export: [2, /^missing required argument 'store' \[USAGE\]$/, /^see kgdump export --help$/],
  "export store extra -o x.kgd": [2, /^'extra' is one argument too many for 'export' \[USAGE\]$/, /^name the dump with -o: kgdump export STORE -o DUMP; a pa/],
  "export store -o": [2, /^option '-o, --output <file>' argument missing \[USAGE\]$/, /^see kgdump export --help$/],
  "export store -o x.kgd --level 3": [2, /^--level can only be used with --codec zstd \[USAGE\]$/, /^for example: --codec zstd --level 3$/],
  "export store -o x.kgd --block-size 3": [2, /^block size 3 is out of range \[USAGE\]$/, /^choose one from 4 KiB to 64 MiB$/],
  "export store -o x.kgd --block-size big": [2, /^--block-size 'big' is not a size \[USAGE\]$/, /^write a number with B, k, KiB, kB, M, MiB, MB, G, GiB or GB,/],
  "export store -o x.kgd --limit 1.5": [2, /^--limit '1\.5' is not a whole number of at least 1 \[USAGE\]$/, /^write plain digits, such as \d+$/],
  "export store -o x.kgd --prefix hex:6": [2, /^--prefix 'hex:6': hex: takes pairs of hex digits \[USAGE\]$/, /^write text with \\xNN, \\u\{H\.\.\.\} and \\\\ as escapes, or hex:6e6/],
  "export store -o x.kgd --prefix \\xZZ": [2, /^--prefix '\\\\xZZ': there is no such escape at character 1 \[USAGE\]$/, /^write text with \\xNN, \\u\{H\.\.\.\} and \\\\ as escapes, or hex:6e6/],
  "export store -o x.kgd --from b --to a": [2, /^--from comes after --to: no key is between them \[USAGE\]$/, /^--from is the first key that is taken, --to the first one th/],
  "export store -o x.kgd --keyspace default --exclude-keyspace nodes": [2, /^--keyspace and --exclude-keyspace can't be used together \[USAGE\]$/, /^choose one of them$/],
  "export store -o x.kgd --base nope.kgd": [1, /^there is no file \S+\/nope\.kgd \[NOT_FOUND\]$/, /^check the path/],
  "export store -o x.kgd --base text.txt": [3, /^the file is not a dump \[DUMP_NOT_A_DUMP\]$/, /^it is text, perhaps the message of a program that failed: "n/],
  "export store -o x.kgd --base graph.kgd --prefix a": [2, /^only whole stores can be compared with a base \[USAGE\]$/, /^leave out what selects keyspaces or keys$/],
  "export store -o graph.kgd": [1, /^\S+\/graph\.kgd exists already \[OUTPUT_EXISTS\]$/, /^choose another name, or replace it with --force$/],
  "export store -o demo": [1, /^cannot write a dump to \S+\/demo: it is a directory \[OUTPUT_EXISTS\]$/, /^name a file, such as \S+\/demo\/graph\.kgd$/],
  "export store -o store/x.kgd": [2, /^store\/x\.kgd is inside the store, which is never written to \[USAGE\]$/, /^choose a file outside the store's directory$/],
  "export text.txt -o x.kgd": [7, /^text\.txt is a file, not the directory of a store \[STORE_NOT_RECOGNIZED\]$/, /^name the directory that holds the store's own files$/],
  "export empty -o x.kgd": [7, /^empty is an empty directory, not a store \[STORE_NOT_RECOGNIZED\]$/, /^check the path, and that its volume is mounted$/],
  "export odd-uts -o x.kgd": [7, /^the family "default" of \S+\/odd-uts has user-defined timestamps \(comparator leveldb\.By.* \[STORE_TIMESTAMPS\]$/, /^let the program that owns the store write the versions that /],
  "export odd-ttl -o x.kgd": [7, /^the family "default" of \S+\/odd-ttl has a time to live: four bytes of timestamp end ea.* \[STORE_TTL\]$/, /^say `--ttl strip` to leave the timestamps out, or `--ttl kee/],
  "export words-plain-table -o x.kgd": [7, /^the table \S+\/words-plain-table\/000009\.sst has the format PlainTable, which kgdump can.* \[STORE_UNSUPPORTED\]$/, /^let the program that owns the store write it with block-base/],
  "export log-all-missing -o x.kgd": [7, /^the log \S+\/log-all-missing\/\d+\.log is missing: the store's MANIFEST names it, and .* \[STORE_LOG_DAMAGED\]$/, /^copy the store again with all its \.log files; its program ma/],
  "export words-sled-0.30 -o x.kgd": [7, /^it is a store of sled 0\.30; only those of sled 0\.32 to 0\.34 can be read \[STORE_UNSUPPORTED\]$/, /^let the program that wrote it link sled 0\.34 beside its own /],
  "import t -i nope.kgd": [1, /^there is no file \S+\/nope\.kgd \[NOT_FOUND\]$/, /^check the path/],
  "import t -i text.txt": [3, /^the input is not a dump \[DUMP_NOT_A_DUMP\]$/, /^it is text, perhaps the message of a program that failed: "n/],
  "import t -i blank.kgd": [3, /^the input is empty: its producer wrote nothing \[DUMP_TRUNCATED\]$/, /^see what the producer said on its standard error$/],
  "import t -i cut.kgd": [3, /^the dump is cut off after \d+ bytes, within the block frame that begins at byte \d+; complete ar.* \[DUMP_TRUNCATED\]$/, /^its producer failed or the copy is incomplete: see what the /],
  "import t -i flip.kgd": [3, /^the checksum of the block frame does not match its payload \[DUMP_CHECKSUM_MISMATCH\]$/, /^copy or export the dump again; failing that, `kgdump recover/],
  "import t -i delta.kgd": [7, /^this dump holds only changes since another dump, and can't be imported alone \[STORE_UNSUPPORTED\]$/, /^name the full dump first, then its deltas: -i FULL -i DELTA;/],
  "import store -i graph.kgd": [1, /^store exists already, and is a RocksDB store \[TARGET_EXISTS\]$/, /^import into a new path, and give the new store this path aft/],
  "import store -i graph.kgd --merge": [7, /^store is a RocksDB store; a dump is imported into a sled store \[STORE_NOT_RECOGNIZED\]$/, /^choose another path$/],
  "import sled -i graph.kgd": [1, /^sled exists already \[TARGET_EXISTS\]$/, /^choose a new path, or write into it with --merge$/],
  "import sled2 -i graph.kgd --if-exists fail": [1, /^the store has the key \\x00\\x01\\x02\\xff\\xfe already \[KEY_EXISTS\]$/, /^--if-exists keep or --if-exists overwrite says what happens/],
  "import t -i graph.kgd --if-exists maybe": [2, /^--if-exists 'maybe' is not one of fail, keep, overwrite \[USAGE\]$/, /^choose one of these$/],
  "import t -i graph.kgd --jobs 0": [2, /^--jobs '0' is not a whole number from 1 to 256 \[USAGE\]$/, /^see kgdump import --help$/],
  "import t -i graph.kgd --map nodes": [2, /^--map 'nodes' is not FAMILY=TREE \[USAGE\]$/, /^for example --map nodes=graph_nodes$/],
  "import t -i graph.kgd --map nope=x": [2, /^there is no keyspace "nope" \[KEYSPACE_UNKNOWN\]$/, /^there are: default, nodes, edges, indices$/],
  "import t -i graph.kgd --map nodes=x --map edges=x": [2, /^keyspaces "nodes" and "edges" would both become tree "x", and both have entries \[USAGE\]$/, /^give one of them another tree with --map$/],
  "import t -i graph.kgd --compression-level 9": [2, /^--compression-level can only be used with --compression \[USAGE\]$/, /^give both or neither$/],
  "import t -i graph.kgd --segment-size 3": [2, /^--segment-size '3' must be a whole number from 256 to \d+ bytes \[USAGE\]$/, /^see kgdump import --help$/],
  "import t -i graph.kgd --mode 999": [2, /^--mode '999' is not an octal number from 700 to 777 \[USAGE\]$/, /^for example 750, which lets the group read the store;/],
  "import t -i graph.kgd --keyspace Nodes": [2, /^there is no keyspace "Nodes" \[KEYSPACE_UNKNOWN\]$/, /^did you mean nodes\? There are: default, nodes, edges, indice/],
  "import t --config bad.toml -i graph.kgd": [2, /^bad\.toml has 2 problems \[CONFIG_INVALID\]$/, /^correct bad\.toml, then run it again$/],
  "import --config bare.toml -i graph.kgd": [2, /^no target was given, and bare\.toml has no path in \[storage\] \[USAGE\]$/, /^name the store's directory, or with --config a storage\.toml /],
  "import t -i - -i graph.kgd": [2, /^standard input can't be one of several dumps \[USAGE\]$/, /^write it to a file first$/],
  "import t -i delta.kgd -i graph.kgd": [4, /^\S+\/delta\.kgd holds only changes since dump \S+, whic.* \[DELTA_BASE_DIFFERENT\]$/, /^name the full dump first, then its deltas in their order$/],
  "import t -i graph.kgd -i part.kgd": [4, /^\S+\/part\.kgd is a full dump; only deltas can follow \S+\/graph\.kgd \[DELTA_BASE_DIFFERENT\]$/, /^name the dumps in the order in which they were made/],
  "inspect text.txt": [3, /^the input is not a dump \[DUMP_NOT_A_DUMP\]$/, /^it is text, perhaps the message of a program that failed: "n/],
  "inspect text.txt --ttl keep": [2, /^--ttl is for stores, and this is a dump/, /^leave it out/],
  "import t -i sled": [3, /^\S+\/sled is a directory with a sled store, not a dump \[DUMP_NOT_A_DUMP\]$/, /^export it first: kgdump export \S+\/sled -o graph\.kgd; kgdump /],
  "inspect blank.kgd": [3, /^the input is empty: its producer wrote nothing \[DUMP_TRUNCATED\]$/, /^see what the producer said on its standard error$/],
  "inspect graph.kgd --entries --keys": [2, /^--entries and --keys can't be used together \[USAGE\]$/, /^choose one of them$/],
  "inspect graph.kgd --raw": [2, /^--raw can only be used with --get \[USAGE\]$/, /^see kgdump inspect --help$/],
  "inspect graph.kgd --prefix a": [2, /^--prefix can only be used with --entries, --keys or --blocks \[USAGE\]$/, /^see kgdump inspect --help$/],
  "inspect graph.kgd --get": [2, /^option '--get <key>' argument missing \[USAGE\]$/, /^see kgdump inspect --help$/],
  "verify text.txt": [3, /^the input is not a dump \[DUMP_NOT_A_DUMP\]$/, /^it is text, perhaps the message of a program that failed: "n/],
  "verify cut.kgd": [3, /^the dump is cut off after \d+ bytes, within the block frame that begins at byte \d+; complete ar.* \[DUMP_TRUNCATED\]$/, /^its producer failed or the copy is incomplete: see what the /],
  "verify graph.kgd --against graph.kgd": [7, /^graph\.kgd is a dump, not the directory of a store \[STORE_NOT_RECOGNIZED\]$/, /^a dump is read by kgdump import, restore, verify and inspect/],
  "verify graph.kgd --samples 3": [2, /^--samples can only be used with --against \[USAGE\]$/, /^see kgdump verify --help$/],
  "verify store --against less": [4, /^the store \S+\/less differs from \S+\/store: "nodes": 300 missing, 0 added.* \[VERIFY_DIFFERENCE\]$/, /^if the service wrote meanwhile, that is why; else check disk/],
  "recover graph.kgd": [2, /^--output is missing: what is damaged is never changed \[USAGE\]$/, /^for example: kgdump recover graph\.kgd -o salvaged\.kgd$/],
  "recover graph.kgd -o graph.kgd": [2, /^\S+\/graph\.kgd is the damaged dump itself, which is never changed \[USAGE\]$/, /^choose another name for the new dump$/],
  "recover nope -o x.kgd": [1, /^there is no file \S+\/nope \[NOT_FOUND\]$/, /^check the path, and that its volume is mounted$/],
  "recover graph.kgd --to t": [2, /^--to is for damaged stores, but graph\.kgd is not a store \[USAGE\]$/, /^write a new dump with -o, then import or restore it$/],
  "recover graph.kgd -o x.kgd --owner 0": [2, /^--owner can only be used with --to \[USAGE\]$/, /^see kgdump recover --help$/],
  "recover - -o x.kgd": [2, /^a damaged dump can't be recovered from a pipe: it is read several times \[USAGE\]$/, /^save it to a file first: cat > damaged\.kgd$/],
  "find store": [2, /^missing required argument 'key' \[USAGE\]$/, /^see kgdump find --help$/],
  "find sled a": [7, /^sled is a sled store, which keeps one version of each key \[STORE_UNSUPPORTED\]$/, /^export it, and look with kgdump inspect --entries --prefix$/],
  "find graph.kgd a": [7, /^graph\.kgd is a dump, not the directory of a store \[STORE_NOT_RECOGNIZED\]$/, /^a dump is read by kgdump import, restore, verify and inspect/],
  "restore r -i delta.kgd": [7, /^this dump holds only changes since another dump, and can't be imported alone \[STORE_UNSUPPORTED\]$/, /^name the full dump first, then its deltas: -i FULL -i DELTA;/],
  "restore r -i graph.kgd --compression gzip": [2, /^--compression 'gzip' is not one of none, lz4, zstd, snappy, zlib, bzip2 \[USAGE\]$/, /^choose one of these$/],
  "restore r -i graph.kgd --table-block-size 0": [2, /^--table-block-size '0' is not a whole number of bytes from 1 to \d+ \[USAGE\]$/, /^for example 4MiB$/],
  "compact graph.kgd": [7, /^graph\.kgd is a dump, not the directory of a store \[STORE_NOT_RECOGNIZED\]$/, /^a dump is read by kgdump import, restore, verify and inspect/],
  "compact nope": [1, /^there is no store at nope \[STORE_NOT_FOUND\]$/, /^check the path, and that its volume is mounted$/],
  "compact store --segment-size 4KiB": [2, /^--segment-size is for sled stores: a RocksDB store keeps the options that it has \[USAGE\]$/, /^leave that out; to change the tables, `kgdump export` the store,/],
  "migrate store --from store": [2, /^the store store and --from can't be used together \[USAGE\]$/, /^choose one of them$/],
  "migrate graph.kgd": [7, /^\S+\/graph\.kgd is a dump, not the directory of a store \[STORE_NOT_RECOGNIZED\]$/, /^a dump is read by kgdump import, restore, verify and inspect/],
  "migrate store --wait 3": [2, /^--wait makes sense only with --live \[USAGE\]$/, /^see kgdump migrate --help$/],
  "migrate store --stream --dump d.kgd": [2, /^--stream and --dump can't be used together \[USAGE\]$/, /^choose one of them$/],
  "migrate store --engine sledd": [2, /^option '--engine <name>' argument 'sledd' is invalid\. Allowed choices are sled, rocksdb \[USAGE\]$/, /^see kgdump migrate --help$/],
  "migrate store --to demo": [1, /^\S+\/demo exists already \[TARGET_EXISTS\]$/, /^choose another path for the new store$/],
  "migrate store new": [2, /^'new' is one argument too many for 'migrate' \[USAGE\]$/, /^name the new store's place with --to: kgdump migrate STO/],
  "rollback store --carry-back --discard-new": [2, /^--discard-new and --carry-back can't be used together \[USAGE\]$/, /^choose one of them$/],
  status: [2, /^no target was given \[USAGE\]$/, /^name the store's directory, or with --config a storage\.toml /],
  "status --config nope.toml": [1, /^there is no settings file nope\.toml \[NOT_FOUND\]$/, /^name a file that exists, such as config\/storage\.toml$/],
  "help nope": [2, /^there is no command or topic 'nope' \[USAGE\]$/, /^see kgdump --help$/],
  "--color blue export store": [2, /^--color 'blue' is not one of auto, always, never \[USAGE\]$/, /^choose one of these$/],
  "export store --progress sometimes": [2, /^--progress 'sometimes' is not one of auto, always, never, plain, json \[USAGE\]$/, /^choose one of these$/],
  "export odd-merge-wal -o x.kgd": [7, /^the family "default" of \S+\/odd-merge-wal holds merge operands that only its merge ope.* \[STORE_MERGE_OPERATOR\]$/, /^let the program that owns the store, with its merge operator/],
  "export odd-wide -o x.kgd": [7, /^the entry "node:\d+" of \S+\/odd-wide has wide columns, which a plain value can't ho.* \[STORE_WIDE_COLUMNS\]$/, /^let the program that owns the store write such entries as pl/],
  "export words-titan -o x.kgd": [7, /^\S+\/words-titan is a store of Titan \(TiKV's plug-in for large values\), which RocksDB c.* \[STORE_UNSUPPORTED\]$/, /^let the program that owns it bring its values back into Rock/],
  "export account-key-out-of-order -o x.kgd": [7, /^the keys of the table \S+\/account-key-out-of-order\/000009\.sst are not in order.* \[STORE_DAMAGED\]$/, /^save what is sound with `kgdump recover`/],
  "recover text.txt -o x.kgd": [3, /^nothing in the file is part of a dump \[DUMP_NOT_A_DUMP\]$/, /^it is text, perhaps the message of a program that failed/],
  "import t -i part.kgd --cf nodes": [2, /^there is no keyspace "nodes" \[KEYSPACE_UNKNOWN\]$/, /^there are: default, edges, indices$/],
  "recover cut.kgd -o salvaged.kgd": [3, /^not everything could be recovered: there are gaps in "edges" \(1\), "indices" \(1\) \[RECOVERY_INCOMPLETE\]$/, /^the new dump is valid, and lacks what was damaged: kgdump in/],
};

/** Stores that are refused. */
const ODD = ["odd-merge-wal", "odd-wide", "odd-uts", "odd-ttl", "words-titan", "words-plain-table", "log-all-missing", "words-sled-0.30", "account-key-out-of-order"];

/** What holds the target that it names first. */
const CHANGING = /^(?:import|restore|compact|migrate|rollback) /;

/** What else is there, made of `store`. */
const MADE = [
  "export store -o graph.kgd -q",
  "export store -o part.kgd --exclude-cf nodes -q",
  "export store -o delta.kgd --base graph.kgd -q",
  "import sled -i graph.kgd -q",
  "import less -i part.kgd -q",
];

const FILES = {
  "blank.kgd": "",
  "text.txt": "no dump at all, but a text\n",
  "bad.toml": '[storage]\nengine = "sledd"\npath = 3\n',
  "bare.toml": '[storage]\nengine = "sled"\n',
};

test("each mistake is said in plain words, with what to do", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await cp(await unpackStore(t, "maya-families"), at("store"), { recursive: true });
  for (const name of ODD) await cp(await unpackStore(t, name), at(name), { recursive: true });
  for (const name of ["demo", "empty"]) await mkdir(at(name));
  await cp(at("store"), at("demo/rocksdb"), { recursive: true });
  for (const line of MADE) t.is((await kgdump(line.split(" "), { cwd: directory })).code, 0, line);
  await cp(at("sled"), at("sled2"), { recursive: true });
  const bytes = await readFile(at("graph.kgd"));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(at("flip.kgd"), bytes);
  await writeFile(at("cut.kgd"), bytes.subarray(0, middle));
  for (const [name, text] of Object.entries(FILES)) await writeFile(at(name), text);
  // What works on one target waits its turn, lest it find the other at work there.
  const lanes = new Map<string, [readonly string[], string][]>();
  for (const [number, line] of Object.keys(ERRORS).entries()) {
    // Each makes something of its own, if anything.
    const words = line.split(" ").map((word) => (["t", "r", "x.kgd"].includes(word) ? `${number.toString()}-${word}` : word));
    const lane = CHANGING.test(line) ? (words[1] ?? "") : line;
    lanes.set(lane, [...(lanes.get(lane) ?? []), [words, line]]);
  }
  const told = async (words: readonly string[], line: string): Promise<void> => {
    const [exit, what, todo] = ERRORS[line] ?? [0, /^$/, /^$/];
    const ended = await kgdump(words, { cwd: directory });
    const lines = ended.stderr.split("\n").filter((one) => !/^(?:warning|\d{4}-)/.test(one));
    const message = lines.find((one) => one.startsWith("kgdump: "))?.slice("kgdump: ".length) ?? "";
    const hint = lines.find((one) => one.startsWith("  hint: "))?.slice("  hint: ".length) ?? "";
    t.is(ended.code, exit, `${line}: ${ended.stderr}`);
    t.regex(message, what, line);
    t.regex(hint, todo, line);
    t.notRegex(ended.stderr, /\bE[A-Z]{3,}\b|\.tmp\b|\n\s+at |Expected \d/, line);
    for (const path of message.match(/\/\S+/g) ?? []) t.is(message.split(`${path} `).length, 2, `${line}: ${path} is said once`);
  };
  await inParallel([...lanes.values()], 3, async (lane) => {
    for (const [words, line] of lane) await told(words, line);
  });
});

test("every code has a cure, and an error without a hint of its own is told with it", (t) => {
  for (const code of Object.keys(EXIT_CODE_OF) as (keyof typeof EXIT_CODE_OF)[]) {
    t.true(CURES[code].length > 5 && !CURES[code].endsWith("."), code);
    const text = renderError(new KgdumpError(code, "something is wrong"), { paint: makePaint(false), verbose: false });
    t.true(text.includes(`  hint: ${CURES[code]}\n`), text);
  }
});

test("-v tells what led to an error, without stacks; of a fault of kgdump with them", (t) => {
  const options = { paint: makePaint(false), verbose: true };
  const known = renderError(new KgdumpError("IO_FAILED", "reading failed", { cause: new Error("the disk says no", { cause: new Error("its cable") }) }), options);
  t.regex(known, /caused by: the disk says no\n {2}caused by: its cable\n$/);
  t.notRegex(known, / at .*:\d+/);
  t.regex(renderError(new TypeError("a fault"), options), /stack: TypeError: a fault\n.* at .*:\d+/);
});
