import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { EXITS } from "#src/cli/help/exits.js";
import { TOPICS } from "#src/cli/help/topics.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump, shell, terminal } from "./support/run.js";

const COMMANDS = Object.keys(EXITS);

for (const [name, args, words] of [
  ["no command, only options", ["-q"], /no command/],
  ["an unknown command", ["exprt"], /unknown command 'exprt'/],
  ["an unknown option", ["export", "s", "--codek", "lz4"], /unknown option '--codek'/],
  ["an option without its value", ["export", "s", "--codec"], /argument missing/],
  ["no store", ["export"], /store/],
  ["two stores", ["export", "a", "b"], /is one argument too many/],
  ["an unknown codec", ["export", "s", "-o", "x", "--codec", "gzip"], /'gzip' is not one of lz4, zstd, none/],
  ["a level without zstd", ["export", "s", "-o", "x", "--level", "3"], /--codec zstd/],
  ["a level out of range", ["export", "s", "-o", "x", "--codec", "zstd", "--level", "99"], /from 1 to 22/],
  ["a wrong size", ["export", "s", "-o", "x", "--block-size", "4QiB"], /not a size/],
  ["a wrong count", ["export", "s", "-o", "x", "--limit", "ten"], /not a whole number/],
  ["wrong hex", ["export", "s", "-o", "x", "--prefix", "hex:6"], /--prefix/],
  ["a wrong escape", ["inspect", "x", "--get", "a\\q"], /no such escape/],
  ["an empty output", ["export", "s", "-o", ""], /--output is empty/],
  ["both lists of keyspaces", ["export", "s", "-o", "x", "--keyspace", "a", "--exclude-column-family", "b"], /can't be used together/],
  ["a wrong choice", ["import", "t", "--if-exists", "maybe"], /fail, keep, overwrite/],
  ["a wrong mapping", ["import", "t", "--map", "nodes"], /FAMILY=TREE/],
  ["two lists", ["inspect", "x", "--keys", "--entries"], /--entries and --keys/],
  ["raw without a key", ["inspect", "x", "--raw"], /--get/],
  ["a prefix without a list", ["inspect", "x", "--prefix", "a"], /--prefix can only be used with/],
  ["a mapping without a store", ["verify", "x", "--map", "a=b"], /--against/],
  ["a wrong colour choice", ["inspect", "x", "--color", "green"], /--color/],
  ...[["--no-compression"], ["--compression-level", "3"], ["--segment-size", "8MiB"], ["--remove-original"], ["--dry-run"]].map((making) => [`an undoing with ${making[0] ?? ""}`, ["compact", "t", "--undo", ...making], /--undo can only be combined with --discard-new/] as const),
  ["what is discarded without an undoing", ["compact", "t", "--discard-new"], /--discard-new can only be used with --undo/],
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

test("without arguments the short help comes, on stderr: it is nobody's dump", async (t) => {
  const ended = await kgdump([]);
  t.deepEqual([ended.code, ended.stdout.length], [2, 0]);
  t.is(ended.stderr, (await kgdump(["-h"])).stdout.toString());
});

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
  for (const args of [["--help"], ["help"]]) {
    const ended = await kgdump(args);
    t.is(ended.code, 0);
    t.is(ended.stderr, "");
    const text = ended.stdout.toString();
    for (const command of COMMANDS) t.true(text.includes(`\n  ${command} `));
    t.regex(text, /Examples:\n {2}kgdump /);
    t.regex(text, /Exit status:/);
  }
});

/** Lines that are torn: what the next one begins with would have had room, or a line is longer than there are columns. */
function torn(text: string, columns: number): string[] {
  const width = Math.min(columns, 100);
  const lines = text.split("\n");
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  return lines.filter((line, index) => {
    if (line.length > width) return line.trim().includes(" ");
    const next = lines[index + 1] ?? "";
    // Only what flows: the lines of a description or of a paragraph, which are set in alike.
    const flows = next.trim() !== "" && line.trim() !== "" && indentOf(next) >= 6 && indentOf(line) === indentOf(next);
    return flows && line.length + 1 + (next.trim().split(" ")[0] ?? "").length <= width;
  });
}

for (const command of COMMANDS) {
  test(`help of ${command} has examples and its exit codes, and fits terminals of every width`, async (t) => {
    for (const args of [[command, "--help"], ["help", command]]) {
      for (const columns of [60, 80, 140]) {
        const ended = await kgdump(args, { env: { COLUMNS: columns.toString() } });
        t.is(ended.code, 0);
        const text = ended.stdout.toString();
        t.regex(text, new RegExp(`Usage: kgdump ${command} `));
        t.regex(text, new RegExp(`Examples:\\n {2}kgdump ${command}`));
        const codes = [...(/^Exit status:\n((?: +\d+ {2}.*\n)+)/m.exec(text)?.[1] ?? "").matchAll(/^ +(\d+) {2}\w/gm)].map(([, code]) => Number(code));
        t.deepEqual(codes, [...(EXITS[command] ?? [])]);
        t.regex(text, /129, 130, 143/);
        t.deepEqual(torn(text, columns), []);
      }
    }
  });
}

test("-h is short, and says how to see all", async (t) => {
  for (const command of ["", ...COMMANDS]) {
    const words = command === "" ? [] : [command];
    const [short, whole] = [(await kgdump([...words, "-h"])).stdout.toString(), (await kgdump([...words, "--help"])).stdout.toString()];
    t.true(short.length < whole.length, command);
    t.notRegex(short, /Exit status:/);
    t.true(short.endsWith(`Everything: kgdump ${[...words, "--help"].join(" ")}\n`), short);
  }
});

test("every topic that help names is there", async (t) => {
  const named = new Set<string>();
  for (const command of ["", ...COMMANDS]) {
    const text = (await kgdump([...(command === "" ? [] : [command]), "--help"])).stdout.toString();
    for (const [, topic = ""] of text.matchAll(/kgdump help ([a-z-]+)/g)) if (!COMMANDS.includes(topic)) named.add(topic);
  }
  t.deepEqual([...named].filter((topic) => !Object.hasOwn(TOPICS, topic)), []);
  for (const topic of Object.keys(TOPICS)) {
    for (const columns of [60, 80, 140]) {
      const ended = await kgdump(["help", topic], { env: { COLUMNS: columns.toString() } });
      t.is(ended.code, 0);
      t.deepEqual(torn(ended.stdout.toString(), columns), []);
    }
  }
  t.notRegex((await kgdump(["help", "--color", "never"])).stderr, /topic/, "the value of an option is none");
  const unknown = await kgdump(["help", "exprt"]);
  assertOneError(t, unknown, 2, "USAGE");
  t.regex(unknown.stderr, /there is no command or topic 'exprt'[^]*did you mean kgdump help export\?/);
  t.is((await kgdump(["version"])).stdout.toString(), (await kgdump(["--version"])).stdout.toString());
});

test("the version is that of the package", async (t) => {
  const ended = await kgdump(["--version"]);
  t.regex(ended.stdout.toString(), /^kgdump \d+\.\d+\.\d+\nlz4, zstd, statistics, RocksDB \d+\.\d+\.\d+, sled 0\.34(?:\.\d+)?, Node \d+\.\d+\.\d+ on \w+ \w+\n$/);
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
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "store", { default: { a: "1" } });
  const ended = await terminal("kgdump export store; echo \"code $?\"; kgdump export store -o -; echo \"code $?\"", { cwd: directory });
  const text = ended.stdout.toString();
  t.is(text.match(/code 2/g)?.length, 2, text);
  t.regex(text, /a dump is binary, but standard output is a terminal/);
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
