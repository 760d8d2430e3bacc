/** `kgdump recover` of stores, and `kgdump find`, in processes of their own: what they say, and their exit codes. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { isPrintable } from "#src/cli/text/characters.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { hex, makeStore } from "../maker/run.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump, terminal } from "./support/run.js";

const D = hex("default");

/** A store of 60 entries whose second table, with 20 of them, is lost. */
async function damagedStore(t: ExecutionContext): Promise<{ directory: string; store: string }> {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const puts = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `put ${D} ${hex(`k\u001b${String(from + index + 100)}`)} ${hex("value")}`);
  await makeStore(store, ["options disable_auto_compactions=true", "open", ...puts(0, 40), `flush ${D}`, ...puts(40, 60), `flush ${D}`, "close"]);
  const tables = (await readdir(store)).filter((name) => name.endsWith(".sst")).sort();
  await rm(join(store, tables[1] ?? ""));
  return { directory, store };
}

test("what is lost of a store is told, the new dump is there, and the exit code is 3", async (t) => {
  const { directory, store } = await damagedStore(t);
  const output = join(directory, "new.kgd");
  const ended = await kgdump(["recover", store, "-o", output]);
  assertOneError(t, ended, 3, "RECOVERY_INCOMPLETE");
  const text = ended.stdout.toString();
  t.true(text.split(/[\n\t]/).every(isPrintable), text);
  t.regex(text, /not whole: [^]*40 entries .* were kept[^]*default +40 +0 +1[^]*lost in[^]*k\\x1b140 +k\\x1b159[^]*the file is missing/);
  const verified = await kgdump(["verify", output]);
  t.is(verified.code, 0, verified.stderr);
  t.regex(verified.stderr, /salvaged from a damaged dump or store; entries are missing in one place/);
});

test("the new store has the mode, and the owner, that are asked for", async (t) => {
  const { directory, store } = await damagedStore(t);
  const made = join(directory, "made");
  const owner = process.geteuid?.() === 0 ? ["--owner", "1234:4321"] : [];
  const { code, stderr } = await kgdump(["recover", store, "-o", join(directory, "new.kgd"), "--to", made, "--mode", "750", ...owner]);
  t.is(code, 3, stderr);
  for (const path of [made, join(made, "CURRENT")]) {
    const { mode, uid, gid } = await stat(path);
    t.is(mode & 0o777, path === made ? 0o750 : 0o640, path);
    if (owner.length > 0) t.deepEqual([uid, gid], [1234, 4321], path);
  }
});

test("a dry run writes nothing and says the same, also as JSON", async (t) => {
  const { directory, store } = await damagedStore(t);
  const ended = await kgdump(["recover", store, "-n", "--json"]);
  t.is(ended.code, 3, ended.stderr);
  const { recovered } = JSON.parse(ended.stdout.toString()) as { recovered: { entries: number; lost: boolean; output: null; losses: { what: string; file: string }[] } };
  t.like(recovered, { entries: 40, lost: true, output: null });
  t.is(recovered.losses.length, 1);
  t.deepEqual(await readdir(directory), ["store"]);
});

test("a new store in one go, and usage", async (t) => {
  const { directory, store } = await damagedStore(t);
  const target = join(directory, "new");
  assertOneError(t, await kgdump(["recover", store, "--to", target]), 3, "RECOVERY_INCOMPLETE");
  const exported = await kgdump(["export", target, "--dry-run"]);
  t.is(exported.code, 0, exported.stderr);
  assertOneError(t, await kgdump(["recover", store]), 2, "USAGE");
  assertOneError(t, await kgdump(["recover", store, "-o", join(store, "new.kgd")]), 2, "USAGE");
  assertOneError(t, await kgdump(["recover", join(directory, "nothing"), "--to", target]), 2, "USAGE");
});

test("a sled store is recovered, too", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, target] = [join(directory, "store"), join(directory, "new")];
  await sledWrite(store, [`tree ${hex("big")}`, `fill ${hex("lost")} 900000 7`, "tree", `put ${hex("kept")} ${hex("value")}`, "flush"]);
  await sledCheck(store);
  await rm(join(store, "blobs"), { recursive: true });
  const dry = await kgdump(["recover", store, "--dry-run"]);
  assertOneError(t, dry, 3, "RECOVERY_INCOMPLETE");
  t.regex(dry.stdout.toString(), /\(sled\)[^]*1 entry .* can be kept[^]*\(any\)[^]*blobs\/\d+ +a value's file is missing[^]*big +entries +\(any\) +\(any\)/);
  assertOneError(t, await kgdump(["recover", store, "--to", target]), 3, "RECOVERY_INCOMPLETE");
  t.deepEqual((await sledCheck(target)).map(({ name, records }) => [name.toString(), records]), [["__sled__default", 1], ["big", 0]]);
});

test("find shows all versions of a key", async (t) => {
  const { store } = await damagedStore(t);
  const found = await kgdump(["find", store, "k\\x1b105"]);
  t.is(found.code, 0, found.stderr);
  t.regex(found.stdout.toString(), /1 version of k\\x1b105 [^]*default +6 +value +\d+\.sst +0 +5 +counts/);
  const lost = await kgdump(["find", store, "hex:6b1b313435", "--json"]);
  t.is(lost.code, 0, lost.stderr);
  t.regex(lost.stdout.toString(), /"versions": \[\][^]*the file is missing/);
  assertOneError(t, await kgdump(["find", store, "hex:6"]), 2, "USAGE");
});

test("a terminal is told which step of how many it is", async (t) => {
  const { directory } = await damagedStore(t);
  for (const [args, steps] of [["-o new.kgd", 2], ["--to new", 4]] as const) {
    const { stdout } = await terminal(`kgdump recover store ${args}`, { cwd: directory });
    t.true(stdout.toString().includes(`1/${String(steps)} `), stdout.toString());
  }
});
