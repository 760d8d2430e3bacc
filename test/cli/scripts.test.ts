/** Every command as a person sees it, on a terminal of 80 columns: the transcripts in `test/cli/scripts` are run, and print what stands there. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { EXITS } from "#src/cli/help/exits.js";
import { formatTranscript, parseTranscript, runTranscript } from "./support/transcript.js";

const SCRIPTS = join("test", "cli", "scripts");
const names = (await readdir(SCRIPTS)).filter((name) => name.endsWith(".txtar")).sort();

for (const name of names) test(name, async (t) => runTranscript(t, join(SCRIPTS, name)));

test("every command has a transcript, which runs it", async (t) => {
  for (const command of Object.keys(EXITS)) {
    const { parts } = parseTranscript(await readFile(join(SCRIPTS, `${command}.txtar`), "utf8"));
    t.true(parts.some((part) => "command" in part && part.command.includes(`kgdump ${command} `) && part.printed.includes("\n")), command);
  }
});

test("what a transcript says is kept when it is written", (t) => {
  const text = "# Words.\n#\n# More.\n$ one\na\n\nb\n\n$ two\n\n$ three\n[exit status 3]\n\n-- a/b.toml --\nx = 1\n";
  t.is(formatTranscript(parseTranscript(text)), text);
});
