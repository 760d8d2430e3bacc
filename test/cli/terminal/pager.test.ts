/** A pager shows what a terminal may be too small for: the user's own, only on a terminal, and its end is the end. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pagerOf, startPager } from "#src/cli/terminal/pager.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { kgdump, terminal } from "../support/run.js";

async function placeOf(t: ExecutionContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "graph", { default: { ...numbered("k", 3000), doc: JSON.stringify({ list: Array.from({ length: 300 }, (_, index) => ({ index, name: `name ${String(index)} that is long enough` })) }) } });
  return directory;
}

test("it is that of KGDUMP_PAGER, else of PAGER, else less where there is one; an empty one and cat are none", async (t) => {
  const directory = await temporaryDirectory(t);
  const there = join(directory, "bin");
  await mkdir(there);
  await writeFile(join(there, "less"), "#!/bin/sh\n");
  const PATH = `/nowhere:${there}`;
  t.is(pagerOf({ PATH, KGDUMP_PAGER: "more", PAGER: "most" }), "more");
  t.is(pagerOf({ PATH, PAGER: "most -s" }), "most -s");
  t.is(pagerOf({ PATH }), null, "it may not be run");
  await chmod(join(there, "less"), 0o755);
  t.is(pagerOf({ PATH }), "less");
  t.is(pagerOf({ PATH: "/nowhere" }), null);
  for (const none of [{ KGDUMP_PAGER: "" }, ...["", " ", "cat", " cat "].flatMap((word) => [{ KGDUMP_PAGER: word, PAGER: "most" }, { PAGER: word }]), { TERM: "dumb" }]) t.is(pagerOf({ PATH, ...none }), null, JSON.stringify(none));
});

test("lists and values go through it on a terminal, and nowhere else", async (t) => {
  const cwd = await placeOf(t);
  const env = { KGDUMP_PAGER: "sed s/^/P:/" };
  for (const words of ["--keys", "--entries --limit 5", "--get doc", "--get k0000007"]) {
    const { code, stdout } = await terminal(`kgdump inspect graph ${words} --color never`, { cwd, env });
    t.is(code, 0);
    const shown = stdout.toString().trimEnd().split("\r\n");
    t.true(shown.every((line) => line.startsWith("P:")), words);
    const { stdout: piped } = await kgdump(["inspect", "graph", ...words.split(" ")], { cwd, env });
    t.false(piped.includes("P:"), words);
    t.notRegex((await terminal(`kgdump inspect graph ${words} --color never`, { cwd, env: { KGDUMP_PAGER: "cat" } })).stdout.toString(), /P:/);
  }
  t.is((await terminal("kgdump inspect graph --keys", { cwd, env })).stdout.toString().match(/P:/g)?.length, 3001);
});

test("so do figures, neighbours and versions of a key, as there may be many", async (t) => {
  const cwd = await placeOf(t);
  const env = { KGDUMP_PAGER: "sed s/^/P:/" };
  await writeFile(join(cwd, "edges.toml"), '[[edges]]\nkey = "{from}000{to}"\n');
  for (const words of ["stats graph", "stats graph --csv", "graph graph --layout edges.toml", "graph graph --layout edges.toml --node k", "find graph k0000007"]) {
    const { code, stdout } = await terminal(`kgdump ${words} --color never 2>/dev/null`, { cwd, env });
    t.is(code, 0, words);
    const shown = stdout.toString().trimEnd().split("\r\n");
    t.true(shown.length > 1 && shown.every((line) => line.startsWith("P:")), `${words}: ${shown[0] ?? ""}`);
    t.false((await kgdump(words.split(" "), { cwd, env })).stdout.includes("P:"), words);
  }
});

test("who leaves it early has seen enough; one that can't be run is an error", async (t) => {
  const cwd = await placeOf(t);
  const { code, stdout } = await terminal("kgdump inspect graph --keys", { cwd, env: { KGDUMP_PAGER: "head -n 2" } });
  t.is(code, 0, stdout.toString());
  t.is(stdout.toString().trim().split("\n").length, 2);
  const missing = await terminal("kgdump inspect graph --keys", { cwd, env: { KGDUMP_PAGER: "/nowhere/pager" } });
  t.is(missing.code, 1);
  t.regex(missing.stdout.toString().replaceAll(/\s+/g, " "), /the pager '\/nowhere\/pager' can't be run.*IO_FAILED.*KGDUMP_PAGER/);
  const failed = await terminal("kgdump inspect graph --get none", { cwd, env: { KGDUMP_PAGER: "sed s/^/P:/" } });
  t.is(failed.code, 1);
  t.regex(failed.stdout.toString(), /kgdump:.*no key none/s);
});

test("Ctrl-C is the pager's: it ends what shows, and not the command behind it", async (t) => {
  const cwd = await placeOf(t);
  // The pager takes all, is interrupted as kgdump is, and goes on for longer than an interrupted command may take.
  const pager = "trap : INT; n=$(wc -l); kill -INT $(cat /proc/$$/stat | cut -d\" \" -f4); sleep 2; echo seen $n";
  const { code, stdout } = await terminal("kgdump inspect graph --keys", { cwd, env: { KGDUMP_PAGER: pager } });
  t.is(code, 0, stdout.toString());
  t.regex(stdout.toString(), /seen 3001/);
});

test("without one a long value is cut to the screen, with what shows the rest", async (t) => {
  const cwd = await placeOf(t);
  const { stdout } = await terminal("kgdump inspect graph --get doc --color never", { cwd, columns: 60 });
  const shown = stdout.toString().trimEnd().split("\r\n");
  t.true(shown.length <= 30, String(shown.length));
  t.regex(shown.slice(-2).join(" "), /… \d[\d,]* more lines: --width 0 shows all in one, --raw > FILE\s+takes its bytes/);
  t.regex(shown[0] ?? "", /^default {2}doc {2}JSON object, [\d,]+ bytes$/);
});

test("LESS is the user's where it is set; a pager that may not be run is an error as one that is missing", async (t) => {
  const directory = await temporaryDirectory(t);
  const shown = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const pager = startPager(`printf %s "$LESS" > "${directory}/less"`, { PATH: process.env.PATH, ...env });
    await pager.leave();
    return readFile(join(directory, "less"), "utf8");
  };
  t.is(await shown({}), "FRX");
  t.is(await shown({ LESS: "-S" }), "-S");
  await writeFile(join(directory, "no"), "#!/bin/sh\n", { mode: 0o644 });
  for (const name of ["no", "missing"]) await t.throwsAsync(startPager(join(directory, name), { PATH: "/bin" }).leave(), { code: "IO_FAILED", message: /can't be run/ }, name);
});

test("without one as many lines as the screen has room for are shown, and all more are counted", async (t) => {
  const cwd = await temporaryDirectory(t);
  const counts = [25, 26, 27, 28, 300];
  // A line of hex has 16 bytes.
  await makeStore(cwd, "graph", { default: Object.fromEntries(counts.map((count) => [`k${String(count)}`, "a".repeat(16 * count)])) });
  for (const count of counts) {
    const { stdout } = await terminal(`kgdump inspect graph --get k${String(count)} --hex --color never`, { cwd });
    const shown = stdout.toString().trimEnd().split("\r\n");
    const notes = count <= 26 ? [] : [`… ${count === 27 ? "1 more line" : `${String(count - 26)} more lines`}: --width 0 shows all in one, --raw > FILE takes its bytes`];
    t.deepEqual(shown.slice(26), notes, String(count));
    t.is(shown.filter((line) => line.includes("61 61 61")).length, Math.min(count, 26));
  }
});
