// @ts-check
/**
 * Puts the compiled program, the library and their packages into one file, dist/bundle.cjs, and what V8 compiles of it into dist/bundle.code, which
 * bin/bundle.js runs; what draws `kgdump browse` lies beside it. In a clone the library's users, and coverage, have the modules themselves.
 */
import { rename, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { browseApart, bundleBrowser } from "./browse-bundle.mjs";
import { exists } from "./cache.mjs";
import { fingerprint, textOf } from "./fingerprint.mjs";
import { inProject, ROOT } from "./paths.mjs";
import { run } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { step } from "./steps.mjs";

const BUNDLE = inProject("dist", "bundle.cjs");
const CODE = inProject("dist", "bundle.code");
const OWN_FILES = [inProject("scripts", "setup", "bundle.mjs"), inProject("scripts", "setup", "browse-bundle.mjs"), inProject("bin", "bundle.js"), inProject("scripts", "setup", "save-code.mjs")];
/** The decoder of Zstandard as WebAssembly: in a file of its own, which is read only where no native code does it. */
const DECODER = inProject("dist", "zstddec.cjs");
const BROWSER = inProject("dist", "browse.cjs");
/** The program and the library, which have most in common. Each is evaluated when it is asked for. */
const ENTRY = `
exports.run = () => void require("./dist/cli/main.js");
Object.defineProperty(exports, "library", { get: () => require("./dist/index.js") });
`;
/** Its name while it is made: a command that starts meanwhile must not find a part of it. */
const UNFINISHED = inProject("dist", `.bundle.${String(process.pid)}.cjs`);
const UNFINISHED_BROWSER = inProject("dist", `.browse.${String(process.pid)}.cjs`);
/** What is in it: written last. */
const STAMP = inProject("dist", ".bundle-stamp.json");

/** Removes the bundle: it is not what was compiled any more. */
export async function removeBundle() {
  for (const file of [STAMP, CODE, BUNDLE, DECODER, BROWSER]) await rm(file, { force: true });
}

/**
 * Makes the bundle, when what it is made of changed. Without packages for development there is none, and the modules are run.
 * @param {string} sources key of what was compiled
 * @throws {SetupError}
 */
export async function bundleProgram(sources) {
  const key = await fingerprint(ROOT, OWN_FILES, [sources, process.version]);
  if ((await textOf(STAMP)) === key && (await exists(BUNDLE)) && (await exists(CODE)) && (await exists(DECODER)) && (await exists(BROWSER))) return;
  await removeBundle();
  // By its path in this clone: a directory above might have another one, of somebody else.
  const path = inProject("node_modules", "esbuild", "lib", "main.js");
  if (!(await exists(path))) return;
  /** @type {{ default: typeof import("esbuild") }} */
  const { default: esbuild } = await import(pathToFileURL(path).href);
  await step("bundle", () => bundle(esbuild), () => "made");
  await writeFile(STAMP, key);
}

/** Takes the decoder from its file. @type {import("esbuild").Plugin} */
const decoderApart = {
  name: "decoder-apart",
  setup: (build) => {
    build.onResolve({ filter: /^zstddec$/ }, () => ({ path: "./zstddec.cjs", external: true }));
  },
};

/** @param {typeof import("esbuild")} esbuild */
async function bundle(esbuild) {
  try {
    await esbuild.build({ absWorkingDir: ROOT, entryPoints: ["zstddec"], outfile: DECODER, bundle: true, platform: "node", target: "node20.15", format: "cjs", minifyWhitespace: true, logLevel: "silent" });
    await bundleBrowser(esbuild, UNFINISHED_BROWSER);
    await esbuild.build({
      absWorkingDir: ROOT,
      stdin: { contents: ENTRY, resolveDir: ROOT },
      outfile: UNFINISHED,
      bundle: true,
      platform: "node",
      target: "node20.15",
      // Node takes twice as long to load an ES module.
      format: "cjs",
      banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
      // What is found from there lies beside dist/.
      define: { "import.meta.url": "bundleUrl" },
      // A native addon, which stays where it is; a script that Node did not load itself can only require it.
      external: ["@mongodb-js/zstd"],
      supported: { "dynamic-import": false },
      // A shorter text is read sooner; names stay, for stacks.
      minifyWhitespace: true,
      // Node shows the line of an error that a user of the library does not catch.
      lineLimit: 160,
      minifySyntax: true,
      minifyIdentifiers: true,
      keepNames: true,
      plugins: [browseApart, decoderApart],
      logLevel: "silent",
    });
  } catch (error) {
    throw new SetupError("esbuild can't put the program into one file", error instanceof Error ? error.message : String(error));
  }
  await rename(UNFINISHED_BROWSER, BROWSER);
  await rename(UNFINISHED, BUNDLE);
  const failure = "the bundle does not run";
  await run(process.execPath, [inProject("scripts", "setup", "save-code.mjs")], { cwd: ROOT, failure });
}
