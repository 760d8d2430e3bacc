// @ts-check
/** The package `kgdump`: the program and the library, each as one file, with all JavaScript that they need. Native code comes by optional dependencies. */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import esbuild from "esbuild";
import { writePages } from "../man.mjs";
import { inProject, ROOT } from "../setup/paths.mjs";

/** What lies in it as it does in the project. */
const AS_IT_IS = ["bin", "dist/bundle.cjs", "LICENSE", "README.md", "SECURITY.md", "THIRD_PARTY_LICENSES.md"];
/** Fields of package.json that it keeps. */
const KEPT = ["name", "version", "description", "license", "type", "engines", "bin", "exports"];
/** Native code of others: without it zstd is read, and not written. */
const ZSTD = "@mongodb-js/zstd";

/**
 * Writes the package.
 * @param {string} directory an empty one
 * @param {Readonly<Record<string, string>>} addons packages with addons, and their versions
 */
export async function writeReader(directory, addons) {
  for (const name of AS_IT_IS) await cp(inProject(name), join(directory, name), { recursive: true });
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ["dist/index.js"],
    outfile: join(directory, "dist", "index.js"),
    bundle: true,
    platform: "node",
    target: "node20.15",
    format: "esm",
    external: [ZSTD],
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "silent",
  });
  await copyTypes(inProject("dist", "index.d.ts"), directory, new Set());
  const man = (await writePages(join(directory, "man"))).map((name) => `./man/${name}`);
  /** @type {Record<string, unknown> & { dependencies: Record<string, string> }} */
  const own = JSON.parse(await readFile(inProject("package.json"), "utf8"));
  const kept = Object.fromEntries(KEPT.map((name) => [name, own[name]]));
  await writeFile(join(directory, "package.json"), `${JSON.stringify({ ...kept, man, optionalDependencies: { ...addons, [ZSTD]: own.dependencies[ZSTD] } }, null, 2)}\n`);
}

/**
 * Copies a file of types, and those that it takes types from.
 * @param {string} file
 * @param {string} directory of the package
 * @param {Set<string>} seen
 */
async function copyTypes(file, directory, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const text = await readFile(file, "utf8");
  const target = join(directory, relative(ROOT, file));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
  for (const [, path = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g)) await copyTypes(join(dirname(file), `${path}.d.ts`), directory, seen);
}
