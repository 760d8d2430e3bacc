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
  "inspect store": [3, /store is a directory with a RocksDB store, not a dump/, /^export it first: kgdump export \S+ -o graph\.kgd/],
  "inspect graph.kgd --get nope": [1, /^the dump has no key nope/, /--keys --prefix/],
  "inspect graph.kgd --limit 0": [2, /^--limit '0' is not a whole number of at least 1 \[USAGE\]$/, /^see --help$/],
  "inspect graph.kgd --limit many": [2, /^--limit 'many' is not a whole number/, /^write plain digits, such as 1000$/],
  "verify flip.kgd": [3, /^the checksum of the block frame does not match its payload/, /^copy the dump again, or export it again; else `kgdump recover`/],
  "verify store --against nope": [1, /^there is no store at nope \[STORE_NOT_FOUND\]$/, /^check the path/],
  "export store -o no/x.kgd": [1, /^\S+\/no does not exist, so that \S+\/no\/x\.kgd can't be written \[NOT_FOUND\]$/, /^choose a directory that exists/],
  "export store -o no/x.kgd --dry-run": [1, /^the export would fail: \S+\/no does not exist, so that \S+\/no\/x\.kgd can't be written/, /./],
  "export store -o x.kgd --codec zstd --level 99": [2, /^--level '99' is not a whole number from 1 to 22 \[USAGE\]$/, /^see --help$/],
  "export store -o x.kgd --codec gzip": [2, /^--codec 'gzip' is none of lz4, zstd, none/, /^choose one of these$/],
  "export store -o x.kgd --codec zst": [2, /^--codec 'zst' is none of/, /^did you mean zstd\?$/],
  "export store -o x.kgd --keyspace Nodes": [2, /^there is no keyspace "Nodes" \[KEYSPACE_UNKNOWN\]$/, /^did you mean nodes\? There are: default, nodes, edges, indices$/],
  "export store -o x.kgd --keyspace wholly-other": [2, /^there is no keyspace "wholly-other"/, /^there are: default/],
  "export demo -o x.kgd": [7, /^demo is no store itself, but a RocksDB store lies below it/, /^name that: demo\/rocksdb$/],
  "export graph.kgd -o x.kgd": [7, /^graph\.kgd is a dump, not the directory of a store/, /import, restore, verify and inspect/],
  "export nope -o x.kgd": [1, /^there is no store at nope/, /^check the path/],
  "export store -o x.kgd --colour red": [2, /^unknown option '--colour'/, /^did you mean --color\? See kgdump export --help$/],
  "import graph.kgd -i graph.kgd": [1, /^graph\.kgd exists already/, /./],
  "import t extra -i graph.kgd": [2, /^'extra' is one argument too many for 'import' \[USAGE\]$/, /^the dump is named with -i/],
  "import no/t -i graph.kgd": [1, /^\S+\/no does not exist, so that \S+\/no\/t can't be made/, /must be a directory that exists/],
  "import t --config nope.toml -i graph.kgd": [1, /^there is no settings file nope\.toml/, /^name a file that exists/],
  "restore r -i demo": [3, /is a directory, not a dump/, /^name the dump's file/],
  "restore store -i graph.kgd": [1, /^store exists already/, /^choose a new path$/],
  migrate: [2, /^no target was given/, /^name the store's directory, or with --config/],
  "migrate --from nope": [1, /^there is no store at \S+\/nope/, /^check the path/],
  "rollback none": [1, /^no migration to \S+\/none is known/, /./],
  "": [2, /^no command was given/, /^see kgdump --help$/],
  "exprt store": [2, /^unknown command 'exprt'/, /^did you mean export\? See kgdump --help$/],
  "graph.kgd": [2, /^graph\.kgd is no command/, /^kgdump inspect graph\.kgd shows what is in a dump$/],
  store: [2, /^store is no command/, /^kgdump status store tells what it is$/],
};

test("each mistake is said in plain words, with what to do", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await cp(await unpackStore(t, "maya-lz4"), at("store"), { recursive: true });
  await mkdir(at("demo"));
  await cp(at("store"), at("demo/rocksdb"), { recursive: true });
  t.is((await kgdump(["export", "store", "-o", "graph.kgd", "-q"], { cwd: directory })).code, 0);
  const bytes = await readFile(at("graph.kgd"));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(at("flip.kgd"), bytes);
  await inParallel(Object.entries(ERRORS), 3, async ([line, [exit, what, todo]]) => {
    const ended = await kgdump(line === "" ? [] : line.split(" "), { cwd: directory });
    const told = ended.stderr.split("\n").filter((one) => !/^(?:warning|\d{4}-)/.test(one));
    const message = told.find((one) => one.startsWith("kgdump: "))?.slice("kgdump: ".length) ?? "";
    const hint = told.find((one) => one.startsWith("  hint: "))?.slice("  hint: ".length) ?? "";
    t.is(ended.code, exit, `${line}: ${ended.stderr}`);
    t.regex(message, what, line);
    t.regex(hint, todo, line);
    t.notRegex(ended.stderr, /\bE[A-Z]{3,}\b|\.tmp\b|\n\s+at |Expected \d/, line);
    for (const path of message.match(/\/\S+/g) ?? []) t.is(message.split(`${path} `).length, 2, `${line}: ${path} is said once`);
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
