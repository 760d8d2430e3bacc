import test from "ava";
import { CURES } from "#src/cli/help/cures.js";
import { describeError, renderError, renderErrorJson } from "#src/cli/error-report.js";
import { Interrupted } from "#src/cli/terminal/signals.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { isPrintable } from "#src/cli/text/characters.js";
import { KgdumpError } from "#src/errors.js";

const plain = { paint: makePaint(false), verbose: false };

const damaged = new KgdumpError("DUMP_BLOCK_DAMAGED", "block 7 does not decode", {
  path: "/tmp/a.kgd",
  offset: 4711,
  block: 7,
  keyspace: Buffer.from("nodes"),
  hint: "make the dump again",
  cause: new Error("lz4: bad\x1b[31m input"),
});

test("an error is its message and code, its place, and what to do", (t) => {
  t.is(
    renderError(damaged, plain),
    "kgdump: block 7 does not decode [DUMP_BLOCK_DAMAGED]\n" +
      "  where: /tmp/a.kgd, keyspace nodes, block 7, byte 4711 of the dump\n" +
      "  hint: make the dump again\n",
  );
});

test("what the message says already is not said again", (t) => {
  const error = new KgdumpError("OUTPUT_EXISTS", "/tmp/a exists already", { path: "/tmp/a" });
  t.is(renderError(error, plain), `kgdump: /tmp/a exists already [OUTPUT_EXISTS]\n  hint: ${CURES.OUTPUT_EXISTS}\n`);
  const path = "/tmp/a\nb\u202e";
  t.is(renderError(new KgdumpError("OUTPUT_EXISTS", `${path} exists already`, { path }), plain), `kgdump: /tmp/a\\x0ab\\u{202e} exists already [OUTPUT_EXISTS]\n  hint: ${CURES.OUTPUT_EXISTS}\n`);
});

