// @ts-check
import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { temporaryDirectory } from "./temporary.mjs";

/**
 * A folder with the launcher of bundles and a bundle that prints a word.
 * @param {import("ava").ExecutionContext} t
 * @param {string} word
 */
async function folderWith(t, word) {
  const folder = await temporaryDirectory(t);
  for (const name of ["bin", "dist"]) await mkdir(join(folder, name));
  for (const name of ["bundle.js", "package.json"]) await cp(join("bin", name), join(folder, "bin", name));
  await writeBundle(folder, word);
  return folder;
}

/**
 * @param {string} folder
 * @param {string} word
 */
const writeBundle = (folder, word) => writeFile(join(folder, "dist", "bundle.cjs"), `const say = () => "${word}";\nexports.run = () => process.stdout.write(say());\n`);

/** @param {string} folder */
const codePath = (folder) => join(folder, "dist", "bundle.code");

/**
 * What the bundle prints.
 * @param {string} folder
 * @param {"runBundle" | "runBundleAndSaveCode"} how
 */
const run = (folder, how = "runBundle") => execFileSync(process.execPath, ["-e", `require("./bin/bundle.js").${how}()`], { cwd: folder, encoding: "utf8" });

test("a bundle runs without saved code, saves it, and runs with it", async (t) => {
  const folder = await folderWith(t, "one");
  t.is(run(folder), "one");
  t.is(run(folder, "runBundleAndSaveCode"), "one");
  t.true((await readFile(codePath(folder))).length > 100);
  t.is(run(folder), "one");
});

test("code that was saved of another source is not run, though both are as long", async (t) => {
  const folder = await folderWith(t, "one");
  run(folder, "runBundleAndSaveCode");
  await writeBundle(folder, "two");
  t.is(run(folder), "two");
});

test("what esbuild leaves as it is, such as a regular expression, may have any characters", async (t) => {
  const folder = await folderWith(t, "one");
  await writeFile(join(folder, "dist", "bundle.cjs"), "exports.run = () => process.stdout.write(String(/^[ä…]$/.test(String.fromCodePoint(0x2026))));\n");
  t.is(run(folder, "runBundleAndSaveCode"), "true");
  t.is(run(folder), "true");
});

test("what few commands use of Node is loaded when it is used", async (t) => {
  const folder = await folderWith(t, "one");
  const isLoaded = 'process.moduleLoadList.includes("NativeModule child_process")';
  await writeFile(join(folder, "dist", "bundle.cjs"), `const { say } = { say: require("node:child_process") };\nexports.run = () => process.stdout.write([${isLoaded}, typeof say.spawn, ${isLoaded}, require.resolve("node:fs")].join());\n`);
  t.is(run(folder), "false,function,true,node:fs");
  // Commander and the pager have it, too.
  const script = `process.argv.splice(1, 0, "kgdump"); process.on("exit", () => process.stderr.write(String(${isLoaded}))); require("./bin/bundle.js").runBundle();`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", script, "--", "--help"], { encoding: "utf8" });
  t.deepEqual([status, stdout.slice(0, 13), stderr], [0, "Usage: kgdump", "false"]);
});

test("damaged code is not run", async (t) => {
  const folder = await folderWith(t, "one");
  run(folder, "runBundleAndSaveCode");
  const code = await readFile(codePath(folder));
  for (const length of [0, 10, 40, code.length - 1]) {
    await writeFile(codePath(folder), code.subarray(0, length));
    t.is(run(folder), "one");
  }
  for (let at = 0; at < code.length; at += Math.ceil(code.length / 20)) {
    const damaged = Buffer.from(code);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    await writeFile(codePath(folder), damaged);
    t.is(run(folder), "one");
  }
});

test("the program that tests start is the bundle of what was compiled", async (t) => {
  const saved = await readFile(codePath("."));
  t.true(saved.length > 100_000);
  const bundle = await readFile(join("dist", "bundle.cjs"), "utf8");
  // What Node would otherwise look for, one by one.
  t.false(/require\("(?:\.(?!\/(?:zstddec|browse\.cjs))|commander|cli-|pretty-bytes|smol-toml|valibot)/.test(bundle));
  t.is(execFileSync(process.execPath, ["bin/kgdump.js", "--version"], { encoding: "utf8" }), execFileSync(process.execPath, ["dist/cli/main.js", "--version"], { encoding: "utf8" }));
});

test("the bundle has the library, too: it does not run the program", async (t) => {
  const names = execFileSync(process.execPath, ["-e", 'process.stdout.write(Object.keys(require("./dist/bundle.cjs").library).join())'], { encoding: "utf8" });
  t.deepEqual(names.split(",").toSorted(), Object.keys(await import("../../dist/index.js")).toSorted());
  // Node shows the line of an error that nobody catches.
  for (const line of (await readFile(join("dist", "bundle.cjs"), "utf8")).split("\n")) t.true(line.length < 1000, line);
});

test("what draws the browser lies apart: no other command reads it", async (t) => {
  const [bundle, browser] = await Promise.all(["bundle.cjs", "browse.cjs"].map((name) => readFile(join("dist", name), "utf8")));
  t.is(bundle?.match(/browse\.cjs/g)?.length, 1);
  t.false(/react-|yoga|ansi-escapes/i.test(bundle ?? ""));
  t.true(/brotliDecompressSync/.test(browser ?? "") && /1049h/.test(browser ?? ""));
  // Bytes to download, of the 150 KB that it may take.
  t.true(gzipSync(browser ?? "", { level: 9 }).length < 140_000);
});
