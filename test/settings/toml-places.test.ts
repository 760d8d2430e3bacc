import test from "ava";
import fc from "../support/properties.js";
import { parse } from "smol-toml";
import { type TomlPath, TomlPlaces } from "#src/settings/toml-places.js";

/** All paths of a parsed document. */
function pathsOf(value: unknown, path: TomlPath = []): TomlPath[] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => pathsOf(item, [...path, index]))
    : Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

const at = (line: number, column: number): { line: number; column: number } => ({ line, column });

for (const [name, text, path, key, value] of [
  ["a plain key", "a = 1\nb = 2", ["b"], at(2, 1), at(2, 5)],
  ["a table", "[x]\n  y = true", ["x", "y"], at(2, 3), at(2, 7)],
  ["dotted keys", "a . b.\"c\" = 1", ["a", "b", "c"], at(1, 7), at(1, 13)],
  ["a dotted key's own table", "x=1\na.b = 1", ["a"], at(2, 1), at(2, 1)],
  ["a dotted header", "[ a . b ]\nc=1", ["a", "b"], at(1, 7), at(1, 7)],
  ["a key after its table's header came later", "[a.b]\nx=1\n[a]\nb2=1", ["a", "b2"], at(4, 1), at(4, 4)],
  ["an inline table", "s = { a = 1, sub.b = [1, { c = 2 }] }", ["s", "sub", "b", 1, "c"], at(1, 28), at(1, 32)],
  ["an inline table over lines", "s = {\n  a = 1, # x }\n  b = 2,\n}\nc=3", ["s", "b"], at(3, 3), at(3, 7)],
  ["what follows that", "s = {\n  a = 1, # x }\n  b = 2,\n}\nc=3", ["c"], at(5, 1), at(5, 3)],
  ["quoted keys", '"a.b" = 1\n\'c = "\' = 2\n"d\\"\\u0065" = 3', ["d\"e"], at(3, 1), at(3, 15)],
  ["a literal key with an equals sign", '"a.b" = 1\n\'c = "\' = 2', ['c = "'], at(2, 1), at(2, 11)],
  ["an array's elements over lines", "a = [ # [\n  1,\n  # 9,\n  2, ]\nb = 1", ["a", 1], at(4, 3), at(4, 3)],
  ["CRLF", "a = 1\r\n[t]\r\nb = 2\r\n", ["t", "b"], at(3, 1), at(3, 5)],
  ["a multi-line string that looks like keys", 'a = """\nb = 1\n[x]\n\\""" b = 2\n"""\nb = 3', ["b"], at(6, 1), at(6, 5)],
  ["a multi-line literal that looks like keys", "a = '''\nb = 1\n'' b = 2\n'''\nb = 3", ["b"], at(5, 1), at(5, 5)],
  ["quotes right before the end of a multi-line string", 'a = """x"""""\nb = 3', ["b"], at(2, 1), at(2, 5)],
  ["empty multi-line strings", 'a = """"""\nc = \'\'\'\'\'\'\nb = 3', ["b"], at(3, 1), at(3, 5)],
  ["a string with a comment sign and brackets", 'a = "#]}\\" x"\nb = 3', ["b"], at(2, 1), at(2, 5)],
  ["a comment with quotes", 'a = 1 # """\n# [b]\nb = 3', ["b"], at(3, 1), at(3, 5)],
  ["arrays of tables", "[[a]]\nx=1\n[[a.b]]\ny=1\n[[a.b]]\ny=2\n[[a]]\n[[a.b]]\ny = 3", ["a", 1, "b", 0, "y"], at(9, 1), at(9, 5)],
  ["a table within an array of tables", "[[a]]\n[[a]]\n[a.t]\nx = 1", ["a", 1, "t", "x"], at(4, 1), at(4, 5)],
  ["dates with a space", "a = 1979-05-27 07:32:00\nb = 1", ["b"], at(2, 1), at(2, 5)],
  ["characters beyond 16 bits count once", '"\u{1f600}é" = { b = 1 }', ["\u{1f600}é", "b"], at(1, 10), at(1, 14)],
  ["tabs count once", "\ta\t=\t1", ["a"], at(1, 2), at(1, 6)],
  ["a prototype's name", "[__proto__]\nx = 1\n[constructor]\ny=2", ["constructor", "y"], at(4, 1), at(4, 3)],
] as const) {
  test(`finds ${name}`, (t) => {
    const places = new TomlPlaces(text);
    t.deepEqual([places.at(places.key(path)), places.at(places.value(path))], [key, value]);
    for (const found of pathsOf(parse(text))) t.true(places.has(found), JSON.stringify(found));
  });
}

