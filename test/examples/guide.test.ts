/** The migration guide says what the program does: its codes, its commands; and what is shipped has no dead links. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { STATUS_EXIT_CODE } from "#src/cli/commands/status.js";
import { parseCommandLine } from "#src/cli/program.js";
import { EXIT_CODE_OF } from "#src/errors.js";

const run = promisify(execFile);
const guide = readFileSync("docs/guide.md", "utf8");
const section = (title: string): string => guide.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
const rows = (text: string): string[][] =>
  text.split("\n").flatMap((line) => (/^\| [^-]/.test(line) ? [line.slice(2, -2).split(" | ").map((cell) => cell.trim())] : []));

test("the table of errors has exactly the codes that there are, with their exit codes, a cause and a cure", (t) => {
  const [, ...table] = rows(section("Troubleshooting"));
  t.deepEqual(
    table.map(([code, exit]) => [code, exit]),
    Object.entries(EXIT_CODE_OF).map(([code, exit]) => [code, exit.toString()]),
  );
  for (const row of table) {
    t.is(row.length, 4, row.join(" | "));
    t.true(row.every((cell) => cell.length > 0), row.join(" | "));
  }
});

test("the exit codes of status are those of the command", (t) => {
  const [, ...table] = rows(section("When the service starts"));
  t.deepEqual(table.map(([code]) => Number(code)).sort(), Object.values(STATUS_EXIT_CODE).sort());
});

test("every command of the guide is one that kgdump understands", async (t) => {
  const commands = guide.split("\n").filter((line) => /^ {4,}kgdump /.test(line)).flatMap((line) => line.split(" | ")).map((line) => line.trim().split(/\s+/).slice(1));
  t.true(commands.length > 12, commands.length.toString());
  for (const args of commands) t.is((await parseCommandLine(args)).kind, "command", args.join(" "));
  const options = new Set([...guide.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
  const known: string[] = [];
  for (const name of ["export", "import", "inspect", "browse", "verify", "stats", "report", "graph", "recover", "restore", "migrate", "rollback", "status", "compact", "cleanup"]) {
    const help = await parseCommandLine([name, "--help"]);
    known.push(help.kind === "text" ? help.text : "");
  }
  const elsewhere = new Set(["--since", "--version"]);
  for (const option of options) t.true(elsewhere.has(option) || known.some((text) => text.includes(option)), option);
});

/** GitHub's name of a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");

test("what is shipped links only to what is shipped", async (t) => {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { maxBuffer: 1 << 26 });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const files = new Set(packed?.files.map(({ path }) => path));
  for (const path of ["docs/guide.md", "format-spec/README.md", "format-spec/example.md", "format-spec/reader/kgdump_reader.py", "examples/container/entrypoint.sh", "examples/systemd/maya-learn.service.d/kgdump-migrate.conf"]) {
    t.true(files.has(path), path);
  }
  t.deepEqual([...files].filter((path) => /\.(?:kgd|pyc)$|__pycache__/.test(path)), []);
  let links = 0;
  for (const path of [...files].filter((name) => name.endsWith(".md"))) {
    for (const [, link = ""] of readFileSync(path, "utf8").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [file = "", place] = link.split("#");
      const to = file === "" ? path : normalize(join(dirname(path), file));
      const isThere = files.has(to) || [...files].some((name) => name.startsWith(`${to.replace(/\/$/, "")}/`));
      t.true(isThere, `${path}: ${link}`);
      if (place !== undefined && isThere) {
        const headings = readFileSync(to, "utf8").split("\n").flatMap((line) => (/^#+ /.test(line) ? [anchor(line.replace(/^#+ /, ""))] : []));
        t.true(headings.includes(place), `${path}: ${link}`);
      }
      links++;
    }
  }
  t.true(links > 20);
});
