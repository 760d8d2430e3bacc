#!/usr/bin/env node
// @ts-check
/**
 * Makes the documentation site, build/site, of README, docs/, examples/, format-spec/ and the help of each command. VitePress, which ends with an error at a link that leads
 * nowhere, is installed in site/, apart from the project's packages.
 */
import "./setup/node-version.mjs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { runScript, setUp } from "./setup.mjs";
import { exists } from "./setup/cache.mjs";
import { inProject } from "./setup/paths.mjs";
import { run } from "./setup/run.mjs";
import { step } from "./setup/steps.mjs";

const SITE = inProject("site");
const PAGES = join(SITE, "pages");

/** What becomes a page, or is shown by one. */
const SHOWN = /^(?:README|CHANGELOG|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT)\.md$|^(?:docs|examples|format-spec)\/.*\.(?:md|svg)$|^bench\/(?:charts\/.*\.svg|results\/latest\.md)$/;

/** A README is the page of its folder. @param {string} path */
const pageOf = (path) => path.replace(/(^|\/)README\.md(?=$|#)/, "$1index.md");

/**
 * A page as the site has it: links to what is no page are plain text.
 * @param {string} path
 * @param {string} text
 * @param {ReadonlySet<string>} shown
 */
export function pageText(path, text, shown) {
  return text.replaceAll(/(!?)\[((?:[^\]\\]|\\.)*)\]\(([^)\s]+)\)/g, (whole, image, words, link) => {
    if (/^(?:https?:|#)/.test(link)) return whole;
    const target = posix.normalize(posix.join(posix.dirname(path), link.split("#")[0]));
    const page = [target, posix.join(target, "README.md")].find((one) => shown.has(one));
    if (page === undefined) return words;
    const to = page === target ? link : posix.join(link.split("#")[0], "README.md");
    return `${image}[${words}](${pageOf(to)})`;
  });
}

async function writePages() {
  const files = (await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: inProject(), failure: "the files of the project are not known" })).split("\n").filter((path) => SHOWN.test(path));
  const shown = new Set(files);
  await rm(PAGES, { recursive: true, force: true });
  for (const path of files) {
    const target = join(PAGES, ...pageOf(path).split("/"));
    await mkdir(dirname(target), { recursive: true });
    if (path.endsWith(".md")) await writeFile(target, pageText(path, await readFile(inProject(...path.split("/")), "utf8"), shown));
    else await cp(inProject(...path.split("/")), target);
  }
  await writeReference();
}

/** The help of each command. */
async function writeReference() {
  /** @type {typeof import("../dist/cli/tree.js")} */
  const { COMMAND_NAMES } = await import(inProject("dist", "cli", "tree.js"));
  await mkdir(join(PAGES, "reference"), { recursive: true });
  for (const name of COMMAND_NAMES) {
    const text = await run(process.execPath, [inProject("bin", "kgdump.js"), name, "--help"], { env: { ...process.env, COLUMNS: "90" }, failure: `the help of ${name} can't be had` });
    await writeFile(join(PAGES, "reference", `kgdump-${name}.md`), `# kgdump ${name}\n\n~~~text\n${text.trimEnd()}\n~~~\n`);
  }
}

async function makeSite() {
  await setUp();
  await writePages();
  if (!(await exists(join(SITE, "node_modules", "vitepress")))) await step("VitePress", () => run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: SITE, failure: "VitePress can't be installed" }), () => "installed");
  await step("site", () => run("npm", ["run", "build", "--silent"], { cwd: SITE, failure: "the site can't be made" }), () => "made, in build/site");
}

if (process.argv[1] === import.meta.filename) await runScript("site", makeSite);
