// @ts-check
/** The package of the reader: installed alone, without network, it reads dumps; what it lacks is told with the command that gets it. */
import { execFile } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { publint } from "publint";
import { isNewer, neededVersions } from "../../scripts/package/needs.mjs";
import { PLATFORMS } from "../../scripts/package/platforms.mjs";
import { writeReader } from "../../scripts/package/reader.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";
import { MissingTool } from "../../scripts/setup/setup-error.mjs";
import { checkCrossCompiler } from "../../scripts/setup/tools.mjs";
import { temporaryDirectory } from "./temporary.mjs";

const run = promisify(execFile);
const VERSION = "0.1.0";
/** What a published package names: this machine's platform, whichever it is, and another. */
const OTHERS = Object.fromEntries(["sled", "rocksdb", "blocks"].flatMap((addon) => ["linux-x64-gnu", "linux-x64-musl", "linux-arm64-gnu"].map((platform) => [`@kgdump/${addon}-${platform}`, VERSION])));

/** @param {import("ava").ExecutionContext} t @returns {Promise<{ place: string, kgdump: (...args: string[]) => Promise<{ code: number, stdout: string, stderr: string }> }>} */
async function installed(t) {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "kgdump"));
  await writeReader(join(directory, "kgdump"), OTHERS);
  t.deepEqual((await publint({ pkgDir: join(directory, "kgdump"), strict: true })).messages, []);
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", directory, join(directory, "kgdump")]);
  /** @type {{ filename: string, size: number }[]} */
  const [packed] = JSON.parse(stdout);
  t.true((packed?.size ?? Infinity) < 1_000_000, `${String(packed?.size)} bytes`);
  const place = join(directory, "app");
  await mkdir(place);
  await writeFile(join(place, "package.json"), "{}");
  await run("npm", ["install", "--offline", "--omit=optional", "--no-audit", "--no-fund", join(directory, packed?.filename ?? "")], { cwd: place, env: { ...process.env, npm_config_cache: join(directory, "npm") } });
  const program = join(place, "node_modules", "kgdump", "bin", "kgdump.js");
  const kgdump = (/** @type {string[]} */ ...args) =>
    run(process.execPath, [program, ...args], { cwd: place }).then(
      ({ stdout: out, stderr }) => ({ code: 0, stdout: out, stderr }),
      (/** @type {{ code: number, stdout: string, stderr: string }} */ error) => error,
    );
  return { place, kgdump };
}

test("the reader, installed alone", async (t) => {
  t.timeout(5 * 60_000);
  const { place, kgdump } = await installed(t);
  for (const codec of ["lz4-mixed", "zstd"]) {
    const dump = inProject("format-spec", "vectors", "valid", `codec-${codec}.kgd`);
    for (const command of ["inspect", "verify", "stats"]) t.like(await kgdump(command, dump), { code: 0, stderr: "" }, `${command} ${codec}`);
    t.regex((await kgdump("stats", dump, "--grep", "(")).stderr, /unclosed group \[USAGE\]/);
    t.like(JSON.parse((await kgdump("graph", dump, "--json")).stdout), { graph: { layout: "none", problems: 0 } });
  }
  const program = `import { openDump } from "kgdump"; const dump = await openDump(process.argv[1]); for await (const { key } of dump) console.log(key.toString("hex")); await dump.close();`;
  const dump = inProject("format-spec", "vectors", "valid", "codec-lz4-mixed.kgd");
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program, dump], { cwd: place });
  t.true(stdout.length > 0);
  const missing = await kgdump("import", "store", "-i", dump);
  t.is(missing.code, 1);
  t.regex(missing.stderr, /needs? the package @kgdump\/(sled|blocks)-\S+, which is not installed: npm leaves it out[^]*\[ADDON_MISSING\]\n {2}hint: `npm install @kgdump\/(sled|blocks)-\S+@0\.1\.0` in \S+ gets it/);
  t.true(missing.stderr.includes(place));
  await t.throwsAsync(stat(join(place, "store")), { code: "ENOENT" });
  await mkdir(join(place, "node_modules", "@kgdump", "blocks-darwin-arm64"), { recursive: true });
  t.regex((await kgdump("import", "store", "-i", dump)).stderr, /@kgdump\/blocks-darwin-arm64 is there, as node_modules was made on another system/);
});

test("types of the package name nothing that is not in it", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeReader(directory, OTHERS);
  await writeFile(join(directory, "use.mts"), 'import { openDump, type Dump } from "./dist/index.js";\nexport const open = openDump;\nexport type Use = Dump;\n');
  const compiler = inProject("node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [compiler, "--ignoreConfig", "--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,esnext.disposable", "--types", "node", "--typeRoots", inProject("node_modules", "@types"), join(directory, "use.mts")]).catch((/** @type {{ stdout: string }} */ error) => error);
  t.is(stdout, "");
});

test("what a library needs, and which version is newer", async (t) => {
  const needs = await neededVersions(inProject("native", "blocks", "build", "kgdump_blocks.node"));
  if (process.platform === "linux") t.regex(needs.get("GLIBC") ?? "", /^2\.\d+/);
  for (const [newer, older] of [["2.34", "2.28"], ["2.3.4", "2.3"], ["2.10", "2.9"], ["3", "2.99"]]) {
    t.true(isNewer(newer ?? "", older ?? ""));
    t.false(isNewer(older ?? "", newer ?? ""));
  }
  t.false(isNewer("2.28", "2.28"));
});

test("platforms are named as the program names them", async (t) => {
  for (const [name, { os, cpu, libc, target }] of Object.entries(PLATFORMS)) {
    const kind = libc === null ? "" : libc === "musl" ? "-musl" : "-gnu";
    t.is(name, `${os}-${cpu}${kind}`);
    t.true(target.startsWith(cpu === "x64" ? "x86_64-" : "aarch64-") && target.endsWith(os === "darwin" ? "-apple-darwin" : kind));
  }
  t.regex(await readFile(inProject("native", "rocksdb", "build.rs"), "utf8"), /librocksdb-\{os\}-\{arch\}-\{\}/);
});

test("a compiler of another machine that is missing is named, with who has it", async (t) => {
  const error = await t.throwsAsync(checkCrossCompiler("no-such-machine-"), { instanceOf: MissingTool });
  t.is(error?.message, "no-such-machine-g++ is missing: Debian has it in g++-no-such-machine");
});
