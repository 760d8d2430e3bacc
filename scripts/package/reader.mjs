// @ts-check
/** The package `kgdump`: the program and the library in one file, with all JavaScript that they need. Native code comes by optional dependencies. */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { writePages } from "../man.mjs";
import { LOOKING_WASM } from "../setup/crates.mjs";
import { buildCrates } from "../setup/native.mjs";
import { inProject, ROOT } from "../setup/paths.mjs";

/** What lies in it as it does in the project. */
const AS_IT_IS = ["bin", "dist/bundle.cjs", "dist/zstddec.cjs", "dist/browse.cjs", "native/looking-wasm/build/kgdump_looking.wasm.br", "LICENSE", "README.md", "SECURITY.md", "THIRD_PARTY_LICENSES.md"];
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
  await buildCrates([LOOKING_WASM]);
  for (const name of AS_IT_IS) await cp(inProject(name), join(directory, name), { recursive: true });
  await writeFile(join(directory, "dist", "index.js"), await libraryOf(inProject("dist", "index.js")));
  await copyTypes(inProject("dist", "index.d.ts"), directory, new Set());
  const man = (await writePages(join(directory, "man"))).map((name) => `./man/${name}`);
  /** @type {Record<string, unknown> & { dependencies: Record<string, string> }} */
  const own = JSON.parse(await readFile(inProject("package.json"), "utf8"));
  const kept = Object.fromEntries(KEPT.map((name) => [name, own[name]]));
  await writeFile(join(directory, "package.json"), `${JSON.stringify({ ...kept, man, optionalDependencies: { ...addons, [ZSTD]: own.dependencies[ZSTD] } }, null, 2)}\n`);
}

/**
 * The library as a module that takes it from the program's file: importers, and their bundlers, find its names.
 * @param {string} index the compiled library of this clone
 */
async function libraryOf(index) {
  const names = Object.keys(/** @type {object} */ (await import(pathToFileURL(index).href)));
  return `import bundle from "./bundle.cjs";\nexport const { ${names.join(", ")} } = bundle.library;\n`;
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
