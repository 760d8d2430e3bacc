/** The scripts of `kgdump completion` in the shells themselves: keys are pressed, and the line that comes of it is run. */
import { spawn } from "node:child_process";
import { access, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { SCRIPTS, SHELLS, type Shell } from "#src/cli/completion/scripts.js";
import { exportStore } from "#src/index.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { gather, KGDUMP, kgdump, shell } from "../support/run.js";

/** How each shell starts, so that it reads nothing of its user's, and what it needs before the script. */
const START: Partial<Record<Shell, { readonly command: string; readonly prelude: string }>> = {
  bash: { command: "bash --norc --noprofile -i", prelude: "bind 'set bell-style none'" },
  zsh: { command: "zsh -f -i", prelude: "autoload -U compinit; compinit -u -d dump-of-zsh; setopt no_beep" },
};

async function isThere(t: ExecutionContext, name: string): Promise<boolean> {
  if ((await shell(`command -v ${name}`)).code === 0) return true;
  t.log(`SKIPPED: there is no ${name} here`);
  t.pass();
  return false;
}

/** A directory with a dump, an empty store, and `kgdump` in a directory of programs. */
async function ground(t: ExecutionContext): Promise<{ directory: string; PATH: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "the store", { default: { "edge:7": "1", "node:1": "1" }, nodes: { a: "1" }, "my nodes": {} });
  await exportStore(store, { output: join(directory, "graph.kgd") });
  const bin = join(directory, "bin");
  await mkdir(bin);
  // Each question of a script leaves a line.
  await writeFile(join(bin, "kgdump"), `#!/bin/sh\n"${process.execPath}" "${KGDUMP}" "$@"\n[ "$2" = words ] && echo asked >> "${directory}/asked.txt"\n`);
  await chmod(join(bin, "kgdump"), 0o755);
  // What a line came to: its words, one a line.
  await writeFile(join(bin, "told"), '#!/bin/sh\nfor word; do printf "<%s>\\n" "$word"; done > told.part; mv told.part told.txt\n');
  await chmod(join(bin, "told"), 0o755);
  return { directory, PATH: `${bin}:${process.env.PATH ?? ""}` };
}

/** What is typed, with \t for TAB, and the words that the shell then runs. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ["kgdump insp\tgra\t--keysp\tno\t", ["inspect", "graph.kgd", "--keyspace", "nodes"]],
  ["kgdump inspect graph.kgd --keyspace my\t", ["inspect", "graph.kgd", "--keyspace", "my nodes"]],
  ["kgdump inspect graph.kgd --keys --prefix no\t", ["inspect", "graph.kgd", "--keys", "--prefix", "node:"]],
  ["kgdump import new -i gr\t--map nod\tx", ["import", "new", "-i", "graph.kgd", "--map", "nodes=x"]],
  ["kgdump exp\tth\t --cod\tzs\t", ["export", "the store", "--codec", "zstd"]],
  ["kgdump export 'the store' --codec=zs\t", ["export", "the store", "--codec=zstd"]],
  ["kgdump export 'the store' --output=gra\t", ["export", "the store", "--output=graph.kgd"]],
  ["kgdump help exit\t", ["help", "exit-codes"]],
];

for (const name of ["bash", "zsh"] as const) {
  test(`${name} completes what is typed`, async (t) => {
    t.timeout(5 * 60_000);
    const start = START[name];
    if (start === undefined || !(await isThere(t, name))) return;
    for (const [typed, wanted] of LINES) {
      const told = await typeInto(start.command, `${start.prelude}\neval "$(kgdump completion ${name})"`, typed, await ground(t));
      // zsh takes the slash behind a directory away when a space follows.
      t.is(told.replaceAll("/>", ">"), wanted.map((word) => `<${word}>\n`).join(""), typed);
    }
  });
}

/** Waits until something holds, but not for ever: what is wrong then is seen in what came of it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 600 && !(await holds()); turn += 1) await new Promise((done) => setTimeout(done, 50));
}

const exists = async (path: string): Promise<boolean> => access(path).then(() => true, () => false);
const asked = async (directory: string): Promise<number> => readFile(join(directory, "asked.txt"), "utf8").then((text) => text.length, () => 0);

/** Types a line into a shell on a terminal. @returns the words of the command that was run, or what the terminal shows when none was */
async function typeInto(command: string, prelude: string, typed: string, { directory, PATH }: { readonly directory: string; readonly PATH: string }): Promise<string> {
  // `told` stands in for kgdump when the line is run, and not when the script asks at a TAB.
  await writeFile(join(directory, "start"), `${prelude}\nkgdump() { if [ "$1" = completion ]; then command kgdump "$@"; else told "$@"; fi; }\n: > ready\n`);
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: directory, env: { ...process.env, PATH, TERM: "xterm", HOME: directory, HISTFILE: "" }, stdio: ["pipe", "pipe", "pipe"] });
  let seen = "";
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const ended = gather(child);
  await until(() => Promise.resolve(seen !== ""));
  child.stdin.write("source ./start\n");
  await until(() => exists(join(directory, "ready")));
  for (const part of typed.split(/(?<=\t)/)) {
    const before = await asked(directory);
    child.stdin.write(part);
    if (part.endsWith("\t")) await until(async () => (await asked(directory)) > before);
    // What was found has to reach the line.
    await new Promise((done) => setTimeout(done, 300));
  }
  child.stdin.write("\n");
  await until(() => exists(join(directory, "told.txt")));
  child.stdin.end("exit\n");
  await ended;
  return readFile(join(directory, "told.txt"), "utf8").catch(() => seen);
}

