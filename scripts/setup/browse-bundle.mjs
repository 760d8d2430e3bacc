// @ts-check
/** Puts what draws `kgdump browse`, with ink and React, into a file of its own, dist/browse.cjs, which only that command loads. */
import { readFile } from "node:fs/promises";
import { brotliCompressSync } from "node:zlib";
import { inProject, ROOT } from "./paths.mjs";
import { SetupError } from "./setup-error.mjs";

/** The module that is the border between the two bundles. */
const SCREEN = /\/browse\/screen\.js$/;

/** Has the program's bundle load that file where its module would be. @type {import("esbuild").Plugin} */
export const browseApart = {
  name: "browse-apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: SCREEN }, () => ({ path: "./browse.cjs", external: true }));
  },
};

/** What waits for Yoga, which ink lays out with, as a script can't while it is loaded. */
const ENTRY = `
import { ready } from "yoga-layout";
import { browseScreen as browse } from "./dist/cli/browse/screen.js";
export const browseScreen = async (host) => {
  await ready();
  await browse(host);
};
`;

const YOGA = `
import { loadYoga } from "yoga-layout/load";
let yoga;
export const ready = async () => { yoga ??= await loadYoga(); };
export { yoga as default };
export * from "yoga-layout/load";
`;

/** What ink does for those who develop with it, and waits for. */
const FOR_DEVELOPERS = ["await import('./devtools.js')", "await loadPackageJson()"];

/** Yoga's code for WebAssembly, within a text. */
const CODE = /"(data:application\/octet-stream;base64,)([A-Za-z0-9+/=]{10000,})"/;

/** Compresses that code: the archive of a package can't do much with base64. @param {string} text */
function withCodeCompressed(text) {
  const [whole, head, code] = CODE.exec(text) ?? [];
  if (whole === undefined || code === undefined) throw new SetupError("Yoga holds its code in another way", "look at scripts/setup/browse-bundle.mjs");
  const small = brotliCompressSync(Buffer.from(code, "base64")).toString("base64");
  const made = `"${String(head)}" + brotliDecompressSync(Buffer.from("${small}", "base64")).toString("base64")`;
  return `import { brotliDecompressSync } from "node:zlib";\n${text.replace(whole, () => made)}`;
}

/** @type {import("esbuild").Plugin} */
const inkAsScript = {
  name: "ink-as-script",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^yoga-layout$/ }, () => ({ path: "yoga", namespace: "kgdump" }));
    onLoad({ filter: /^yoga$/, namespace: "kgdump" }, () => ({ contents: YOGA, resolveDir: ROOT }));
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({ contents: withCodeCompressed(await readFile(path, "utf8")) }));
    // One version of it, and without a table of all emoji, does for all.
    onResolve({ filter: /^string-width$/ }, () => ({ path: inProject("node_modules", "string-width", "index.js") }));
    // Whoever browses sits at a terminal, whatever the environment says of a CI.
    onResolve({ filter: /^is-in-ci$/ }, () => ({ path: "is-in-ci", namespace: "kgdump" }));
    onLoad({ filter: /^is-in-ci$/, namespace: "kgdump" }, () => ({ contents: "export default false;" }));
    onLoad({ filter: /ink\/build\/reconciler\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (FOR_DEVELOPERS.some((part) => !text.includes(part))) throw new SetupError("ink loads its tools for developers in another way", "look at scripts/setup/browse-bundle.mjs");
      return { contents: FOR_DEVELOPERS.reduce((rest, part) => rest.replace(part, "undefined"), text) };
    });
  },
};

/** Makes it. @param {typeof import("esbuild")} esbuild @param {string} outfile */
export async function bundleBrowser(esbuild, outfile) {
  await esbuild.build({
    absWorkingDir: ROOT,
    stdin: { contents: ENTRY, resolveDir: inProject(), sourcefile: "browse.js" },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.15",
    format: "cjs",
    // Without what React says to developers only.
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [inkAsScript],
    minify: true,
    legalComments: "none",
    logLevel: "silent",
  });
}
