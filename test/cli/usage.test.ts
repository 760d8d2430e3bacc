import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump, shell, terminal } from "./support/run.js";

const COMMANDS = ["export", "import", "inspect", "verify", "recover"] as const;

for (const [name, args, words] of [
  ["no command", [], /no command/],
  ["only options", ["-q"], /no command/],
  ["an unknown command", ["exprt"], /unknown command 'exprt'/],
  ["an unknown option", ["export", "s", "--codek", "lz4"], /unknown option '--codek'/],
  ["an option without its value", ["export", "s", "--codec"], /argument missing/],
  ["no store", ["export"], /store/],
  ["two stores", ["export", "a", "b"], /too many arguments/],
  ["an unknown codec", ["export", "s", "-o", "x", "--codec", "gzip"], /'gzip' is none of lz4, zstd, none/],
  ["a level without zstd", ["export", "s", "-o", "x", "--level", "3"], /--codec zstd/],
  ["a level out of range", ["export", "s", "-o", "x", "--codec", "zstd", "--level", "99"], /from 1 to 22/],
  ["a wrong size", ["export", "s", "-o", "x", "--block-size", "4QiB"], /not a size/],
  ["a wrong count", ["export", "s", "-o", "x", "--limit", "ten"], /not a whole number/],
  ["wrong hex", ["export", "s", "-o", "x", "--prefix", "hex:6"], /--prefix/],
  ["a wrong escape", ["inspect", "x", "--get", "a\\q"], /no such escape/],
  ["an empty output", ["export", "s", "-o", ""], /--output is empty/],
  ["both lists of keyspaces", ["export", "s", "-o", "x", "--keyspace", "a", "--exclude-column-family", "b"], /can't be given together/],
  ["a wrong choice", ["import", "t", "--if-exists", "maybe"], /fail, keep, overwrite/],
  ["a wrong mapping", ["import", "t", "--map", "nodes"], /FAMILY=TREE/],
  ["two lists", ["inspect", "x", "--keys", "--entries"], /--entries and --keys/],
  ["raw without a key", ["inspect", "x", "--raw"], /--get/],
  ["a prefix without a list", ["inspect", "x", "--prefix", "a"], /--prefix has no meaning/],
  ["a mapping without a store", ["verify", "x", "--map", "a=b"], /--against/],
  ["a wrong colour choice", ["inspect", "x", "--color", "green"], /--color/],
  ["a block size beyond the format", ["verify", "x", "--max-block-size", "5GiB"], /from 1 to 4294967296/],
] as const) {
  test(`${name} is a usage error with a hint`, async (t) => {
    const ended = await kgdump(args, { cwd: await temporaryDirectory(t) });
    assertOneError(t, ended, 2, "USAGE");
    t.regex(ended.stderr, words);
    t.regex(ended.stderr, /^ {2}hint: /m);
    t.is(ended.stdout.length, 0);
  });
}

test("a mistyped option or command is guessed", async (t) => {
  t.regex((await kgdump(["export", "s", "--codek", "lz4"])).stderr, /did you mean --codec\?/);
  t.regex((await kgdump(["inspct"])).stderr, /did you mean inspect\?/);
});

test("a usage error is JSON when asked for, before or after the command", async (t) => {
  for (const args of [["--json", "export", "s", "--nope"], ["export", "s", "--nope", "--json"]]) {
    const ended = await kgdump(args);
    t.is(ended.code, 2);
    const parsed = JSON.parse(ended.stderr) as { error: { code: string; exitCode: number } };
    t.is(parsed.error.code, "USAGE");
    t.is(parsed.error.exitCode, 2);
  }
});

test("help goes to stdout, with examples, the exit codes and every command", async (t) => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const ended = await kgdump(args);
    t.is(ended.code, 0);
    t.is(ended.stderr, "");
    const text = ended.stdout.toString();
    for (const command of COMMANDS) t.true(text.includes(`\n  ${command} `));
    t.regex(text, /Examples:\n {2}kgdump /);
    t.regex(text, /Exit status:/);
  }
});

for (const command of COMMANDS) {
  test(`help of ${command} has examples, the exit codes and no line beyond 120 columns`, async (t) => {
    for (const args of [[command, "--help"], ["help", command]]) {
      const ended = await kgdump(args);
      t.is(ended.code, 0);
      const text = ended.stdout.toString();
      t.regex(text, new RegExp(`Usage: kgdump ${command} `));
      t.regex(text, new RegExp(`Examples:\\n {2}kgdump ${command}`));
      for (const code of ["0", "1", "2", "3", "4", "5", "6", "7"]) t.regex(text, new RegExp(`^ +${code} {2}\\w`, "m"));
      t.regex(text, /129, 130, 143/);
      t.true(text.split("\n").every((line) => line.length <= 120));
    }
  });
}

test("the version is that of the package", async (t) => {
  const ended = await kgdump(["--version"]);
  t.regex(ended.stdout.toString(), /^kgdump \d+\.\d+\.\d+\n$/);
  t.is(ended.code, 0);
  t.regex((await kgdump(["-V", "-v"])).stdout.toString(), /\nNode \d+/);
});

test("options of every command are taken before and after the command", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const args of [["--no-input", "-q", "inspect", "nothing.kgd"], ["inspect", "nothing.kgd", "-q", "--no-input", "--color", "never"]]) {
    assertOneError(t, await kgdump(args, { cwd: directory }), 1, "NOT_FOUND");
  }
});

test("a dump is never written to a terminal", async (t) => {
  const ended = await terminal("kgdump export store; echo \"code $?\"; kgdump export store -o -; echo \"code $?\"");
  const text = ended.stdout.toString();
  t.is(text.match(/code 2/g)?.length, 2, text);
  t.regex(text, /a dump is binary, and standard output is a terminal/);
  t.regex(text, /hint.*kgdump export store -o graph\.kgd/);
});

test("a dump is never read from a terminal", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const command of ["import target", "inspect", "inspect -", "verify"]) {
    // `script` hands on its stdin, so that a terminal has to be asked for.
    const ended = await terminal(`kgdump ${command} < /dev/tty; echo "code $?"`, { cwd: directory });
    t.regex(ended.stdout.toString(), /standard input is a terminal/, command);
    t.regex(ended.stdout.toString(), /code 2/);
  }
  t.false(existsSync(join(directory, "target")));
});

test("help into a reader that takes one line ends quietly", async (t) => {
  const ended = await shell("kgdump export --help | head -1; echo \"${PIPESTATUS[0]}\"");
  t.regex(ended.stdout.toString(), /^Usage: .*\n0\n$/);
  t.is(ended.stderr, "");
});

test("stdout that is full is an error, not silence", async (t) => {
  if (!existsSync("/dev/full")) {
    t.log("skipped: there is no /dev/full here");
    t.pass();
    return;
  }
  assertOneError(t, await shell("kgdump --help > /dev/full"), 5, "NO_SPACE");
});
