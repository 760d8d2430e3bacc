// @ts-check
/**
 * The programs of others whose stores the tests move (examples/real): installed once for this user, from the registries of
 * their languages, with the versions that the files there pin.
 *
 *     node scripts/setup/programs.mjs              installs all that is missing
 *     node scripts/setup/programs.mjs python       one of python, node, java, cozo; prints where it is
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exists, prune, publishEntry, touchEntry, withLock } from "./cache.mjs";
import { filesBelow, fingerprint } from "./fingerprint.mjs";
import { CACHE, inProject, ROOT } from "./paths.mjs";
import { run, tryRun } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { step } from "./steps.mjs";

const REAL = inProject("examples", "real");

/** Versions of each that are kept. */
const KEPT = 2;

/**
 * @typedef {object} Program
 * @property {readonly string[]} files what decides its content, below examples/real
 * @property {string} what its name in what is printed
 * @property {string} runtime the program that runs it
 * @property {readonly string[]} version arguments that make it tell its version
 * @property {(directory: string) => Promise<void>} install fills an empty directory
 */

/** @type {Record<string, Program>} */
const PROGRAMS = {
  python: {
    files: ["requirements.txt"],
    what: "Python programs",
    runtime: "python3",
    version: ["--version"],
    install: async (directory) => {
      await run("python3", ["-m", "venv", directory], { failure: "a virtual environment of Python can't be made (`apt install python3-venv`)" });
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--requirement", join(REAL, "requirements.txt")];
      await run(join(directory, "bin", "python3"), pip, { failure: "the packages of examples/real/requirements.txt can't be installed" });
    },
  },
  node: {
    files: ["package.json", "package-lock.json"],
    what: "npm programs",
    runtime: "npm",
    version: ["--version"],
    install: async (directory) => {
      for (const name of ["package.json", "package-lock.json"]) await cp(join(REAL, name), join(directory, name));
      await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], { cwd: directory, failure: "the packages of examples/real/package.json can't be installed" });
    },
  },
  java: {
    files: ["kafka-streams/pom.xml"],
    what: "Kafka Streams",
    runtime: "mvn",
    version: ["--version"],
    install: async (directory) => {
      const goal = ["--quiet", "--batch-mode", "--file", join(REAL, "kafka-streams", "pom.xml"), "dependency:copy-dependencies", `-DoutputDirectory=${directory}`];
      await run("mvn", goal, { failure: "the packages of examples/real/kafka-streams/pom.xml can't be installed" });
    },
  },
  cozo: {
    files: ["cozo-on-sled/Cargo.toml", "cozo-on-sled/Cargo.lock", "cozo-on-sled/src/main.rs"],
    what: "CozoDB on sled",
    runtime: "cargo",
    version: ["--version"],
    install: async (directory) => {
      // Outside of the project, where a test's clean-up never meets it.
      const target = `${directory}-target`;
      try {
        const build = ["build", "--quiet", "--locked", "--manifest-path", join(REAL, "cozo-on-sled", "Cargo.toml"), "--target-dir", target];
        await run("cargo", build, { failure: "examples/real/cozo-on-sled can't be compiled" });
        await cp(join(target, "debug", "cozo-on-sled"), join(directory, "cozo-on-sled"));
      } finally {
        await rm(target, { recursive: true, force: true });
      }
    },
  },
};

/**
 * Directory of a program, from the cache or installed now.
 * @param {string} name of PROGRAMS
 * @returns {Promise<string>} absolute path
 * @throws {SetupError} when it can't be installed; says why
 */
export async function installProgram(name) {
  const program = PROGRAMS[name];
  if (program === undefined) throw new SetupError(`${name} is none of ${Object.keys(PROGRAMS).join(", ")}`);
  const version = await tryRun(program.runtime, program.version);
  if (version.status !== 0) throw new SetupError(`${program.what}: \`${program.runtime}\` does not run (${version.reason || version.stderr.trim()})`);
  const key = await fingerprint(ROOT, program.files.map((file) => join(REAL, file)), [version.stdout]);
  const entry = join(CACHE, "programs", name, key);
  await mkdir(join(CACHE, "locks"), { recursive: true });
  await withLock(join(CACHE, "locks", `programs-${name}.lock`), async () => {
    if (await exists(entry)) await touchEntry(entry);
    else await step(program.what, () => publishEntry(entry, program.install), () => "installed");
  });
  await prune(join(CACHE, "programs", name), KEPT);
  return entry;
}

/** @param {string} directory @returns {Promise<string>} the class path of all libraries there */
export async function classPath(directory) {
  return (await filesBelow(directory)).filter((path) => path.endsWith(".jar")).join(":");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const names = process.argv.slice(2);
  try {
    for (const name of names.length === 0 ? Object.keys(PROGRAMS) : names) process.stdout.write(`${await installProgram(name)}\n`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.output}${error.output === "" ? "" : "\n"}${error.message}\n`);
    process.exitCode = 1;
  }
}
