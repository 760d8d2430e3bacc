// @ts-check
/**
 * The copy of the published sled crate that native/sled is compiled with, through `[patch.crates-io]` of its manifest:
 * the crate's files, our own beside them, and a few edits, all of which `native/sled/loader/edits.json` lists. Nothing of
 * sled's source is in the repository.
 *
 * Cargo fetches the crate and checks it; it is checked here once more, against the SHA-256 in that list. An edit whose
 * text is not found exactly once ends the set-up.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { filesBelow, fingerprint, textOf } from "./fingerprint.mjs";
import { inProject } from "./paths.mjs";
import { run } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { filesOfTar } from "./tar.mjs";
import { rustCompiler } from "./tools.mjs";

/**
 * @typedef {object} Recipe
 * @property {string} crate
 * @property {string} version
 * @property {string} sha256 of the .crate file, as cargo's index and lock files have it
 * @property {Record<string, string>} files our files, and where they go in the copy
 * @property {{ why: string, file: string, find: string, replace: string }[]} edits
 */

const LOADER = inProject("native", "sled", "loader");
const COPY = inProject("native", "sled", "sled-copy");
const STAMP = ".made-of";

/** The scripts that make the copy, for the fingerprint of a build. */
export const sledCopyScripts = ["sled-copy.mjs", "tar.mjs"].map((name) => inProject("scripts", "setup", name));

/**
 * Makes the copy, or leaves it when it was made of the same things.
 * @throws {SetupError} when the crate cannot be fetched or is not the one that the edits are for
 */
export async function prepareSledCopy() {
  const stamp = await fingerprint(LOADER, [...(await filesBelow(LOADER)), ...sledCopyScripts]);
  if ((await textOf(join(COPY, STAMP))) === stamp) return;
  /** @type {Recipe} */
  const recipe = JSON.parse(await readFile(join(LOADER, "edits.json"), "utf8"));
  const files = await crateFiles(recipe);
  for (const edit of recipe.edits) applyEdit(files, edit, recipe);
  for (const [source, target] of Object.entries(recipe.files)) files.set(target, await readFile(join(LOADER, source)));
  files.set(STAMP, Buffer.from(stamp));
  await write(files);
}

/**
 * The content of the published crate, by path.
 * @param {Recipe} recipe
 * @returns {Promise<Map<string, Buffer>>}
 */
async function crateFiles(recipe) {
  const name = `${recipe.crate}-${recipe.version}`;
  const path = await fetchCrate(recipe, name);
  const archive = await readFile(path).catch(() => {
    throw new SetupError(`${path} is missing: remove CARGO_HOME's registry/src/*/${name}, so that cargo fetches it again`);
  });
  const found = createHash("sha256").update(archive).digest("hex");
  if (found !== recipe.sha256) {
    throw new SetupError(`${path} has SHA-256 ${found} and not ${recipe.sha256}: remove it, so that cargo fetches it again`);
  }
  const files = new Map();
  for (const { name: file, content } of filesOfTar(await promisify(gunzip)(archive))) {
    const inside = file.startsWith(`${name}/`) ? file.slice(name.length + 1) : "";
    if (inside === "" || inside.split("/").includes("..")) throw new SetupError(`${path} holds a file ${file}`);
    files.set(inside, content);
  }
  return files;
}

/**
 * @param {Recipe} recipe
 * @param {string} name
 * @returns {Promise<string>} path of the .crate file, which cargo has fetched when this returns
 */
async function fetchCrate(recipe, name) {
  const { host } = await rustCompiler();
  const manifest = `--manifest-path=${join(LOADER, "source", "Cargo.toml")}`;
  const args = ["metadata", "--format-version=1", "--locked", `--filter-platform=${host}`, manifest];
  const json = await run("cargo", args, { failure: `${name} cannot be fetched` });
  /** @type {{ packages: { name: string, version: string, manifest_path: string }[] }} */
  const { packages } = JSON.parse(json);
  const found = packages.find((crate) => crate.name === recipe.crate && crate.version === recipe.version);
  if (found === undefined) throw new SetupError(`cargo does not know ${name}`);
  // CARGO_HOME/registry/src/<registry>/<name>/Cargo.toml was unpacked from CARGO_HOME/registry/cache/<registry>/<name>.crate.
  const registry = dirname(dirname(found.manifest_path));
  return join(dirname(dirname(registry)), "cache", registry.slice(dirname(registry).length + 1), `${name}.crate`);
}

/**
 * @param {Map<string, Buffer>} files
 * @param {Recipe["edits"][number]} edit
 * @param {Recipe} recipe
 */
function applyEdit(files, { file, find, replace }, recipe) {
  const parts = (files.get(file)?.toString("utf8") ?? "").split(find);
  if (parts.length !== 2) {
    const times = parts.length === 1 ? "not" : `${String(parts.length - 1)} times`;
    throw new SetupError(`${file} of ${recipe.crate} ${recipe.version} has the text of an edit ${times}: ${JSON.stringify(find)}`);
  }
  files.set(file, Buffer.from(parts.join(replace)));
}

/**
 * Puts the copy in its place at once, so that a set-up that is killed leaves none or a whole one.
 * @param {Map<string, Buffer>} files
 */
async function write(files) {
  const staging = await mkdtemp(`${COPY}-`);
  try {
    for (const [file, content] of files) {
      const path = join(staging, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    await rm(COPY, { recursive: true, force: true });
    await rename(staging, COPY).catch((/** @type {NodeJS.ErrnoException} */ error) => {
      // Another set-up was quicker with the same copy.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
