// @ts-check
/** A copy of what is built, in which mistakes are made and tests are run. Crates are built in it by `crate.mjs`. */
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { inProject, ROOT } from "../setup/paths.mjs";
import { tryRun } from "../setup/run.mjs";
import { cratesWith, LIMIT_MS, quickCrate } from "./crate.mjs";
import { withMistake } from "./mistakes.mjs";

/** What is written to while tests run, or changed; all else of the project is only referred to. */
const COPIED = ["ava.config.js", "bin", "build", "dist", "native", "package.json", "scripts", "src", "test"];
/** A test that hangs has noticed something, too. */
const PATIENCE = "120s";

/**
 * @typedef {"noticed" | "missed" | "gone" | "unfit" | "skipped"} Outcome noticed by a test; by none; its place is not there (once); it does not compile, or its tests fail
 * without it; its tests are skipped as this machine lacks what they need
 * @typedef {{ try: (mistake: import("./mistakes.mjs").Mistake) => Promise<{ outcome: Outcome, output: string }>, remove: () => Promise<void> }} Ground
 */

/**
 * Copies what is built, which must be up to date.
 * @param {boolean} passing whether the tests are known to pass without a mistake
 * @returns {Promise<Ground>}
 */
export async function makeGround(passing) {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-mutants-"));
  // Some tests run it as another user.
  await chmod(directory, 0o755);
  for (const name of await readdir(ROOT)) {
    if (name === ".git") continue;
    if (COPIED.includes(name)) await cp(inProject(name), join(directory, name), { recursive: true, mode: 2 });
    else await symlink(inProject(name), join(directory, name));
  }
  // Else the program would run as one file.
  for (const name of ["bundle.cjs", "bundle.code"]) await rm(join(directory, "dist", name), { force: true });
  /** @type {Map<string, boolean>} */
  const sound = new Map();
  return {
    try: async (mistake) => {
      const text = await readFile(join(directory, mistake.file), "utf8").catch(() => "");
      const changed = withMistake(text, mistake);
      if (changed === null) return { outcome: "gone", output: "" };
      const key = JSON.stringify([mistake.tests, mistake.match, mistake.env]);
      if (!passing && !sound.has(key)) {
        const { status, output } = await runTests(directory, mistake);
        sound.set(key, status === 0);
        if (status !== 0) return { outcome: "unfit", output };
      }
      if (sound.get(key) === false) return { outcome: "unfit", output: "" };
      try {
        const wrong = await place(directory, mistake.file, changed, false);
        if (wrong !== "") return { outcome: "unfit", output: `it does not compile: ${wrong}` };
        const { status, output } = await runTests(directory, mistake);
        if (status !== 0) return { outcome: "noticed", output };
        return { outcome: output.includes("SKIPPED: ") ? "skipped" : "missed", output };
      } finally {
        await place(directory, mistake.file, text, true);
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Puts a source into the copy as it is built.
 * @param {string} directory
 * @param {string} file
 * @param {string} text
 * @param {boolean} sound whether the text is that of the project
 * @returns what a compiler has against it; "" for nothing
 */
async function place(directory, file, text, sound) {
  if (file.endsWith(".ts")) {
    const compilerOptions = ts.readConfigFile(inProject("tsconfig.json"), ts.sys.readFile).config.compilerOptions;
    const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT);
    // By itself a file does not show that the package's modules are ES modules.
    const module = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
    const { outputText } = ts.transpileModule(text, { compilerOptions: { ...options, ...module, sourceMap: false, composite: false, declaration: false }, fileName: inProject(file) });
    await writeFile(join(directory, file.replace(/^src\//, "dist/").replace(/\.ts$/, ".js")), outputText);
    return "";
  }
  await writeFile(join(directory, file), text);
  if (!file.startsWith("native/")) return "";
  for (const crate of await cratesWith(directory, file)) {
    if (sound) {
      await crate.restore();
      continue;
    }
    const said = await crate.build();
    if (said !== "") return said;
  }
  return "";
}

/**
 * @param {string} directory
 * @param {import("./mistakes.mjs").Mistake} mistake
 */
async function runTests(directory, { tests, match, env }) {
  const isOfCrate = (/** @type {string} */ name) => name.startsWith("native/");
  for (const name of tests.filter(isOfCrate)) {
    const result = await (await quickCrate(directory, name)).test(name, match);
    if (result.status !== 0) return result;
  }
  if (tests.every(isOfCrate)) return { status: 0, output: "" };
  const files = tests.filter((name) => !isOfCrate(name)).map((name) => (/\.mjs$/.test(name) ? `test/${name}` : `build/test/${name}.test.js`));
  const args = [inProject("node_modules", "ava", "entrypoints", "cli.mjs"), "--fail-fast", `--timeout=${PATIENCE}`, ...(match === undefined ? [] : [`--match=${match}`]), ...files];
  const { status, stdout, stderr } = await tryRun(process.execPath, args, { cwd: directory, env: { ...env, NODE_V8_COVERAGE: undefined, AVA_PATH: undefined }, limitMs: LIMIT_MS });
  return { status, output: stdout + stderr };
}
