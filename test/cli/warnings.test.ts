/** What an operation warns of is printed by its command, also with -q. */
import { appendFile, cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { sledWrite } from "../checker/run.js";
import { unpackStore } from "../fixtures/unpack.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

const WARNING = /reverse key order/;

test("import and migrate print the warnings of what they make, and of the settings file", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: { a: "1" }, back: { b: "2", c: "3" } }, [{ name: Buffer.from("back"), comparator: "reverse-bytewise" }]);
  const dump = join(directory, "graph.kgd");
  await exportStore({ store, output: dump });
  const config = join(directory, "storage.toml");
  await writeFile(config, `[storage]\npath = "${join(directory, "by-config")}"\nmax_open_files = 100\n`);
  const ways = { import: ["import", join(directory, "sled"), "-i", dump], "import --config": ["import", "--config", config, "-i", dump], "migrate --config": ["migrate", "--from", store, "--to", join(directory, "migrated"), "--config", config, "--stream"], migrate: ["migrate", "--from", store] };
  for (const [what, words] of Object.entries(ways)) {
    const { code, stderr } = await kgdump([...words, "-q"]);
    t.is(code, 0, stderr);
    t.regex(stderr, /^warning: /m, what);
    t.regex(stderr, WARNING, what);
    if (what.endsWith("--config")) t.regex(stderr, /max_open_files/);
  }
});

test("verify, import and restore print what is said of a salvaged dump", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, saved] = [join(directory, "dump.kgd"), join(directory, "saved.kgd")];
  await exportStore({ store: await makeStore(directory, "graph", { default: numbered("k", 500) }), output: dump, codec: "none", blockSize: 4096 });
  const bytes = await readFile(dump);
  bytes.write("K", bytes.indexOf("k0000250"));
  await writeFile(dump, bytes);
  await recoverDump({ input: dump, output: saved });
  for (const words of [["verify", saved], ["import", join(directory, "sled"), "-i", saved, "--allow-gaps"], ["restore", join(directory, "rocksdb"), "-i", saved, "--allow-gaps"]]) {
    const { code, stderr } = await kgdump([...words, "-q"]);
    t.is(code, 0, stderr);
    t.regex(stderr, /^warning: the dump was salvaged/m, words[0]);
  }
});

const CUT_OFF = /^warning: (?:\S+: )?the log \S+ ends with/gm;

/** Every command that reads a RocksDB store: how often it says that the log of "torn" was cut off, and what it says instead. The last ones change it. */
const READERS: readonly (readonly [words: string, times: number, instead?: RegExp])[] = [
  ["export torn -o torn.kgd", 1],
  ["export torn --dry-run", 1],
  ["export torn --base torn.kgd -o delta.kgd", 1],
  ["verify torn", 1],
  ["verify torn.kgd --against torn", 1],
  ["verify torn --against other", 2],
  ["verify torn --against torn", 1],
  ["recover torn -o saved.kgd", 0, /never completed, or was cut off/],
  ["find torn node:1", 0, /never completed, or was cut off/],
  ["migrate --from torn --to sled --dry-run", 1],
  ["migrate --from torn --to sled", 1],
  ["compact torn --dry-run", 1],
  ["compact torn", 1],
];

test("every command that reads a store says what export says of it", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const name of ["torn", "other"]) {
    const store = join(directory, name);
    await cp(await unpackStore(t, "maya-unflushed"), store, { recursive: true });
    for (const file of await readdir(store)) if (file.endsWith(".log")) await appendFile(join(store, file), "torn");
  }
  for (const [words, times, instead] of READERS) {
    const { code, stdout, stderr } = await kgdump([...words.split(" "), ...(instead === undefined ? ["-q"] : [])], { cwd: directory });
    t.true(code === 0 || (code === 3 && words.startsWith("recover")), `${words}: ${stderr}`);
    t.is((stderr.match(CUT_OFF) ?? []).length, times, `${words}: ${stderr}`);
    if (instead !== undefined) t.regex(`${stdout.toString()}${stderr}`.replaceAll(/\s+/g, " "), instead, words);
  }
});

test("a rollback says of the store whose entries it carries back what export says of it", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: { a: "1" } });
  t.is((await kgdump(["migrate", "--from", store, "-q"])).code, 0);
  await sledWrite(store, ["tree 64656661756c74", "put 62 32"]);
  const { stderr: said } = await kgdump(["export", store, "--dry-run"]);
  const [warning = "none"] = /^warning: its tree "default" is the keyspace .*$/m.exec(said) ?? [];
  const { code, stderr } = await kgdump(["rollback", store, "--carry-back", "-q"]);
  t.is(code, 0, stderr);
  t.is(stderr, `${warning}\n`);
});

test("that nothing fits what was asked for is said, and nothing is said of an empty dump", async (t) => {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "graph", { default: { a: "1" }, empty: {} });
  await makeStore(directory, "none", { default: {} });
  for (const name of ["graph", "none"]) t.is((await kgdump(["export", name, "-o", `${name}.kgd`, "-q"], { cwd: directory })).code, 0);
  const warned = async (words: string): Promise<string> => {
    const { code, stderr } = await kgdump([...words.split(" "), "-q"], { cwd: directory });
    t.is(code, 0, stderr);
    return stderr;
  };
  t.is(await warned("import sled -i graph.kgd --prefix nothing:"), "warning: nothing in the dump fits what was asked for (prefix nothing:): no entry was written\n");
  t.is(await warned("restore rocksdb -i graph.kgd --keyspace empty"), "warning: nothing in the dump fits what was asked for (some keyspaces): no entry was written\n");
  for (const list of ["--keys", "--entries", "--blocks"]) t.is(await warned(`inspect graph.kgd ${list} --prefix nothing:`), "warning: nothing in the dump fits what was asked for (prefix nothing:)\n", list);
  for (const words of ["import whole -i graph.kgd", "import sledless -i none.kgd", "inspect none.kgd --entries", "inspect graph.kgd --keys --prefix a"]) t.is(await warned(words), "", words);
});

test("with --progress json all on stderr is JSON, and the result is its last line", async (t) => {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "graph", { default: { a: "1" } });
  const told = async (words: string, wanted = 0): Promise<Record<string, Record<string, unknown>>[]> => {
    const { code, stderr } = await kgdump([...words.split(" "), "--progress", "json"], { cwd: directory });
    t.is(code, wanted, stderr);
    return stderr.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  };
  const kinds = (lines: readonly object[]): string => [...new Set(lines.flatMap((line) => Object.keys(line)))].join(" ");
  t.is(kinds(await told("export graph -o a.kgd")), "progress result");
  const empty = await told("export graph -o b.kgd --prefix x");
  t.is(kinds(empty), "progress warning result");
  t.like(empty.at(-1)?.result?.exported, { entries: 0 });
  t.is(kinds(await told("import sled -i a.kgd")), "progress result");
  t.is(kinds(await told("export graph -o a.kgd", 1)), "error");
  t.is(kinds(await told("restore rocksdb -i a.kgd")), "progress result");
  t.is(kinds(await told("compact sled")), "progress result");
  const migrated = await told("migrate --from graph");
  t.is(kinds(migrated), "event progress result");
  t.like(migrated.at(-1)?.result?.migration, { status: "migrated" });
});
