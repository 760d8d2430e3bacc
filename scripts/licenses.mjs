#!/usr/bin/env node
// @ts-check
/**
 * Gathers the licences of all that a package of kgdump ships: crates and the C libraries in them, RocksDB's library and what is linked into it, npm packages.
 *
 *     node scripts/licenses.mjs        writes THIRD_PARTY_LICENSES.md; lint checks that it is up to date
 */
import "./setup/node-version.mjs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ADDON_CRATES, ROCKSDB } from "./setup/crates.mjs";
import { textOf } from "./setup/fingerprint.mjs";
import { inProject } from "./setup/paths.mjs";
import { run } from "./setup/run.mjs";
import { SetupError } from "./setup/setup-error.mjs";
import { prepareSledCopy } from "./setup/sled-copy.mjs";

/** @typedef {{ name: string, version: string, license: string, text: string }} Part */
/** @typedef {{ id: string, name: string, version: string, license: string | null, authors: string[], source: string | null, manifest_path: string, targets: { kind: string[] }[] }} Package */
/** @typedef {{ packages: Package[], resolve: { root: string, nodes: { id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }[] } }} Metadata */

const LICENSES = inProject("THIRD_PARTY_LICENSES.md");

/** What may be shipped in a package under the MIT licence. */
const ALLOWED = new Set(["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "0BSD", "Unlicense", "BSL-1.0", "bzip2-1.0.6"]);

/** Systems that packages are made for. */
const PLATFORMS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "aarch64-apple-darwin"];

/** C and C++ within crates. RocksDB's release library is linked with the same libraries, so that their texts are these. @type {Record<string, { name: string, license: string, files: string[] }[]>} */
const LIBRARIES = {
  "librocksdb-sys": [
    { name: "RocksDB", license: "Apache-2.0", files: ["rocksdb/LICENSE.Apache", "rocksdb/LICENSE.leveldb"] },
    { name: "snappy", license: "BSD-3-Clause", files: ["snappy/COPYING"] },
  ],
  "lz4-sys": [{ name: "lz4", license: "BSD-2-Clause", files: ["liblz4/lib/LICENSE"] }],
  "zstd-sys": [{ name: "zstd", license: "BSD-3-Clause", files: ["zstd/LICENSE"] }],
  "libz-sys": [{ name: "zlib", license: "Zlib", files: ["src/zlib/LICENSE"] }],
  "bzip2-sys": [{ name: "bzip2", license: "bzip2-1.0.6", files: ["bzip2-1.0.8/LICENSE"] }],
};

/** Whether something under this licence may be shipped: one of its alternatives is known, with all that this one consists of. @param {string} license an SPDX expression */
export function isAllowed(license) {
  return license.replace(/^\((.*)\)$/, "$1").split(/ OR |\//).some((alternative) => alternative.split(" AND ").every((one) => ALLOWED.has(one)));
}

/**
 * The texts of a directory; where MIT can be chosen, that one.
 * @param {string} directory
 * @param {string} otherwise what stands for a text that is not there
 */
async function textIn(directory, otherwise) {
  const names = (await readdir(directory)).filter((name) => /^(?:licen[cs]e|copying|notice|unlicense)/i.test(name)).sort();
  const mit = names.filter((name) => /mit/i.test(name));
  return (await textsOf(directory, mit.length > 0 ? mit : names)) || otherwise;
}

/** @param {string} directory @param {readonly string[]} names */
async function textsOf(directory, names) {
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return texts.map((text) => text.replaceAll("\r\n", "\n").replaceAll(/[ \t]+$/gm, "").replace(/^\n+/, "").trimEnd()).join("\n\n");
}

/** Crates that are linked into an addon. @param {Metadata} metadata @returns {Package[]} */
function linkedCrates({ packages, resolve }) {
  const [crates, nodes] = [new Map(packages.map((crate) => [crate.id, crate])), new Map(resolve.nodes.map((node) => [node.id, node]))];
  /** @type {Map<string, Package>} */
  const found = new Map();
  const waiting = [resolve.root];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const crate = crates.get(id);
    // What runs while others are compiled is not linked.
    if (crate === undefined || found.has(id) || crate.targets.some(({ kind }) => kind.includes("proc-macro"))) continue;
    found.set(id, crate);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id)?.deps ?? []) if (kinds.some(({ kind }) => kind === null)) waiting.push(pkg);
  }
  return [...found.values()];
}

