// @ts-check
/** The manual pages say what the help says, and are sound roff. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { writePages } from "../../scripts/man.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

const run = promisify(execFile);

/** @param {import("ava").ExecutionContext} t */
async function pages(t) {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-man-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return { directory, names: await writePages(directory) };
}

/** Whether there is mandoc, which says so if not. @param {import("ava").ExecutionContext} t */
async function hasMandoc(t) {
  if (await run("sh", ["-c", "command -v mandoc"]).then(() => true, () => false)) return true;
  t.log("SKIPPED: there is no mandoc here");
  return false;
}

/** The text of a page without roff's own words. @param {string} page */
function plain(page) {
  return page
    .replaceAll(/^\.(?:TP|PP|nf|fi|TH.*)$/gm, "")
    .replaceAll(/^\.(?:SH|SS|BR|B) /gm, "")
    .replaceAll(/\\f[BIR]|\\&/g, "")
    .replaceAll("\\-", "-")
    .replaceAll("\\(aq", "'")
    .replaceAll("\\(ga", "`")
    .replaceAll("\\(ha", "^")
    .replaceAll("\\(ti", "~")
    .replaceAll("\\e", "\\");
}

/** Words, without line ends of examples. @param {string} text */
const words = (text) => text.split(/\s+/).filter((word) => word !== "" && word !== "\\");

test("each command has a page, and every word of its help is there", async (t) => {
  const { directory, names } = await pages(t);
  t.true(names.length > 12);
  for (const name of names) {
    const command = name.replace(/^kgdump-?/, "").replace(/\.1$/, "");
    const { stdout } = await run(process.execPath, [inProject("bin", "kgdump.js"), ...(command === "" ? [] : [command]), "--help"], { env: { ...process.env, COLUMNS: "100" } });
    // Headings, and how to see more, are a page's own.
    const help = stdout.replaceAll(/^(?:Usage|More|Topics \(.*\)|[A-Z][\w' ]*):.*$/gm, "").replaceAll(/^ {4}[a-z-]+ {2,}.*$/gm, command === "" ? "" : "$&");
    const page = new Set(words(plain(await readFile(join(directory, name), "utf8"))));
    t.deepEqual(words(help).filter((word) => !page.has(word)), [], name);
  }
});

test("each page is sound for mandoc, which shows what stands there", async (t) => {
  if (!(await hasMandoc(t))) return void t.pass();
  const { directory, names } = await pages(t);
  for (const name of names) {
    const path = join(directory, name);
    const { stdout } = await run("mandoc", ["-Tlint", path]).catch((/** @type {{ stdout: string }} */ error) => error);
    t.is(stdout, "", name);
  }
  const { stdout } = await run("mandoc", ["-Tutf8", "-O", "width=90", join(directory, "kgdump-inspect.1")]);
  // A letter that is printed twice is bold.
  const shown = stdout.split(String.fromCharCode(8)).map((part, at, all) => (at < all.length - 1 ? part.slice(0, -1) : part)).join("");
  t.regex(shown, /^NAME\n +kgdump-inspect - show what a dump or a store is and what it holds/m);
  t.true(shown.includes("kgdump inspect graph.kgd --get 'node:{0f8fad5b-d9cb-469f-a165-70867728950e}' --raw | jq ."), shown);
});
