/** What README shows of a terminal is what a terminal shows, and what it says of the library runs. */
import { readFile } from "node:fs/promises";
import test from "ava";
import { formatTranscript, assertPrinted, parseTranscript, printedNow } from "../cli/support/transcript.js";
import { parseCommandLine } from "#src/cli/program.js";
import * as library from "#src/index.js";

const readme = await readFile("README.md", "utf8");
const blocks = (language: string): string[] => [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);

test("the captures are what the commands print", async (t) => {
  // They stand as if they came from that directory.
  const text = formatTranscript(parseTranscript(blocks("console").join("\n").replaceAll("/srv/maya", "/tmp/here")));
  t.true(text.split("$ kgdump ").length > 3);
  assertPrinted(t, await printedNow(t, text), text);
});

test("every command is one that kgdump understands", async (t) => {
  const lines = readme.split("\n").filter((line) => /^ {4}(?:npx )?kgdump /.test(line)).flatMap((line) => line.replace(/ +#.*$/, "").split(" | "));
  t.true(lines.length > 3);
  for (const line of lines) t.is((await parseCommandLine(line.trim().replace(/^(?:npx )?kgdump /, "").split(/\s+/))).kind, "command", line);
});

test("the library has what the example takes of it", (t) => {
  const names = blocks("js").flatMap((text) => [...text.matchAll(/import \{([^}]+)\} from "kgdump"/g)].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim())));
  t.true(names.length > 2);
  for (const name of names) t.true(name in library, name);
});

test("README is short", (t) => {
  t.true(readme.split(/\s+/).length < 1600);
});
