/** Paths that are not UTF-8: stores and dumps are read by them, and what is said shows them as they were typed. */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { RawPaths } from "#src/cli/text/raw-paths.js";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertOneError, shell } from "../support/run.js";

const bytes = (directory: string, name: string): Buffer => Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, "latin1")]);

/** `d\xff/store`, `st\xe9re` (one store each) and `a\xe9.kgd` and `d\xff/b.kgd` (a dump of them). */
async function ground(t: ExecutionContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  const first = await makeStore(directory, "first", { default: numbered("k", 20) });
  const second = await makeStore(directory, "second", { default: numbered("k", 20) });
  for (const name of ["a.kgd", "b.kgd"]) await exportStore({ store: first, output: join(directory, name) });
  mkdirSync(bytes(directory, "d\xff"));
  renameSync(first, bytes(directory, "d\xff/store"));
  renameSync(second, bytes(directory, "st\xe9re"));
  renameSync(join(directory, "a.kgd"), bytes(directory, "a\xe9.kgd"));
  renameSync(join(directory, "b.kgd"), bytes(directory, "d\xff/b.kgd"));
  return directory;
}

test("reads stores and dumps", async (t) => {
  const cwd = await ground(t);
  for (const script of [
    "kgdump verify $'a\\xe9.kgd' --against $'st\\xe9re' --against $'d\\xff/store'",
    "kgdump verify $'d\\xff/b.kgd' --against=$'./st\\xe9re/'",
    "kgdump verify $'st\\xe9re' --against $'d\\xff/store'",
    "kgdump export $'st\\xe9re' -o x.kgd && kgdump verify x.kgd",
    "kgdump export $'d\\xff/store' -o$'d\\xff/new.kgd' && kgdump verify $'d\\xff/new.kgd'",
    "kgdump export $'d\\xff/store' | kgdump import $'d\\xff/sled'",
    "kgdump verify $'a\\xe9.kgd' --against $'d\\xff/sled'",
    "kgdump restore $'d\\xff/back' -i $'a\\xe9.kgd' --options-from $'st\\xe9re'",
    "kgdump import t1 --input=$'a\\xe9.kgd'",
    "kgdump inspect $'a\\xe9.kgd' --get k0000003",
    `kgdump export "$PWD"/$'st\\xe9re' -o y.kgd`,
  ]) {
    const ended = await shell(script, { cwd });
    t.is(ended.code, 0, `${script}\n${ended.stderr}`);
    t.notRegex(ended.stderr + ended.stdout.toString(), /proc\/self|\ufffd/, script);
  }
  t.deepEqual(readdirSync(bytes(cwd, "d\xff")).sort(), ["b.kgd", "back", "new.kgd", "sled", "store"]);
});

test("says the path as it was typed", async (t) => {
  const cwd = await ground(t);
  for (const [script, exit, code, says] of [
    ["kgdump export $'no\\xffne' -o x", 1, "NOT_FOUND", /there is nothing at no\\xffne/],
    ["kgdump export $'d\\xff/none' -o x", 1, "STORE_NOT_FOUND", /there is no store at d\\xff\/none/],
    ["kgdump export $'d\\xff' -o x", 7, "STORE_NOT_RECOGNIZED", /d\\xff is not a store itself[^]*name that: d\\xff\/store/],
    ["kgdump verify $'d\\xff/none.kgd'", 1, "NOT_FOUND", /d\\xff\/none\.kgd/],
    ["kgdump export $'st\\xe9re' -o $'n\\xff.kgd'", 1, "NOT_FOUND", /creates nothing whose name is not UTF-8/],
    ["kgdump migrate --from $'st\\xe9re'", 2, "USAGE", /st\\xe9re is not UTF-8, but a migration/],
    ["kgdump rollback $'st\\xe9re'", 2, "USAGE", /st\\xe9re is not UTF-8/],
    ["kgdump export $'st\\xe9re' --prefix $'\\xff' -o x", 2, "USAGE", /--prefix .*write each of them as \\xNN/],
  ] as const) {
    const ended = await shell(script, { cwd });
    assertOneError(t, ended, exit, code);
    t.regex(ended.stderr, says, script);
    t.notRegex(ended.stderr, /proc\/self/, script);
  }
  const json = await shell("kgdump export $'d\\xff/store' --json -o $'d\\xff/j.kgd'", { cwd });
  t.is(json.code, 0, json.stderr);
  t.like(JSON.parse(json.stdout.toString()), { exported: { path: "d\\xff/j.kgd", store: { path: "d\\xff/store" } } });
  const failed = await shell("kgdump export $'d\\xff/none' --json -o x", { cwd });
  t.is((JSON.parse(failed.stderr) as { error: { path: string } }).error.path, "d\\xff/none");
});

test("in a working directory whose name is not UTF-8, what is there is found, and what is made is made there", async (t) => {
  const cwd = await ground(t);
  const inside = (script: string): ReturnType<typeof shell> => shell(`cd $'d\\xff' && { ${script}; }`, { cwd });
  for (const script of [
    "kgdump export store -o new.kgd && kgdump verify new.kgd --against store",
    "kgdump verify b.kgd --against ./store/ --against ../d*/store",
    "kgdump export store | kgdump import sled && kgdump verify --against sled b.kgd",
    "kgdump restore back -i b.kgd && kgdump inspect back && kgdump stats sled",
    "kgdump recover b.kgd -o saved.kgd",
    "kgdump report store -o report.html",
    "kgdump verify ../$'a\\xe9.kgd' --against back",
  ]) {
    const ended = await inside(script);
    t.is(ended.code, 0, `${script}\n${ended.stderr}`);
    t.notRegex(ended.stderr + ended.stdout.toString(), /proc\/self|\ufffd|\\u\{fffd\}/, script);
  }
  t.deepEqual(readdirSync(bytes(cwd, "d\xff")).sort(), ["b.kgd", "back", "new.kgd", "report.html", "saved.kgd", "sled", "store"]);
  const none = await inside("kgdump verify none.kgd");
  assertOneError(t, none, 1, "NOT_FOUND");
  t.regex(none.stderr, /there is no file .*\/d\\xff\/none\.kgd/);
  const moved = await inside("kgdump migrate store");
  assertOneError(t, moved, 2, "USAGE");
  t.regex(moved.stderr, /d\\xff is not UTF-8, but a migration/);
  t.is((await inside("kgdump migrate --help")).code, 2);
});

test("4GiB is taken for the largest block, and no more", async (t) => {
  const cwd = await ground(t);
  t.is((await shell("kgdump verify -q $'a\\xe9.kgd' --max-block-size 4GiB", { cwd })).code, 0);
  t.is((await shell("kgdump verify -q $'a\\xe9.kgd' --max-block-size 5GiB", { cwd })).code, 2);
});

test("arguments that are text are left alone, also with U+FFFD in them", async (t) => {
  const paths = new RawPaths();
  const args = ["export", "s\ufffd", "--prefix", "x"];
  t.deepEqual(paths.replace(args, args.map((arg) => Buffer.from(arg))), args);
  t.deepEqual(paths.replace(args, null), args);
  const directory = await temporaryDirectory(t);
  await promisify(execFile)("mkdir", [join(directory, "s\ufffd")]);
  const ended = await shell("kgdump export $'s\\xef\\xbf\\xbd' -o x", { cwd: directory });
  assertOneError(t, ended, 7, "STORE_NOT_RECOGNIZED");
  t.regex(ended.stderr, /s\\u\{fffd\} is an empty directory/);
});