test("an unknown path is placed at its nearest ancestor", (t) => {
  const places = new TomlPlaces("a = 1\n[b]\nc = [1]");
  t.deepEqual(places.at(places.value(["b", "c", 7])), at(3, 5));
  t.deepEqual(places.at(places.key(["b", "d"])), at(2, 2));
  t.deepEqual(places.at(places.key(["z"])), at(1, 1));
});

test("a string as long as a file may be", (t) => {
  const long = "x\n".repeat(120_000);
  const places = new TomlPlaces(`a = """${long}"""\nb = "${"y".repeat(10_000)}"\nc=1`);
  t.deepEqual(places.at(places.key(["c"])), at(120_003, 1));
});

test("keys of absurd depth cost little, and what follows them is found", (t) => {
  const deep = "a.".repeat(60_000);
  const places = new TomlPlaces(`${deep}a = [{ x = 1 }]\n[${deep}b]\nc = 1\n[z]\nd = 2`);
  t.deepEqual(places.at(places.value(["z", "d"])), at(5, 5));
  t.deepEqual(places.at(places.key(Array.from({ length: 100 }, () => "a"))), at(1, 63));
});

const quoteKey = (key: string): string => JSON.stringify(key).replaceAll("\u007f", "\\u007f");
const word = fc.stringMatching(/^[a-z_-][a-z0-9_-]{0,5}$/);
const anyKey = fc.oneof(
  word.map((name) => ({ name, source: name })),
  fc.string({ unit: "binary", maxLength: 6 }).map((name) => ({ name, source: quoteKey(name) })),
  fc.stringMatching(/^[ -&(-~]{1,6}$/).map((name) => ({ name, source: `'${name}'` })),
);
const blank = fc.constantFrom("", " ", "\t ");
const gap = fc.constantFrom("", " ", "\n", "\r\n", " # ] } \"\"\" '''\n", "\n# a = 1\n");
const scalar = fc.constantFrom(
  "1", "-0x1F", "1.5e3", "true", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00", "inf", '"a # [ { = \\" \\\\"', "'a \\'",
  '"""a = 1\n[x]\n""\\""""', '"""\\\n  x"""""', "'''\nb = '' 2\n'''", '""', "''",
);

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(fc.tuple(gap, tie("value"), gap), { maxLength: 3 }).map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
    fc
      .uniqueArray(fc.tuple(anyKey, blank, tie("value"), blank), { maxLength: 3, selector: ([key]) => key.name })
      .map((items) => `{${items.map(([key, before, item, after]) => `${before}${key.source}${before}=${after}${item}${before}`).join(",")}}`),
  ),
}));
const entry = fc
  .tuple(fc.array(anyKey, { minLength: 1, maxLength: 3 }), blank, value, fc.constantFrom("", " # c = 1", "\t"))
  .map(([keys, space, item, end]) => `${space}${keys.map((key) => key.source).join(`${space}.${space}`)}${space}=${space}${item}${end}`);
const header = fc
  .tuple(fc.array(anyKey, { minLength: 1, maxLength: 3 }), blank, fc.boolean())
  .map(([keys, space, many]) => {
    const inner = `${space}${keys.map((key) => key.source).join(`${space}.${space}`)}${space}`;
    return many ? `[[${inner}]]` : `[${inner}]`;
  });

test("in any document, everything that the parser finds has a place, and a key's place holds the key", (t) => {
  const lines = fc.array(fc.oneof({ weight: 4, arbitrary: entry }, { weight: 1, arbitrary: header }), { maxLength: 8 });
  let accepted = 0;
  fc.assert(
    fc.property(lines, fc.constantFrom("\n", "\r\n"), (parts, lineEnd) => {
      // Lines that clash with those before, as two of the same key do, are left out.
      let text = "";
      for (const part of parts) {
        try {
          parse(text + part + lineEnd);
          text += part + lineEnd;
        } catch {
          continue;
        }
      }
      const places = new TomlPlaces(text);
      const rows = text.split("\n").map((row) => Array.from(row));
      for (const path of pathsOf(parse(text, { integersAsBigInt: true }))) {
        if (!places.has(path)) throw new Error(`${JSON.stringify(path)} has no place in ${JSON.stringify(text)}`);
        const name = path.at(-1);
        if (typeof name !== "string") continue;
        accepted++;
        const { line, column } = places.at(places.key(path));
        const rest = rows[line - 1]?.slice(column - 1).join("") ?? "";
        const [start] = [name, quoteKey(name), `'${name}'`].filter((form) => form !== "" && rest.startsWith(form));
        if (start === undefined) throw new Error(`${JSON.stringify(path)} is not at ${line.toString()}:${column.toString()} of ${JSON.stringify(text)}`);
      }
    }),
    { numRuns: 1000 },
  );
  t.log(`${accepted.toString()} keys`);
  t.true(accepted > 1000);
});
