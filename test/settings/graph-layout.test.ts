import { readFile } from "node:fs/promises";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { parseKeyPattern } from "#src/settings/key-pattern.js";
import { parseLayoutFile } from "#src/settings/graph-layout-file.js";

test("the built-in layout is what the guide says", async (t) => {
  const [, toml = ""] = /```toml\n([^]*?)```/.exec(await readFile("docs/graph.md", "utf8")) ?? [];
  const { rules, ...facts } = parseLayoutFile(toml, "x.toml");
  const { rules: own, name: _, ...ownFacts } = MAYA_LAYOUT;
  t.like(facts, ownFacts);
  t.deepEqual(JSON.parse(JSON.stringify(rules)), JSON.parse(JSON.stringify(own)));
});

const EDGES = '[[edges]]\nkey = "e{text}"\nfrom = "a"\nto = "b"\n';

const WRONG: readonly (readonly [text: string, line: number, column: number, message: RegExp])[] = [
  ["", 1, 1, /there are no \[\[edges\]\]/],
  ["x = ", 1, 5, /this is not TOML/],
  [`${EDGES}[[node]]\nkey = "n{text}"\n`, 5, 3, /unknown section "node"; did you mean "nodes"\?/],
  [`edges = 7`, 1, 1, /must be written as \[\[edges\]\]/],
  [`edges = [7]`, 1, 10, /must be written as \[\[edges\]\]/],
  [`${EDGES}form = "x"`, 5, 1, /unknown setting of \[\[edges\]\] "form"; did you mean "from"\?/],
  [`${EDGES}label = 7`, 5, 1, /label must be a text/],
  [`${EDGES}label = ""`, 5, 1, /label must be a text/],
  ['[[edges]]\nfrom = "a"\nto = "b"\n', 1, 3, /needs a key/],
  ['[[edges]]\nkey = "e{text}"\nfrom = "a"\n', 1, 3, /needs to: a path in the value, or \{to\} in the key/],
  ['[[edges]]\nkey = "e{from}"\nfrom = "a"\nto = "b"\n', 3, 1, /from stands in the key already/],
  ['[[edges]]\nkey = "edges"\nfrom = "a"\nto = "b"\n', 2, 1, /nothing in braces/],
  ['[[edges]]\nkey = "e{txt}"\nfrom = "a"\nto = "b"\n', 2, 1, /key has \{txt\}; there are \{id\}/],
  ['[[edges]]\nkey = "e{from}{to}"\n', 2, 1, /right behind text/],
  ['[[edges]]\nkey = "e{from}/{from}"\nto = "b"\n', 2, 1, /from twice/],
  ['[[edges]]\nkey = "e{from"\nto = "b"\n', 2, 1, /belongs to nothing/],
  [`${EDGES}[[nodes]]\nkey = "n{label}"\n`, 5, 3, /\[\[nodes\]\] needs an id/],
  [`${EDGES}[[lists]]\nkey = "l{text}"\n`, 5, 3, /of must be "from"/],
  [`${EDGES}[[lists]]\nkey = "l{any}"\nof = "to"\n`, 6, 1, /the key of a list has the id of its node/],
  ['[[keys]]\nkey = "v{u64}"\nlabel = "x"\n', 3, 1, /unknown setting of \[\[keys\]\] "label"; there are key/],
  ['[[keys]]\nkey = "v{from}"\n', 2, 1, /key has \{from\}; there are \{time\}, \{any\}/],
  ['[[edges]]\nkey = "e{from}/{to}"\n[[lists]]\nkey = "l{text}"\nof = "to"\n', 3, 3, /lists name edges by their ids/],
];

for (const [text, line, column, message] of WRONG) {
  test(`is refused with its place: ${JSON.stringify(text)}`, (t) => {
    const error = t.throws(() => parseLayoutFile(text, "x.toml"), { code: "CONFIG_INVALID" });
    t.true(error instanceof KgdumpError);
    const [problem] = (error as { problems?: readonly { line: number; column: number; message: string }[] }).problems ?? [];
    t.regex(problem?.message ?? "", message);
    t.deepEqual([problem?.line, problem?.column], [line, column]);
  });
}

test("a layout may tell of keys that are no graph's, and of nothing else where no graph is needed", (t) => {
  const visits = '[[keys]]\nkey = "visit/{time:u64}/{uuid}"\n';
  const key = [{ literal: Buffer.from("visit/") }, { name: "time", form: "u64" }, { literal: Buffer.from("/") }, { name: "any", form: "uuid" }] as const;
  t.deepEqual(parseLayoutFile(`${EDGES}${visits}`, "x.toml").keys, [key]);
  t.deepEqual(parseLayoutFile(visits, "x.toml", false), { name: "declared", rules: [], keys: [key], nodeIdsAreUuids: false, edgeIdsAreUuids: false });
  for (const [text, needed] of [[visits, true], ["", false], ['[[nodes]]\nkey = "n{text}"\n', false], [`${visits}[[nodes]]\nkey = "n{text}"\n`, false]] as const) {
    t.throws(() => parseLayoutFile(text, "x.toml", needed), { code: "CONFIG_INVALID" }, text);
  }
  t.throws(() => parseLayoutFile(`${EDGES}${visits.repeat(32)}`, "x.toml"), { code: "CONFIG_INVALID" });
});

test("all that is wrong is told at once", (t) => {
  const error = t.throws(() => parseLayoutFile('[[edges]]\nkey = "e"\n[[nodes]]\nkey = "n"\nlabl = "x"\n', "x.toml"), { code: "CONFIG_INVALID" });
  t.is((error as { problems?: readonly unknown[] }).problems?.length, 2);
});

test("bytes, escapes and forms of keys are read", (t) => {
  const { rules, nodeIdsAreUuids, edgeIdsAreUuids } = parseLayoutFile("[[edges]]\nkey = 'a\\x00\\{b\\\\{from:uuid}{to:uuid}{any:u64}é'\n", "x.toml");
  t.deepEqual(rules[0]?.key, [{ literal: Buffer.from("a\0{b\\") }, { name: "from", form: "uuid" }, { name: "to", form: "uuid" }, { name: "any", form: "u64" }, { literal: Buffer.from("é") }]);
  t.deepEqual([nodeIdsAreUuids, edgeIdsAreUuids], [true, false]);
});

test("every byte may stand in a key as \\xNN, alone and beside others", (t) => {
  for (let byte = 0; byte < 256; byte += 1) {
    const hex = byte.toString(16).padStart(2, "0");
    t.deepEqual(parseKeyPattern(`\\x${hex}{uuid}é\\x${hex.toUpperCase()}\\x80`, ["id"]), [{ literal: Buffer.of(byte) }, { name: "id", form: "uuid" }, { literal: Buffer.concat([Buffer.from("é"), Buffer.of(byte, 0x80)]) }], hex);
  }
});