test("verbose tells the causes, safely", (t) => {
  const text = renderError(damaged, { ...plain, verbose: true });
  t.regex(text, /caused by: lz4: bad\\x1b\[31m input/);
  t.true(text.split("\n").every(isPrintable));
});

test("whatever part of an error has a name in it, a terminal shows it and does not obey it", (t) => {
  const name = "/tmp/a\u001b]0;b\u0007\n\u202e";
  const problem = { line: 1, column: 1, message: name };
  const parts = { message: [name, {}], path: ["no", { path: name }], keyspace: ["no", { keyspace: Buffer.from(name) }], hint: ["no", { hint: name }], cause: ["no", { cause: new Error(name) }], problems: ["no", { problems: [problem, problem] }] } as const;
  const texts = Object.entries(parts).map(([part, [message, about]]) => [part, renderError(new KgdumpError("CONFIG_INVALID", message, about), { ...plain, verbose: true })] as const);
  const published = renderError(damaged, { ...plain, published: [name], holds: name });
  const held = renderError(new Interrupted("SIGINT", "export"), { ...plain, holds: name });
  for (const [part, text] of [...texts, ["published", published], ["holds", held]] as const) {
    t.true(text.split("\n").every(isPrintable), `${part}: ${JSON.stringify(text)}`);
    t.true(text.includes("\\x1b]0;b\\x07"), `${part}: ${text}`);
  }
});

test("causes that go in a circle are told once", (t) => {
  const a = new Error("a");
  a.cause = new Error("b", { cause: a });
  t.is(renderError(a, { ...plain, verbose: true }).match(/caused by/g)?.length, 1);
});

test("of an error and one that closing added, the first is told; verbose tells both", (t) => {
  const closing = Object.assign(new Error("both"), { name: "SuppressedError", error: new Error("close failed"), suppressed: damaged });
  const twice = Object.assign(new Error("both"), { name: "SuppressedError", error: new Error("close failed"), suppressed: closing });
  t.is(renderError(twice, plain), renderError(damaged, plain));
  t.is(describeError(twice).exitCode, 3);
  t.regex(renderError(twice, { ...plain, verbose: true }), /caused by: lz4: .*\n {2}then: close failed\n$/);
});

test("an unknown error is internal, one message without a stack, and asks for -v", (t) => {
  for (const thrown of [new TypeError("x is undefined"), "x is undefined", { odd: true }, null]) {
    const text = renderError(thrown, plain);
    t.regex(text, /^kgdump: something went wrong inside kgdump: .*\[INTERNAL\]\n {2}hint: .*-v/);
    t.notRegex(text, /\n\s+at /);
    t.is(describeError(thrown).exitCode, 1);
  }
});

test("JSON has every field, null where there is nothing", (t) => {
  t.deepEqual(JSON.parse(renderErrorJson(damaged)), {
    error: {
      code: "DUMP_BLOCK_DAMAGED",
      message: "block 7 does not decode",
      hint: "make the dump again",
      path: "/tmp/a.kgd",
      offset: 4711,
      block: 7,
      keyspace: "nodes",
      exitCode: 3,
    },
  });
  t.deepEqual(JSON.parse(renderErrorJson(new KgdumpError("USAGE", "no"))), {
    error: { code: "USAGE", message: "no", hint: CURES.USAGE, path: null, offset: null, block: null, keyspace: null, exitCode: 2 },
  });
});

test("JSON has what a rollback would lose, what is wrong in a file, and what was finished before", (t) => {
  const loss = { since: "2026-01-31T12:00:00.000Z", original: "/tmp/graph.backup", entries: 7 };
  const problems = [{ line: 2, column: 5, message: "is wrong" }];
  t.like(JSON.parse(renderErrorJson(new KgdumpError("ROLLBACK_LOSES_DATA", "no", { loss }))), { error: { loss } });
  t.like(JSON.parse(renderErrorJson(new KgdumpError("CONFIG_INVALID", "no", { problems }))), { error: { problems } });
  const { error } = JSON.parse(renderErrorJson(new KgdumpError("IO_FAILED", "no"), { published: ["/tmp/a.kgd"], holds: "it is whole" })) as { error: unknown };
  t.like(error, { published: ["/tmp/a.kgd"], hint: "it is whole" });
  t.like(JSON.parse(renderErrorJson(new KgdumpError("IO_FAILED", "no", { hint: "own" }), { holds: "it is whole" })), { error: { hint: "own" } });
});

test("hostile messages, paths and names are made safe, in JSON too", (t) => {
  const hostile = "\x1b]0;title\x07\u202e\u2028\n\x9b";
  const error = new KgdumpError("IO_FAILED", hostile, { path: hostile, hint: hostile, keyspace: Buffer.from(hostile) });
  for (const text of [renderError(error, plain), renderErrorJson(error)]) {
    t.true(text.split("\n").every(isPrintable), JSON.stringify(text));
  }
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} is told and has exit code ${code.toString()}`, (t) => {
    const error = new Interrupted(signal);
    t.is(renderError(error, { ...plain, verbose: true }), `kgdump: interrupted by ${signal} [INTERRUPTED]\n`);
    t.is(describeError(error).exitCode, code);
  });
}

test("of a settings file with several problems each is told with its place; of one the message says all", (t) => {
  for (const count of [0, 1, 2, 3, 10]) {
    const problems = Array.from({ length: count }, (_, index) => ({ line: index + 1, column: 2 * index + 1, message: `problem ${String(index)}` }));
    const error = new KgdumpError("CONFIG_INVALID", "the settings are wrong", { path: "/etc/storage.toml", problems });
    const lines = renderError(error, { paint: makePaint(false), verbose: false }).split("\n").filter((line) => line.startsWith("  /etc/storage.toml:"));
    t.deepEqual(lines, count < 2 ? [] : problems.map(({ line, column, message }) => `  /etc/storage.toml:${String(line)}:${String(column)}: ${message}`));
    t.deepEqual((JSON.parse(renderErrorJson(error)) as { error: { problems: unknown } }).error.problems, problems);
  }
});
