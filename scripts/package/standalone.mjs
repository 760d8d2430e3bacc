// @ts-check
/** What runs where there is no Node: an archive to unpack anywhere, and a package for Debian and its like. Both hold the packages, as npm installs them, and Node. */
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { pinnedNode } from "../setup/node-versions.mjs";
import { tryRun, run } from "../setup/run.mjs";

/** The version of Node that goes with it: the newest whose support lasts for years. */
const NODE = 24;
/** Debian's names of processors. @type {Readonly<Record<string, string>>} */
const DEBIAN = { x64: "amd64", arm64: "arm64" };

const LAUNCHER = `#!/bin/sh
# May be linked into a directory of PATH.
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$home/lib/node" "$home/lib/node_modules/kgdump/bin/kgdump.js" "$@"
`;

/**
 * Writes kgdump-VERSION-PLATFORM.tar.gz and, where there is dpkg-deb, kgdump_VERSION_PROCESSOR.deb.
 * @param {readonly string[]} packages the folders of all that kgdump takes on this platform, and its own
 * @param {{ name: string, cpu: string }} platform
 * @param {string} version
 * @param {{ staging: string, output: string }} places an empty folder, and where the files go
 * @returns {Promise<{ archive: string, debian: string | null }>}
 * @throws {import("../setup/setup-error.mjs").SetupError} when Node can't be had, or a program fails
 */
export async function writeStandalone(packages, platform, version, { staging, output }) {
  const name = `kgdump-${version}-${platform.name}`;
  const tree = join(staging, name);
  await mkdir(join(tree, "bin"), { recursive: true });
  const modules = join(tree, "lib", "node_modules");
  for (const directory of packages) {
    /** @type {{ name: string }} */
    const { name: own } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
    await cp(directory, join(modules, own), { recursive: true });
  }
  const node = await pinnedNode(NODE);
  await cp(node.program, join(tree, "lib", "node"));
  await cp(node.license, join(tree, "lib", "LICENSE.node"));
  await writeFile(join(tree, "bin", "kgdump"), LAUNCHER);
  for (const file of ["bin/kgdump", "lib/node"]) await chmod(join(tree, file), 0o755);
  const archive = join(output, `${name}.tar.gz`);
  await run("tar", ["--create", "--gzip", "--owner=0", "--group=0", "--numeric-owner", `--file=${archive}`, `--directory=${staging}`, name], { failure: "the archive can't be written" });
  const debian = join(output, `kgdump_${version}_${DEBIAN[platform.cpu] ?? ""}.deb`);
  const root = await debianTree(tree, staging, platform, version);
  const { status } = await tryRun("dpkg-deb", ["--build", "--root-owner-group", "-Zxz", "-z2", root, debian]);
  await rm(root, { recursive: true });
  return { archive, debian: status === 0 ? debian : null };
}

/**
 * The same where Debian has such things.
 * @param {string} tree
 * @param {string} staging
 * @param {{ cpu: string }} platform
 * @param {string} version
 */
async function debianTree(tree, staging, { cpu }, version) {
  const root = join(staging, "debian");
  const man = join(root, "usr", "share", "man", "man1");
  for (const directory of [join(root, "DEBIAN"), join(root, "usr", "bin"), join(root, "usr", "lib"), man]) await mkdir(directory, { recursive: true });
  await rename(tree, join(root, "usr", "lib", "kgdump"));
  await symlink("../lib/kgdump/bin/kgdump", join(root, "usr", "bin", "kgdump"));
  const pages = join(root, "usr", "lib", "kgdump", "lib", "node_modules", "kgdump", "man");
  for (const page of await readdir(pages)) await writeFile(join(man, `${basename(page)}.gz`), await promisify(gzip)(await readFile(join(pages, page)), { level: 9 }));
  const control = [
    "Package: kgdump",
    `Version: ${version}`,
    `Architecture: ${DEBIAN[cpu] ?? ""}`,
    "Maintainer: the maintainers of kgdump",
    "Depends: libc6 (>= 2.28), libstdc++6",
    "Section: database",
    "Priority: optional",
    "Description: moves key-value stores from RocksDB to sled and back",
    " A store goes out into one checksummed, compressed file, which can be looked",
    " into, carried, verified and imported. Brings its own Node and RocksDB.",
  ];
  await writeFile(join(root, "DEBIAN", "control"), `${control.join("\n")}\n`);
  return root;
}
