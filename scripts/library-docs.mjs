#!/usr/bin/env node
// @ts-check
/**
 * Writes docs/library.md: what src/index.ts exports, with its documentation comments, and the programs of examples/library.
 *
 *     node scripts/library-docs.mjs        writes it; lint checks that it is up to date
 */
import "./setup/node-version.mjs";
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { callOf, membersOf, Printer } from "./library/printer.mjs";
import { docsOf, oneLine } from "./library/tsdoc.mjs";
import { textOf } from "./setup/fingerprint.mjs";
import { inProject } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

const PAGE = inProject("docs", "library.md");
const INDEX = inProject("src", "index.ts");

/** Programs that the page shows, in their order. */
export const PROGRAMS = ["move.mjs", "prefixes.mjs", "changes.mjs"];

/** @typedef {{ title: string, about: string, names: string[] }} Section */

/**
 * The sections of the index: a comment `// Title: about` begins one.
 * @param {ts.SourceFile} file
 * @returns {Section[]}
 */
export function sectionsOf(file) {
  /** @type {Section[]} */
  const sections = [];
  for (const statement of file.statements) {
    for (const { pos, end } of ts.getLeadingCommentRanges(file.text, statement.pos) ?? []) {
      const [, title, about] = /^\/\/ ([^:]+)(?:: (.*))?$/.exec(file.text.slice(pos, end)) ?? [];
      if (title !== undefined) sections.push({ title, about: about ?? "", names: [] });
    }
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) continue;
    sections.at(-1)?.names.push(...statement.exportClause.elements.map(({ name }) => name.text));
  }
  return sections;
}

/** @returns {{ program: ts.Program, file: ts.SourceFile }} */
function openIndex() {
  const { config } = ts.readConfigFile(inProject("tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [INDEX] }, ts.sys, inProject());
  const program = ts.createProgram([INDEX], { ...options, noEmit: true });
  const file = program.getSourceFile(INDEX);
  if (file === undefined) throw new SetupError("src/index.ts is not there");
  return { program, file };
}

/** The page as it should be. @returns {Promise<string>} */
export async function libraryPage() {
  const { program, file } = openIndex();
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(file);
  const exported = new Map((module === undefined ? [] : checker.getExportsOfModule(module)).map((symbol) => [symbol.name, symbol]));
  const printer = new Printer(checker, exported);
  const head = await readFile(inProject("scripts", "library", "head.md"), "utf8");
  const parts = [head.trimEnd(), ...(await programParts())];
  for (const { title, about, names } of sectionsOf(file)) {
    parts.push(`## ${title}`, ...(about === "" ? [] : [`${about[0]?.toUpperCase() ?? ""}${about.slice(1)}.`]));
    const symbols = names.map((name) => exported.get(name)).filter((symbol) => symbol !== undefined);
    const isCall = (/** @type {ts.Symbol} */ symbol) => callOf(checker, symbol) !== undefined;
    for (const symbol of [...symbols.filter(isCall), ...symbols.filter((one) => !isCall(one))]) parts.push(...describe(checker, printer, symbol));
  }
  if (printer.unknown.size > 0) throw new SetupError(`src/index.ts does not export what its types name: ${[...printer.unknown].sort().join(", ")}`);
  return `${parts.join("\n\n")}\n`;
}

/** @returns {Promise<string[]>} */
async function programParts() {
  const parts = ["## Three programs", "They are in [examples/library](../examples/library); tests run them with each version of Node that kgdump supports."];
  for (const name of PROGRAMS) {
    const text = await readFile(inProject("examples", "library", name), "utf8");
    parts.push(`### ${name}`, `\`\`\`js\n${text.trimEnd()}\n\`\`\``);
  }
  return parts;
}

/**
 * @param {ts.TypeChecker} checker
 * @param {Printer} printer
 * @param {ts.Symbol} symbol
 * @returns {string[]}
 */
function describe(checker, printer, symbol) {
  const docs = docsOf(checker, symbol);
  if (docs.text === "") throw new SetupError(`${symbol.name} of src/index.ts has no documentation comment`);
  const call = callOf(checker, symbol);
  if (call === undefined) {
    const { code, members } = membersOf(checker, printer, symbol);
    if (symbol.name.endsWith("Options")) {
      const bare = members.filter(({ said }) => said === "").map(({ name }) => name);
      if (bare.length > 0) throw new SetupError(`${symbol.name} of src/index.ts: there are no documentation comments of ${bare.join(", ")}`);
    }
    return [`### ${symbol.name}`, docs.text, ...(code === "" ? [] : [`\`\`\`ts\n${code}\n\`\`\``]), ...list(members.map(({ written, said }) => `\`${written}\`${said === "" ? "" : `: ${said}`}`))];
  }
  const signature = printer.call(symbol.name, call);
  return [`### ${symbol.name}`, `\`\`\`ts\n${signature}\n\`\`\``, docs.text, ...list(docs.notes)];
}

/** @param {readonly string[]} lines */
function list(lines) {
  return lines.length === 0 ? [] : [lines.map((line) => `- ${oneLine(line)}`).join("\n")];
}

/**
 * What is wrong with the page.
 * @param {{ write?: boolean }} [options] whether it is written when it is not up to date
 * @returns {Promise<string>} "" when all is good
 */
export async function wrongLibraryPage({ write = false } = {}) {
  const now = await libraryPage();
  if ((await textOf(PAGE)) === now) return "";
  if (!write) return "docs/library.md is not up to date: run `node scripts/library-docs.mjs`";
  await writeFile(PAGE, now);
  return "";
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await wrongLibraryPage({ write: true });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
