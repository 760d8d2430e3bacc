// @ts-check
/** The page of the library: its sections, and that each of its functions, options and types is there. Lint holds that it is up to date. */
import { readdir, readFile } from "node:fs/promises";
import test from "ava";
import ts from "typescript";
import { PROGRAMS, sectionsOf } from "../../scripts/library-docs.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

const page = await readFile(inProject("docs", "library.md"), "utf8");

test("comments begin sections, and what follows is in them", (t) => {
  const text = '/** An index. */\n\n// One: the first\nexport { a, type B } from "./x.js";\nexport type { C } from "./y.js";\n\n// Two\nexport { d } from "./z.js";\n';
  t.deepEqual(sectionsOf(ts.createSourceFile("index.ts", text, ts.ScriptTarget.Latest, true)), [
    { title: "One", about: "the first", names: ["a", "B", "C"] },
    { title: "Two", about: "", names: ["d"] },
  ]);
});

test("all that the index exports is on the page, once, with words", async (t) => {
  const text = await readFile(inProject("src", "index.ts"), "utf8");
  const names = sectionsOf(ts.createSourceFile("index.ts", text, ts.ScriptTarget.Latest, true)).flatMap((section) => section.names);
  t.true(names.length > 80, String(names.length));
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, name = ""]) => name);
  t.deepEqual(headings.filter((name) => !name.endsWith(".mjs")).sort(), [...names].sort());
  for (const part of page.split("\n### ").slice(1)) t.regex(part, /\n\n[^`\n]/, part.split("\n")[0]);
});

test("options have their types and words, as users write them", (t) => {
  const part = page.split("\n### ExportOptions\n")[1]?.split("\n### ")[0] ?? "";
  t.regex(part, /^- `output: string \| Writable`: A path, which is published atomically/m);
  t.regex(part, /^- `codec\?: CodecName`: Default lz4\.$/m);
  t.regex(part, /^- `prefix\?: Bytes`: Only keys that start with these bytes\.$/m);
  t.regex(part, /^- `onProgress\?: .*Progress.*`/m);
  t.false(/seams|`store/.test(part), part);
  t.regex(page, /\n### exportStore\n\n```ts\nexportStore\(store: string, options: ExportOptions\): Promise<ExportResult>\n```\n/);
  t.regex(page, /- throws `KgdumpError` STORE_\*/);
});

test("the programs are those of examples/library", async (t) => {
  t.deepEqual((await readdir(inProject("examples", "library"))).filter((name) => name.endsWith(".mjs")).sort(), [...PROGRAMS].sort());
  for (const name of PROGRAMS) t.true(page.includes(await readFile(inProject("examples", "library", name), "utf8")), name);
});