/** @returns {Promise<Part[]>} */
async function crateParts() {
  await prepareSledCopy();
  const parts = [];
  for (const crate of ADDON_CRATES) {
    const args = ["metadata", "--format-version=1", "--locked", ...PLATFORMS.map((platform) => `--filter-platform=${platform}`), ...(crate === ROCKSDB ? ["--features=source"] : [])];
    const text = await run("cargo", [...args, `--manifest-path=${join(crate.directory, "Cargo.toml")}`], { failure: `the crates of ${crate.name} are not known` });
    for (const { name, version, license, authors, manifest_path: manifest } of linkedCrates(JSON.parse(text)).filter((one) => !one.name.startsWith("kgdump"))) {
      const directory = dirname(manifest);
      const otherwise = `The crate holds no text. Its authors: ${authors.join(", ") || "not named"}.`;
      parts.push({ name: `${name} (crate)`, version, license: license ?? "none", text: await textIn(directory, otherwise) });
      for (const library of LIBRARIES[name] ?? []) parts.push({ name: library.name, version: `in ${name} ${version}`, license: library.license, text: await textsOf(directory, library.files) });
    }
  }
  return parts;
}

/** @returns {Promise<Part[]>} */
async function npmParts() {
  /** @type {{ packages: Record<string, { version?: string, license?: string, dev?: boolean, devOptional?: boolean, peer?: boolean, os?: string[] }> }} */
  const { packages } = JSON.parse(await readFile(inProject("package-lock.json"), "utf8"));
  const shipped = Object.entries(packages).filter(([path, one]) => path !== "" && one.dev !== true && one.devOptional !== true && one.peer !== true);
  return Promise.all(
    shipped.map(async ([path, { version = "", license = "none", os }]) => {
      const otherwise = "The package holds no text.";
      // Those of other systems are not installed.
      const text = os === undefined ? await textIn(inProject(...path.split("/")), otherwise) : otherwise;
      return { name: `${path.slice(path.lastIndexOf("node_modules/") + 13)} (npm)`, version, license, text };
    }),
  );
}

/** @param {readonly Part[]} parts */
function page(parts) {
  const sorted = [...new Map(parts.map((part) => [`${part.name} ${part.version}`, part])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
  /** @type {Map<string, string[]>} */
  const texts = new Map();
  for (const { name, version, text } of sorted) texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
  return [
    "# Licences of what kgdump ships",
    "",
    "Made by `node scripts/licenses.mjs`; lint checks that it is up to date. Where a licence can be chosen, MIT is. RocksDB's release library is linked with the libraries that are listed here in their crates.",
    "",
    "| what | version | licence |",
    "| --- | --- | --- |",
    ...sorted.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    ...[...texts].flatMap(([text, names]) => ["", `## ${names.join(", ")}`, "", "~~~text", text, "~~~"]),
    "",
  ].join("\n");
}

/**
 * What is wrong with the file of licences, and what is shipped under a licence that is not allowed.
 * @param {{ write?: boolean }} [options] whether the file is written when it is not up to date
 * @returns {Promise<string>} "" when all is good
 */
export async function wrongLicenses({ write = false } = {}) {
  const parts = [...(await crateParts()), ...(await npmParts())];
  const wrong = parts.filter(({ license }) => !isAllowed(license)).map(({ name, version, license }) => `${name} ${version}: the licence ${license} is not among those that may be shipped (scripts/licenses.mjs)`);
  const now = page(parts);
  if ((await textOf(LICENSES)) !== now) {
    if (write) await writeFile(LICENSES, now);
    else wrong.push("THIRD_PARTY_LICENSES.md is not up to date: run `node scripts/licenses.mjs`");
  }
  return wrong.join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const wrong = await wrongLicenses({ write: true });
  if (wrong !== "") throw new SetupError(wrong);
}
