#!/usr/bin/env node
// @ts-check
/**
 * Makes the packages that are published, build/packages/*.tgz, and rehearses with those of this platform.
 *
 *     node scripts/package.mjs                                   for this platform
 *     node scripts/package.mjs linux-x64-gnu linux-arm64-gnu     for these, as far as this machine can build them
 *     node scripts/package.mjs --as-built                        for this platform, with the addons of this clone: for a rehearsal
 *     node scripts/package.mjs --named darwin-arm64             for this platform, and kgdump names those of others that are made elsewhere
 *     node scripts/package.mjs --standalone                      and what runs where there is no Node: an archive, and a package for Debian
 */
import "./setup/node-version.mjs";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { runScript, setUp } from "./setup.mjs";
import { inProject } from "./setup/paths.mjs";
import { run } from "./setup/run.mjs";
import { SetupError } from "./setup/setup-error.mjs";
import { checkCrossCompiler } from "./setup/tools.mjs";
import { addonNames, writeAddons } from "./package/addons.mjs";
import { PLATFORMS } from "./package/platforms.mjs";
import { writeReader } from "./package/reader.mjs";
import { writeBillOfMaterials } from "./package/sbom.mjs";
import { squeeze } from "./package/squeeze.mjs";
import { writeStandalone } from "./package/standalone.mjs";
import { rehearse, rehearseStandalone } from "./package/rehearsal.mjs";

const OUTPUT = inProject("build", "packages");
/** Bytes to download: what reads dumps, and all of it. */
const MOST = { reader: 1_000_000, everything: 10_000_000 };

/**
 * @param {readonly string[]} names of platforms
 * @param {{ asBuilt: boolean, standalone: boolean, named: readonly string[] }} options whether this clone's addons are taken; whether what needs no Node is made, too; and
 *   platforms whose packages are made elsewhere
 */
async function makePackages(names, { asBuilt, standalone, named }) {
  await setUp();
  const own = await import(inProject("dist", "prebuilt.js")).then((/** @type {typeof import("../dist/prebuilt.js")} */ { platformName }) => platformName());
  const platforms = (names.length === 0 ? [own] : names).map(platformOf);
  for (const { tools } of platforms) if (tools !== "" && !asBuilt) await checkCrossCompiler(tools);
  const absent = named.map(platformOf);
  const staging = await mkdtemp(join(tmpdir(), "kgdump-package-"));
  try {
    await rm(OUTPUT, { recursive: true, force: true });
    await mkdir(OUTPUT, { recursive: true });
    /** @type {string[]} */
    const directories = [];
    const place = async (/** @type {string} */ name) => {
      const directory = join(staging, ...name.split("/"));
      await mkdir(directory, { recursive: true });
      directories.push(directory);
      return directory;
    };
    /** @type {{ version: string }} */
    const { version } = JSON.parse(await readFile(inProject("package.json"), "utf8"));
    /** @type {Record<string, string>} */
    const addons = {};
    for (const platform of platforms) Object.assign(addons, await writeAddons(platform, version, place, asBuilt));
    const elsewhere = Object.fromEntries(absent.flatMap((platform) => addonNames(platform)).map((name) => [name, version]));
    await writeReader(await place("kgdump"), { ...elsewhere, ...addons });
    for (const directory of directories) await checkForm(directory);
    const made = await pack(directories);
    // A rehearsal need not wait for it.
    if (!asBuilt) await squeeze(made);
    // What kgdump takes of others, as it is installed here.
    const others = ["zstd", `zstd-${own}`].map((name) => inProject("node_modules", "@mongodb-js", name));
    directories.push(...others);
    const packed = [...made, ...(await pack(others))];
    await writeBillOfMaterials(join(OUTPUT, "sbom.cdx.json"), version);
    await checkSizes(packed, !asBuilt && platforms.length === 1);
    const [platform] = platforms.filter(({ name }) => name === own);
    if (platform === undefined) return;
    await rehearse(packed, own);
    if (standalone) await rehearseStandalone(await writeStandalone(directories.filter((directory) => !/@kgdump/.test(directory) || directory.endsWith(own)), platform, version, { staging, output: OUTPUT }));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** @param {string} name */
function platformOf(name) {
  const platform = PLATFORMS[name];
  if (platform === undefined) throw new SetupError(`there are no packages for ${name}, only for ${Object.keys(PLATFORMS).join(", ")}`);
  return platform;
}

/**
 * What npm, Node and bundlers would stumble over.
 * @param {string} directory of a package
 */
async function checkForm(directory) {
  // Set-up installs it.
  const [{ publint }, { formatMessage }] = await Promise.all([import("publint"), import("publint/utils")]);
  const { messages, pkg } = await publint({ pkgDir: directory, strict: true });
  if (messages.length > 0) throw new SetupError(`${basename(directory)}: ${messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code).join("; ")}`);
}

/**
 * @param {readonly string[]} directories
 * @returns {Promise<string[]>} the archives
 */
async function pack(directories) {
  /** @type {string[]} */
  const packed = [];
  for (const directory of directories) {
    const text = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", OUTPUT, directory], { failure: `npm can't pack ${directory}` });
    /** @type {{ filename: string }[]} */
    const [made] = JSON.parse(text);
    packed.push(join(OUTPUT, made?.filename.replace("@", "").replace("/", "-") ?? ""));
  }
  return packed;
}

/**
 * @param {readonly string[]} archives
 * @param {boolean} published whether they are all that one machine downloads
 */
async function checkSizes(archives, published) {
  let everything = 0;
  for (const archive of archives) {
    const { size } = await stat(archive);
    process.stderr.write(`package: ${archive}: ${size.toLocaleString("en")} bytes\n`);
    if (/\/kgdump-\d[^/]*$/.test(archive) && size > MOST.reader) throw new SetupError(`${archive} has more than ${String(MOST.reader)} bytes`);
    everything += size;
  }
  process.stderr.write(`package: ${everything.toLocaleString("en")} bytes in all\n`);
  if (published && everything > MOST.everything) throw new SetupError(`the packages have ${String(everything)} bytes, more than ${String(MOST.everything)}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "as-built": { type: "boolean", default: false }, standalone: { type: "boolean", default: false }, named: { type: "string", multiple: true, default: [] } },
});
await runScript("packages", () => makePackages(positionals, { asBuilt: values["as-built"], standalone: values.standalone, named: values.named }));
