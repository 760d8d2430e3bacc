// @ts-check
/** A rehearsal of what a stranger does: the packages, an empty folder, no network, no compiler; a store goes out and comes in again. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { inProject } from "../setup/paths.mjs";
import { run } from "../setup/run.mjs";
import { SetupError } from "../setup/setup-error.mjs";

/** What the rehearsal may find in PATH, beside Node and npm: what npm and the pipe need. */
const PROGRAMS = ["sh", "env"];
const RECORDS = "20K";

/**
 * @param {readonly string[]} archives of kgdump and of all that it takes
 * @param {string} platform
 * @throws {SetupError} when something does not work
 */
export async function rehearse(archives, platform) {
  const work = await mkdtemp(join(tmpdir(), "kgdump-rehearsal-"));
  try {
    const env = await bareEnvironment(work);
    const store = join(work, "store");
    await run(process.execPath, [inProject("bench", "graph.mjs"), "--records", RECORDS, "--out", store], { failure: "the sample store can't be made" });
    const [reader = ""] = archives.filter((archive) => /^kgdump-\d/.test(basename(archive)));
    const all = await installed(join(work, "all"), archives, env);
    const alone = await installed(join(work, "alone"), [reader], env, "--omit=optional");
    const said = (/** @type {string} */ place, /** @type {string} */ line) => run("sh", ["-c", line], { cwd: place, env, failure: `\`${line}\` fails in ${place}` });
    await said(all, `npx kgdump export ${store} -o a.kgd && npx kgdump export ${store} --codec zstd | npx kgdump import sled && npx kgdump restore rocksdb -i a.kgd`);
    await said(all, `npx kgdump verify a.kgd --against ${store} --against sled --against rocksdb`);
    const start = performance.now();
    await said(all, "npx kgdump inspect a.kgd");
    report(`npx kgdump inspect: ${((performance.now() - start) / 1000).toFixed(2)} s once it is installed`);
    await said(alone, `npx kgdump inspect ${all}/a.kgd && npx kgdump verify ${all}/a.kgd --graph && npx kgdump report ${all}/a.kgd -o a.html`);
    for (const command of ["stats --schema", "graph"]) {
      const [own, other] = await Promise.all([alone, all].map((place) => said(place, `npx kgdump ${command} ${all}/a.kgd`)));
      const untimed = (/** @type {string} */ text) => text.replace(/read in [\d.]+ m?s/, "");
      if (untimed(own ?? "") !== untimed(other ?? "")) throw new SetupError(`kgdump ${command} says something else without addons`);
    }
    await said(alone, `node --input-type=module -e 'import { openDump } from "kgdump"; const dump = await openDump("${all}/a.kgd"); let count = 0; for await (const entry of dump) count += 1; if (count < 1000) throw new Error(String(count)); await dump.close()'`);
    const refused = await said(alone, `npx kgdump export ${store} -o b.kgd 2>&1 || true`);
    const wanted = new RegExp(`npm install @kgdump/(?:blocks|rocksdb)-${platform}@`);
    if (!refused.includes("[ADDON_MISSING]") || !wanted.test(refused)) throw new SetupError(`without its addons, export does not say ${String(wanted)} but ${refused}`);
    report("export, import, restore, verify and inspect work from the packages; the reader works alone");
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The same with what needs no Node: it is unpacked, and linked into a directory of PATH.
 * @param {{ archive: string, debian: string | null }} made
 * @throws {SetupError} when something does not work
 */
export async function rehearseStandalone({ archive, debian }) {
  const work = await mkdtemp(join(tmpdir(), "kgdump-rehearsal-"));
  try {
    const bin = join(work, "bin");
    await mkdir(bin);
    for (const name of ["sh", "dirname", "readlink"]) await symlink(join("/usr/bin", name), join(bin, name));
    const store = join(work, "store");
    await run(process.execPath, [inProject("bench", "graph.mjs"), "--records", RECORDS, "--out", store], { failure: "the sample store can't be made" });
    await run("tar", ["--extract", "--gzip", `--file=${archive}`, `--directory=${work}`], { failure: `${archive} can't be unpacked` });
    const ways = [join(work, basename(archive, ".tar.gz"), "bin", "kgdump")];
    if (debian !== null) {
      await run("dpkg-deb", ["--extract", debian, join(work, "debian")], { failure: `${debian} can't be unpacked` });
      ways.push(join(work, "debian", "usr", "bin", "kgdump"));
    }
    for (const [index, way] of ways.entries()) {
      const place = join(work, `way-${String(index)}`);
      await mkdir(place);
      await symlink(way, join(place, "kgdump"));
      const line = `kgdump export ${store} -o a.kgd && kgdump export ${store} --codec zstd | kgdump import sled && kgdump restore rocksdb -i a.kgd && kgdump verify a.kgd --against ${store} --against sled --against rocksdb && kgdump inspect a.kgd`;
      await run("sh", ["-c", line], { cwd: place, env: { PATH: [place, bin].join(delimiter), HOME: join(work, "home") }, failure: `${way} fails` });
    }
    report(`${[archive, debian].filter((file) => file !== null).map((file) => basename(file)).join(" and ")}: export, import, restore, verify and inspect work without Node`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Installs archives into an empty folder.
 * @param {string} place
 * @param {readonly string[]} archives
 * @param {NodeJS.ProcessEnv} env
 * @param {...string} options of npm
 */
async function installed(place, archives, env, ...options) {
  await mkdir(place);
  await writeFile(join(place, "package.json"), "{}");
  const start = performance.now();
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", ...options, ...archives], { cwd: place, env, failure: "the packages can't be installed" });
  report(`npm install --offline ${options.join(" ")} of ${String(archives.length)} packages: ${((performance.now() - start) / 1000).toFixed(2)} s, ${(await readdir(join(place, "node_modules"))).filter((name) => !name.startsWith(".")).join(", ")}`);
  return place;
}

/** An environment with an empty cache of npm, no home, and nothing in PATH that compiles. @param {string} work @returns {Promise<NodeJS.ProcessEnv>} */
async function bareEnvironment(work) {
  const bin = join(work, "bin");
  await mkdir(bin);
  const own = dirname(process.execPath);
  for (const name of ["node", "npm", "npx"]) await symlink(join(own, name), join(bin, name));
  for (const name of PROGRAMS) {
    const found = ["/bin", "/usr/bin"].map((directory) => join(directory, name)).find((path) => existsSync(path));
    if (found !== undefined) await symlink(found, join(bin, name));
  }
  return { PATH: bin, HOME: join(work, "home"), npm_config_cache: join(work, "npm"), KGDUMP_CACHE_DIR: join(work, "cache"), NODE_PATH: "" };
}

/** @param {string} line */
function report(line) {
  process.stderr.write(`rehearsal: ${line}\n`);
}
