#!/usr/bin/env node
// @ts-check
/**
 * Checks the code without running it: rules and layout, layers, types of the scripts, lengths of files, the page of the library, what TypeScript says of the addons, circles of Rust files,
 * the crates, and the licences of what is shipped.
 *
 *     node scripts/lint.mjs [ts | rust] [--fix]     all of it, or one half; --fix mends what a tool can
 */
import "./setup/node-version.mjs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { filesTooLong } from "./file-size.mjs";
import { wrongLicenses } from "./licenses.mjs";
import { rustCircles } from "./rust-circles.mjs";
import { runScript, setUp } from "./setup.mjs";
import { ADDON_CRATES, OWN_CRATES, SLED } from "./setup/crates.mjs";
import { withCargo } from "./setup/native.mjs";
import { inProject, ROOT } from "./setup/paths.mjs";
import { tryRun } from "./setup/run.mjs";
import { SetupError } from "./setup/setup-error.mjs";

/** @typedef {{ name: string, check: () => Promise<string> }} Check `check` resolves to what is wrong, or to "" */

/**
 * A check by a package of node_modules.
 * @param {string} name
 * @param {string} program path below node_modules
 * @param {...string} args
 * @returns {Check}
 */
const byPackage = (name, program, ...args) => ({
  name,
  check: () => outcome(process.execPath, [inProject("node_modules", ...program.split("/")), ...args]),
});

/** @param {boolean} fix @returns {Check[]} */
const javascriptChecks = (fix) => [
  byPackage("eslint", "eslint/bin/eslint.js", "--max-warnings=0", ...(fix ? ["--fix"] : []), "."),
  byPackage("layers", "dependency-cruiser/bin/dependency-cruise.mjs", "src", "--config", ".dependency-cruiser.cjs"),
  byPackage("types of scripts", "typescript/bin/tsc", "-p", "scripts"),
  { name: "file lengths", check: async () => (await filesTooLong()).join("\n") },
  // Only now: it needs packages, which set-up may have to install first.
  { name: "tests of what is promised", check: async () => (await import("./promises.mjs")).checkPromises() },
  { name: "page of the library", check: async () => (await import("./library-docs.mjs")).wrongLibraryPage({ write: fix }) },
  { name: "types of the addons", check: async () => (await (await import("./addon-types.mjs")).wrongAddonTypes()).join("\n") },
  { name: "circles of Rust files", check: async () => (await rustCircles(ADDON_CRATES.map(({ directory }) => directory), ROOT)).join("\n") },
];

/** @param {boolean} fix @returns {Check[]} */
const rustChecks = (fix) => [...OWN_CRATES.flatMap((crate) => {
  const manifest = `--manifest-path=${join(crate.directory, "Cargo.toml")}`;
  return [
    { name: `rustfmt ${crate.name}`, check: () => outcome("cargo", ["fmt", ...(fix ? [] : ["--check"]), manifest]) },
    {
      name: `clippy ${crate.name}`,
      check: () => withCargo(crate, (env) => outcome("cargo", ["clippy", "--locked", "--all-targets", manifest, "--", "-D", "warnings"], env)),
    },
  ];
}), { name: "rustfmt native/sled/loader", check: () => formatLoader(fix) }, { name: "clippy native/sled/loader", check: clippyLoader }, { name: "licences of what is shipped", check: () => wrongLicenses({ write: fix }) }];

const LOADER = join(SLED.directory, "loader");

/** Our files that are compiled within the copy of sled, and where they lie in it. @returns {Promise<[source: string, inCopy: string][]>} */
async function loaderFiles() {
  /** @type {import("./setup/sled-copy.mjs").Recipe} */
  const { files } = JSON.parse(await readFile(join(LOADER, "edits.json"), "utf8"));
  return Object.entries(files).map(([source, inCopy]) => [join(LOADER, source), join("sled-copy", inCopy)]);
}

/** Rustfmt takes them one by one: cargo would format the copy, which it does not know as ours. @param {boolean} fix */
async function formatLoader(fix) {
  const sources = (await loaderFiles()).map(([source]) => source);
  return outcome("rustfmt", [...(fix ? [] : ["--check"]), "--edition", "2018", "--config-path", join(SLED.directory, "rustfmt.toml"), ...sources]);
}

/**
 * Cargo runs clippy for its own crates only, so clippy is put in the compiler's place, in a target directory of its own, where
 * nothing is taken for checked that was merely compiled. Of what it says, that about our files counts.
 */
async function clippyLoader() {
  return withCargo(SLED, clippyLoaderIn);
}

/** @param {NodeJS.ProcessEnv} env */
async function clippyLoaderIn(env) {
  const own = { ...env, RUSTC_WRAPPER: "clippy-driver", CARGO_TARGET_DIR: join(env["CARGO_TARGET_DIR"] ?? SLED.directory, "loader-clippy") };
  const manifest = `--manifest-path=${join(SLED.directory, "Cargo.toml")}`;
  const result = await tryRun("cargo", ["check", "--locked", "-p", "sled", "--message-format=json", manifest], { cwd: ROOT, env: own });
  if (result.status !== 0) return `${result.stderr}${result.reason}`.trim() || `exit status ${String(result.status)}`;
  const ours = (await loaderFiles()).map(([, inCopy]) => inCopy);
  const complaints = [];
  for (const line of result.stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    /** @type {{ message?: { rendered: string, spans: { file_name: string }[] } }} */
    const { message } = JSON.parse(line);
    if (message?.spans.some(({ file_name: file }) => ours.some((name) => file.endsWith(name)))) complaints.push(message.rendered);
  }
  return complaints.join("\n");
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
async function outcome(command, args, env) {
  const result = await tryRun(command, args, { cwd: ROOT, env });
  if (result.status === 0) return "";
  if (/is not installed for the toolchain|no such command/.test(result.stderr)) {
    return "rustfmt and clippy are needed: run `rustup component add rustfmt clippy`";
  }
  return `${result.stdout}${result.stderr}${result.reason}`.trim() || `exit status ${String(result.status)}`;
}

/** @typedef {"ts" | "rust"} Half */

/**
 * Runs the checks and prints a line for each, after what is wrong.
 * @param {{ halves?: readonly Half[], fix?: boolean }} [options] default: both halves, and nothing is changed
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function lint({ halves = ["ts", "rust"], fix = false } = {}) {
  /** @type {string[]} */
  const failed = [];
  /** @param {readonly Check[]} checks */
  const runAll = async (checks) => {
    for (const { name, check } of checks) {
      const start = performance.now();
      const complaint = await check();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      if (complaint !== "") {
        failed.push(`lint: ${name}`);
        process.stdout.write(`${complaint}\n`);
      }
      process.stdout.write(`lint: ${name}: ${complaint === "" ? "good" : "FAILED"} (${seconds} s)\n`);
    }
  };
  await Promise.all(halves.map((half) => runAll(half === "ts" ? javascriptChecks(fix) : rustChecks(fix))));
  return failed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript("lint", async () => {
    const args = process.argv.slice(2);
    const halves = /** @type {const} */ (["ts", "rust"]).filter((half) => args.includes(half));
    const odd = args.find((arg) => !["ts", "rust", "--fix"].includes(arg));
    if (odd !== undefined) throw new SetupError(`lint: ${odd} is not known: [ts | rust] [--fix]`, "", 2);
    await setUp({ tests: true });
    if ((await lint({ ...(halves.length > 0 ? { halves } : {}), fix: args.includes("--fix") })).length > 0) process.exitCode = 1;
  });
}
