/** The pictures of the documents show what the commands show now. */
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { steady } from "../cli/support/transcript.js";

const run = promisify(execFile);
const FOLDER = join("docs", "captures");
const hasTmux = await run("tmux", ["-V"]).then(() => true, () => false);

type Texts = Readonly<Record<string, string>>;

async function texts(how: "--now" | "--there"): Promise<Texts> {
  const { stdout } = await run(process.execPath, ["scripts/captures.mjs", how], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Texts;
}

/** Where blanks are, and ids that are made anew, does not matter. */
const settled = (text: string): string => steady(text).replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(?=, sequence)/g, "ID").replaceAll(/\s+/g, " ");

test("each picture shows what is shown now; `node scripts/captures.mjs` takes them again", async (t) => {
  t.timeout(5 * 60_000);
  if (!hasTmux) {
    t.log("SKIPPED: tmux is not installed");
    t.pass();
    return;
  }
  const [now, there] = await Promise.all([texts("--now"), texts("--there")]);
  t.deepEqual(Object.keys(there).sort(), Object.keys(now).sort());
  for (const [name, text] of Object.entries(now)) t.is(settled(there[name] ?? ""), settled(text), name);
});

test("pictures are small, stand in a document, and have words for who does not see them", async (t) => {
  const documents = (await Promise.all(["README.md", "docs/tutorial.md", "docs/guide.md"].map((path) => readFile(path, "utf8")))).join("\n");
  const names = await readdir(FOLDER);
  t.true(names.length > 4);
  for (const name of names) {
    t.true(documents.includes(`captures/${name}`), name);
    t.true((await stat(join(FOLDER, name))).size < 25_000, name);
    const picture = await readFile(join(FOLDER, name), "utf8");
    t.regex(picture, /^<svg [^>]*role="img" aria-label="[^"]{10,}">\n<title>/, name);
    t.notRegex(picture, /<script|href=|@import|url\(/, name);
  }
});
