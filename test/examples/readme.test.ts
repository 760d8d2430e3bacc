/** What README and the tutorial show of a terminal is what a terminal shows, and what they say of commands and the library can be run. */
import { readFile } from "node:fs/promises";
import test from "ava";
import { formatTranscript, assertPrinted, parseTranscript, printedNow } from "../cli/support/transcript.js";
import { parseCommandLine } from "#src/cli/program.js";
import * as library from "#src/index.js";

const readme = await readFile("README.md", "utf8");
const blocks = (language: string, text = readme): string[] => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, block = ""]) => block);

for (const [path, most] of [["README.md", 3], ["docs/tutorial.md", 10]] as const) {
  test(`the captures of ${path} are what the commands print`, async (t) => {
    // They stand as if they came from that directory.
    const text = formatTranscript(parseTranscript(blocks("console", await readFile(path, "utf8")).join("\n").replaceAll("/srv/maya", "/tmp/here")));
    t.true(text.split("$ kgdump ").length > most);
    assertPrinted(t, await printedNow(t, text), text);
  });
}

for (const path of ["README.md", "docs/tutorial.md", "docs/faq.md"]) {
  test(`every command of ${path} is one that kgdump understands`, async (t) => {
    const text = await readFile(path, "utf8");
    const lines = text.split("\n").filter((line) => /^ {4}(?:npx )?kgdump /.test(line)).flatMap((line) => line.replace(/ +#.*$/, "").split(" | "));
    const commands = [...lines, ...[...text.matchAll(/`(kgdump [^`]+)`/g)].map(([, command = ""]) => command)];
    t.true(commands.length > 1);
    for (const command of commands) t.not((await parseCommandLine(command.trim().replace(/^(?:npx |ssh other )?kgdump /, "").split(/\s+/))).kind, "error", command);
  });
}

test("the library has what the example takes of it", (t) => {
  const names = blocks("js").flatMap((text) => [...text.matchAll(/import \{([^}]+)\} from "kgdump"/g)].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim())));
  t.true(names.length > 2);
  for (const name of names) t.true(name in library, name);
});

test("README is short", (t) => {
  t.true(readme.split(/\s+/).length < 1600);
});