test("fish completes what is typed", async (t) => {
  if (!(await isThere(t, "fish"))) return;
  const { directory, PATH } = await ground(t);
  const proposed = async (line: string): Promise<string[]> => {
    const ended = await shell(`fish --no-config -c 'kgdump completion fish | source; complete -C "$LINE"'`, { cwd: directory, env: { PATH, LINE: line, HOME: directory } });
    t.is(ended.stderr, "", line);
    return ended.stdout.toString().trim().split("\n").map((one) => one.split("\t")[0] ?? "");
  };
  t.deepEqual(await proposed("kgdump insp"), ["inspect"]);
  t.deepEqual(await proposed("kgdump inspect gra"), ["graph.kgd"]);
  t.deepEqual(await proposed("kgdump inspect graph.kgd --keyspace "), ["default", "my nodes", "nodes"]);
  t.deepEqual(await proposed("kgdump inspect graph.kgd --keys --prefix no"), ["node:"]);
  t.deepEqual(await proposed("kgdump export the"), ["the store/"]);
  t.deepEqual(await proposed("kgdump export store --codec=zs"), ["--codec=zstd"]);
  t.deepEqual(await proposed("kgdump export store --output=gra"), ["--output=graph.kgd"]);
});

test("PowerShell completes what is typed", async (t) => {
  if (!(await isThere(t, "pwsh"))) return;
  const { directory, PATH } = await ground(t);
  const line = "kgdump inspect graph.kgd --keyspace ";
  const script = `kgdump completion powershell | Out-String | Invoke-Expression; (TabExpansion2 '${line}' ${String(line.length)}).CompletionMatches.CompletionText`;
  const ended = await shell(`pwsh -NoProfile -Command "${script}"`, { cwd: directory, env: { PATH } });
  t.deepEqual(ended.stdout.toString().trim().split(/\r?\n/).sort(), ["'my nodes'", "default", "nodes"]);
});

test("a script for each shell is printed, and another shell is none", async (t) => {
  for (const name of SHELLS) t.is((await kgdump(["completion", name])).stdout.toString(), SCRIPTS[name]);
  const ended = await kgdump(["completion", "bsh"]);
  t.is(ended.code, 2);
  t.regex(ended.stderr, /did you mean bash\?/);
});
