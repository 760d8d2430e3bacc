// @ts-check
/** The programs that set-up needs: each missing one ends it with one line that says what to install. */
import { SetupError } from "./setup-error.mjs";
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
  const install = "install it with rustup (https://rustup.rs), or `brew install rust`";
  for (const [name, result] of /** @type {const} */ ([["rustc", rustc], ["cargo", cargo]])) {
    if (result.status === null) throw new SetupError(`Rust is needed for the native addons, and ${result.reason}: ${install}`);
    if (result.status !== 0) {
      throw new SetupError(`\`${name}\` does not work: run \`rustup default stable\``, result.stderr.trimEnd());
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
  throw new SetupError(
    `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing: install with \`apt install build-essential\`, ` +
      "`dnf install gcc gcc-c++` or `xcode-select --install`",
  );
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
  throw new SetupError("npm is missing: install it with Node.js 20 (`nvm install 20`), or `apt install npm`");
}
