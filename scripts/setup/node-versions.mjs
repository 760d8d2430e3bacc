// @ts-check
/**
 * Node of each version that kgdump supports, for tests of the library: the one that runs this, and others from npm's registry, pinned, in the cache.
 *
 *     node scripts/setup/node-versions.mjs        gets all of them; says where they are
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { exists, publishEntry, touchEntry, withLock } from "./cache.mjs";
import { CACHE } from "./paths.mjs";
import { tryRun } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { filesOfTar } from "./tar.mjs";

/** By major version: which one is taken, and the SHA-512 of its archive by platform, as npm's lock files have it. @type {Readonly<Record<number, { version: string, integrity: Readonly<Record<string, string>> }>>} */
const PINS = {
  20: { version: "20.20.2", integrity: { "linux-x64": "sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==" } },
  22: { version: "22.23.3", integrity: { "linux-x64": "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==" } },
  24: { version: "24.22.1", integrity: { "linux-x64": "sha512-ogMoFZRQLCX7VpzQAtfs7q0DVFa7D79LKhmttHZNGJrz0Yp5/LtU0MISM7gvThSo6AbVelac9uVu9Jfm1464ow==" } },
};

/** The major versions that the library is tried with. */
export const MAJORS = Object.keys(PINS).map(Number);

/**
 * The program of a version of Node.
 * @param {number} major
 * @returns {Promise<string>} absolute path
 * @throws {SetupError} when it can't be had; says why
 */
export async function nodeOf(major) {
  if (process.versions.node.startsWith(`${String(major)}.`)) return process.execPath;
  return (await pinnedNode(major)).program;
}

/**
 * Node of the registry, whichever version runs this.
 * @param {number} major
 * @returns {Promise<{ program: string, license: string }>} absolute paths
 * @throws {SetupError} when it can't be had; says why
 */
export async function pinnedNode(major) {
  const platform = `${process.platform}-${process.arch}`;
  const pin = PINS[major];
  const integrity = pin?.integrity[platform];
  if (pin === undefined || integrity === undefined) throw new SetupError(`no Node ${String(major)} is known for ${platform}`);
  const entry = join(CACHE, "node", `${pin.version}-${platform}-with-license`);
  const [program, license] = [join(entry, "node"), join(entry, "LICENSE")];
  await mkdir(join(CACHE, "locks"), { recursive: true });
  await withLock(join(CACHE, "locks", `node-${String(major)}.lock`), async () => {
    if (await exists(license)) return touchEntry(entry);
    const files = await fetchNode(`node-${platform}@${pin.version}`, integrity);
    return publishEntry(entry, async (staging) => {
      for (const [name, content] of Object.entries(files)) await writeFile(join(staging, name), content, { mode: 0o755 });
    });
  });
  return { program, license };
}

/**
 * @param {string} name of the package, with its version
 * @param {string} integrity
 * @returns {Promise<Readonly<Record<"node" | "LICENSE", Buffer>>>} the program in it, and its licence
 */
async function fetchNode(name, integrity) {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-node-"));
  try {
    const result = await tryRun("npm", ["pack", name, "--ignore-scripts", "--silent", "--pack-destination", directory], { cwd: directory });
    const [archive] = (await readdir(directory)).filter((file) => file.endsWith(".tgz"));
    if (result.status !== 0 || archive === undefined) throw new SetupError(`npm can't fetch ${name} (${result.reason || result.stderr.trim().split("\n")[0] || "no archive"})`);
    const bytes = await readFile(join(directory, archive));
    const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    if (found !== integrity) throw new SetupError(`${name} from the registry has ${found} and not ${integrity}: it is not used`);
    const files = filesOfTar(gunzipSync(bytes));
    const [node, license] = ["bin/node", "LICENSE"].map((wanted) => files.find((file) => file.name === `package/${wanted}`)?.content);
    if (node === undefined || license === undefined) throw new SetupError(`${name} holds no bin/node, or no LICENSE`);
    return { node, LICENSE: license };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const major of MAJORS) {
    try {
      process.stdout.write(`${String(major)}\t${await nodeOf(major)}\n`);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    }
  }
}
