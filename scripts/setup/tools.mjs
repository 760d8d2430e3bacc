// @ts-check
/** The programs that set-up needs: those that are missing end it with one line each that says what to install. */
import { readdir } from "node:fs/promises";
import { MissingTool, SetupError } from "./setup-error.mjs";
import { tryRun } from "./run.mjs";

/** The oldest Rust that the crates' dependencies compile with: `rust-version` in native/<crate>/Cargo.toml. */
const OLDEST_RUST = [1, 88];

/**
 * What `rustc -vV` says, which names the version and the host.
 * @returns {Promise<{ text: string, host: string }>}
 * @throws {SetupError} when Rust is missing or too old
 */
export async function rustCompiler() {
  const [rustc, cargo] = await Promise.all([tryRun("rustc", ["-vV"]), tryRun("cargo", ["-V"])]);
  const install = `install it with rustup (https://rustup.rs)${process.platform === "darwin" ? ", or `brew install rust`" : ""}`;
  for (const [name, result] of /** @type {const} */ ([["rustc", rustc], ["cargo", cargo]])) {
    if (result.status === null) throw new MissingTool(`Rust is needed for the native addons, and ${result.reason}: ${install}`);
    if (result.status !== 0) {
      const why = result.stderr.split("\n").find((line) => line.trim() !== "") ?? `exit status ${String(result.status)}`;
      throw new MissingTool(`Rust is needed for the native addons, and \`${name}\` does not work (${why.trim().slice(0, 200)}): run \`rustup default stable\``);
    }
  }
  const version = /^release: (\d+)\.(\d+)/m.exec(rustc.stdout);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_RUST;
  if (!(major > oldestMajor || (major === oldestMajor && minor >= oldestMinor))) {
    const found = rustc.stdout.split("\n")[0] ?? "";
    throw new SetupError(`Rust ${OLDEST_RUST.join(".")} or newer is needed, and this is ${found}: run \`rustup update stable\``);
  }
  return { text: rustc.stdout.trim(), host: /^host: (\S+)/m.exec(rustc.stdout)?.[1] ?? "" };
}

/**
 * Checks for what a compilation needs besides Rust.
 * @throws {SetupError}
 */
export async function checkCompilers() {
  const missing = [];
  for (const [language, command] of [
    ["C", process.env["CC"] ?? "cc"],
    ["C++", process.env["CXX"] ?? "c++"],
  ]) {
    const [program = "", ...args] = (command ?? "").split(" ");
    if ((await tryRun(program, [...args, "--version"])).status !== 0) missing.push(`a ${String(language)} compiler (${program})`);
  }
  if (missing.length === 0) return;
  const install = process.platform === "darwin" ? "`xcode-select --install`" : "`apt install build-essential` or `dnf install gcc gcc-c++`";
  throw new MissingTool(`${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing: install with ${install}`);
}

/**
 * Looks for the compiler of another machine, whose other tools come with it.
 * @param {string} prefix what their names begin with, such as `aarch64-linux-gnu-`
 * @throws {MissingTool}
 */
export async function checkCrossCompiler(prefix) {
  if ((await tryRun(`${prefix}g++`, ["--version"])).status === 0) return;
  throw new MissingTool(`${prefix}g++ is missing: Debian has it in g++-${prefix.slice(0, -1)}`);
}

/**
 * Checks for Rust's own library for another platform, and has rustup get it where it is missing.
 * @param {string} target
 * @throws {MissingTool}
 */
export async function checkRustTarget(target) {
  const { stdout } = await tryRun("rustc", ["--print=target-libdir", `--target=${target}`]);
  if ((await readdir(stdout.trim()).catch(() => [])).length > 0) return;
  const { status } = await tryRun("rustup", ["target", "add", target]);
  if (status !== 0) throw new MissingTool(`Rust's library for ${target} is missing: \`rustup target add ${target}\` gets it`);
}

/**
 * How to start npm: the one that runs this script, or the one in the PATH.
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand() {
  const own = process.env["npm_execpath"];
  return own?.endsWith(".js") ? { command: process.execPath, args: [own] } : { command: "npm", args: [] };
}

/** @throws {SetupError} when there is no npm */
export async function checkNpm() {
  const { command, args } = npmCommand();
  if ((await tryRun(command, [...args, "--version"])).status === 0) return;
  throw new MissingTool("npm is missing: install it with Node.js 20 (`nvm install 20`), or `apt install npm`");
}

/** @throws {SetupError} when Maven, which fetches RocksDB's library, is missing */
export async function checkMaven() {
  if ((await tryRun("mvn", ["--version"])).status === 0) return;
  const install = process.platform === "darwin" ? "`brew install maven`" : "`apt install maven`";
  throw new MissingTool(`Maven, which fetches RocksDB's library, is missing: install it with ${install}, or set KGDUMP_ROCKSDB_LIB to a RocksDB library`);
}

/**
 * The error that names all that is missing, once something is.
 * @param {MissingTool} first
 * @param {readonly (() => Promise<unknown>)[]} checks each throws a MissingTool when a program is missing
 * @returns {Promise<SetupError>} the first, when nothing else is
 */
export async function allMissing(first, checks) {
  const told = new Set();
  for (const check of checks) {
    await check().catch((/** @type {unknown} */ error) => {
      if (error instanceof MissingTool) told.add(error.message);
    });
  }
  told.add(first.message);
  if (told.size < 2) return first;
  return new SetupError(`${String(told.size)} things are missing, named above: install them, then run this again`, [...told].map((line) => `set-up: ${line}`).join("\n"));
}
