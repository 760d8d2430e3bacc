// @ts-check
import { execFile, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";
import test from "ava";
import { exists, prune, publishEntry, refuseForeignCache, removeWhenLarge, withLock } from "../../scripts/setup/cache.mjs";
import { CRATES } from "../../scripts/setup/crates.mjs";
import { filesBelow, fingerprint } from "../../scripts/setup/fingerprint.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";
import { LIBRARIES, RELEASE_VERSION, releaseBinary } from "../../scripts/setup/release-library.mjs";
import { announcement } from "../../scripts/setup/steps.mjs";
import { stream } from "../../scripts/setup/stream.mjs";
import { readFromZip } from "../../scripts/setup/zip.mjs";
import { temporaryDirectory } from "./temporary.mjs";

/**
 * A ZIP archive, written as PKWARE's APPNOTE describes it.
 * @param {Record<string, { content: Buffer, deflate: boolean }>} files
 */
function zipOf(files) {
  /** @type {Buffer[]} */
  const parts = [];
  /** @type {Buffer[]} */
  const directory = [];
  let offset = 0;
  for (const [name, { content, deflate }] of Object.entries(files)) {
    const packed = deflate ? zlib.deflateRawSync(content) : content;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(zlib.crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), packed]);
    const placed = Buffer.alloc(14);
    placed.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\u0001\u0002\u0014\u0000"), common, placed, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, entries, end]);
}

test("a file comes out of a ZIP archive as it went in", (t) => {
  const big = Buffer.from("kgdump ".repeat(10_000));
  const archive = zipOf({ "a.txt": { content: Buffer.from("a"), deflate: false }, "lib/b.so": { content: big, deflate: true } });
  t.deepEqual(readFromZip(archive, "lib/b.so"), big);
  t.deepEqual(readFromZip(archive, "a.txt"), Buffer.from("a"));
  t.is(readFromZip(archive, "b.so"), undefined);
});

test("a damaged ZIP archive is refused", (t) => {
  const archive = zipOf({ "a.txt": { content: Buffer.from("some text"), deflate: false } });
  const at = archive.indexOf("some text");
  archive.writeUInt8(0x20, at);
  t.throws(() => readFromZip(archive, "a.txt"), { message: /damaged/ });
  t.throws(() => readFromZip(archive.subarray(0, archive.length - 30), "a.txt"), { message: /not a ZIP/ });
});

test("of two entries with one key the first stays, and nothing else is left", async (t) => {
  const directory = await temporaryDirectory(t);
  const entry = join(directory, "native", "key");
  const make = (/** @type {string} */ text) => publishEntry(entry, (staging) => writeFile(join(staging, "file"), text));
  await Promise.all([make("same"), make("same")]);
  await t.throwsAsync(publishEntry(join(directory, "native", "other"), () => Promise.reject(new Error("no compiler"))));
  t.is(await readFile(join(entry, "file"), "utf8"), "same");
  t.deepEqual(await readdir(join(directory, "native")), ["key"]);
});

test("the digest of RocksDB's library is in the source for every machine that there is one for", (t) => {
  const files = new Set();
  for (const platform of ["linux", "darwin", "win32"]) {
    for (const arch of ["x64", "arm64", "ppc64", "s390x", "riscv64", "ia32"]) {
      for (const glibc of [undefined, "2.36"]) {
        const binary = releaseBinary({ platform, arch, glibc });
        if (typeof binary !== "string") files.add(`${RELEASE_VERSION}-${binary.file}`);
      }
    }
  }
  t.is(files.size, 12);
  t.deepEqual([...files].sort(), Object.keys(LIBRARIES).sort());
  for (const digest of Object.values(LIBRARIES)) t.regex(digest, /^[0-9a-f]{64}$/);
  t.is(new Set(Object.values(LIBRARIES)).size, files.size);
  t.is(typeof releaseBinary({ platform: "linux", arch: "x64", glibc: "2.29" }), "string");
});

test("a cache that others may write, or that is another user's, is refused before anything in it is run", async (t) => {
  const cache = await temporaryDirectory(t);
  await t.notThrowsAsync(refuseForeignCache(cache));
  await t.notThrowsAsync(refuseForeignCache(join(cache, "none")));
  await chmod(cache, 0o775);
  await t.notThrowsAsync(refuseForeignCache(cache));
  await chmod(cache, 0o777);
  await t.throwsAsync(refuseForeignCache(cache), { message: /may be written by others.*KGDUMP_CACHE_DIR/ });
  const { status, stderr } = spawnSync(process.execPath, [inProject("scripts", "setup.mjs")], { env: { ...process.env, KGDUMP_CACHE_DIR: cache }, encoding: "utf8" });
  t.is(status, 1, stderr);
  t.regex(stderr, /set-up failed: the cache .* may be written by others/);
  t.deepEqual(await readdir(cache), []);
  if (process.geteuid?.() !== 0) {
    t.log("SKIPPED: this needs root, who gives things away");
    return;
  }
  await chmod(cache, 0o775);
  await chown(cache, 0, 54_321);
  await t.throwsAsync(refuseForeignCache(cache), { message: /may be written by others/ });
  await chmod(cache, 0o700);
  await chown(cache, 54_321, 54_321);
  await t.throwsAsync(refuseForeignCache(cache), { message: /belongs to another user \(54321\)/ });
});

test("pruning keeps what was used last, and what a set-up fills right now", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const [i, name] of ["oldest", "older", "newer", ".staging", ".abandoned"].entries()) {
    await mkdir(join(directory, name));
    const used = new Date(name === ".abandoned" ? Date.now() - 48 * 3600 * 1000 : Date.now() - 60_000 + i * 1000);
    await utimes(join(directory, name), used, used);
  }
  await prune(directory, 2);
  t.deepEqual((await readdir(directory)).sort(), [".staging", "newer", "older"]);
});

test("cargo forgets the project's own crates, and nothing else, until it has made too much", async (t) => {
  const target = await temporaryDirectory(t);
  const known = join(target, "release", ".fingerprint");
  for (const name of ["kgdump_rocksdb-1", "kgdump-sled-2", "napi-3"]) {
    await mkdir(join(known, name), { recursive: true });
    await writeFile(join(known, name, "lib"), "0123456789");
  }
  await removeWhenLarge(target, 30);
  t.deepEqual(await readdir(known), ["napi-3"]);
  await removeWhenLarge(target, 9);
  t.false(await exists(target));
  await t.notThrowsAsync(() => removeWhenLarge(target, 9));
});

test("cargo is let at what all clones compile in one at a time", async (t) => {
  const code = `
    import { CRATES } from ${JSON.stringify(pathToFileURL(inProject("scripts", "setup", "crates.mjs")))};
    import { withCargo } from ${JSON.stringify(pathToFileURL(inProject("scripts", "setup", "native.mjs")))};
    const crate = CRATES.find(({ usesRocksdb, usesSledCopy }) => !usesRocksdb && !usesSledCopy);
    let inside = 0;
    const enter = () => withCargo(crate, async (env) => {
      console.log(++inside, env.CARGO_TARGET_DIR !== undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
      inside--;
    });
    await Promise.all([enter(), enter()]);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], { env: { ...process.env, KGDUMP_CACHE_DIR: await temporaryDirectory(t) } });
  t.is(stdout, "1 true\n1 true\n");
});

test("the lock lets one in at a time, and a dead holder's lock is taken over", async (t) => {
  const lock = join(await temporaryDirectory(t), "locks", "target.lock");
  let inside = 0;
  let most = 0;
  const enter = () =>
    withLock(lock, async () => {
      most = Math.max(most, ++inside);
      await sleep(20);
      inside--;
    });
  await Promise.all([enter(), enter(), enter()]);
  t.is(most, 1);
  t.false(await exists(lock));

  await writeFile(lock, "1\n");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  await enter();
  t.false(await exists(lock));
});

test("a fingerprint tells contents, names and texts apart, not places", async (t) => {
  const [one, other] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  for (const directory of [one, other]) await writeFile(join(directory, "a.rs"), "fn main() {}");
  const of = async (/** @type {string} */ base, /** @type {string[]} */ ...texts) => fingerprint(base, await filesBelow(base), texts);
  const key = await of(one, "rustc 1");
  t.is(await of(other, "rustc 1"), key);
  t.not(await of(other, "rustc 2"), key);
  await writeFile(join(other, "a.rs"), "fn main() { }");
  t.not(await of(other, "rustc 1"), key);
  await writeFile(join(one, "b.rs"), "");
  t.not(await of(one, "rustc 1"), key);
});

/**
 * Runs Node to its end. The tests that do so run alone: others of this file go by the time.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
async function runNode(args, env = process.env) {
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { env }, (_error, stdout, stderr) => {
      done({ status: child.exitCode, stdout, stderr });
    });
  });
}

test.serial("all programs that are missing are named at once, a line each", async (t) => {
  const cache = await temporaryDirectory(t);
  const env = { PATH: "/nowhere", HOME: tmpdir(), KGDUMP_CACHE_DIR: cache };
  const { status, stdout, stderr } = await runNode([inProject("scripts", "setup.mjs")], env);
  t.is(status, 1);
  t.is(stdout, "");
  t.regex(stderr, /^set-up: Rust is needed[^\n]*rustup[^\n]*\nset-up: a C compiler \(cc\) and a C\+\+ compiler \(c\+\+\) are missing: [^\n]*\nset-up: Maven, [^\n]*KGDUMP_ROCKSDB_LIB[^\n]*\nset-up failed: 3 things are missing[^\n]*\n$/);
  // What is not needed is not asked for.
  const named = await runNode([inProject("scripts", "setup.mjs")], { ...env, KGDUMP_ROCKSDB_LIB: "/some/librocksdb.so" });
  t.regex(named.stderr, /set-up failed: 2 things are missing/);
});

test.serial("a Rust without a toolchain is one line", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const name of ["rustc", "cargo"]) await writeFile(join(directory, name), "#!/bin/sh\necho 'error: rustup could not choose a version' >&2\nfor i in 1 2 3; do echo \"  $i: backtrace\" >&2; done\nexit 1\n", { mode: 0o755 });
  const env = { ...process.env, PATH: `${directory}:${process.env["PATH"] ?? ""}`, KGDUMP_CACHE_DIR: directory };
  const { status, stderr } = await runNode([inProject("scripts", "setup.mjs")], env);
  t.is(status, 1);
  t.regex(stderr, /Rust is needed[^\n]*rustup could not choose a version[^\n]*rustup default stable/);
  t.notRegex(stderr, /backtrace/);
});

test.serial("a cache that can't be written is told with the variable that names another", async (t) => {
  const directory = await temporaryDirectory(t);
  // A file where a directory is to be: nobody can write there, root neither.
  await writeFile(join(directory, "file"), "");
  const cache = join(directory, "file", "kgdump");
  await t.throwsAsync(publishEntry(join(cache, "native", "key"), () => Promise.resolve()), { name: "SetupError", message: /the cache .* cannot be written .*KGDUMP_CACHE_DIR/ });
  await t.throwsAsync(withLock(join(cache, "locks", "a.lock"), () => Promise.resolve()), { name: "SetupError", message: /KGDUMP_CACHE_DIR/ });
  const program = `
    const { runScript } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup.mjs")).href)});
    const { mkdir } = await import("node:fs/promises");
    await runScript("set-up", () => mkdir(${JSON.stringify(cache)}));`;
  const { status, stderr } = await runNode(["--input-type=module", "-e", program]);
  t.is(status, 1);
  t.regex(stderr, /^set-up failed: ENOTDIR: [^\n]*\n$/);
});

test.serial("without a network, packages are taken from npm's cache, and their lack is told in a line", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, "npm"), '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$@" > "$CALLS"\necho "npm error code EAI_AGAIN" >&2\nexit 1\n', { mode: 0o755 });
  const program = `
    const { runScript } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup.mjs")).href)});
    const { npmInstall } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup", "packages.mjs")).href)});
    await runScript("set-up", npmInstall);`;
  const calls = join(directory, "calls");
  const env = { PATH: `${directory}:${process.env["PATH"] ?? ""}`, CALLS: calls };
  const { status, stderr } = await runNode(["--input-type=module", "-e", program], env);
  t.is(status, 1);
  t.regex(await readFile(calls, "utf8"), /^ci .*--prefer-offline.*--fetch-retries=1/);
  t.regex(stderr, /^set-up: npm packages: installing, about 30 seconds the first time\nnpm error code EAI_AGAIN\nset-up failed: `npm ci` failed \(exit status 1\): there is no way to where packages are fetched from[^\n]*\n$/);
});

test("what takes long says so when it begins", (t) => {
  t.is(announcement("native/sled"), "compiling, about 4 minutes the first time");
  t.is(announcement("native/rocksdb"), "compiling, about 1.5 minutes the first time");
  t.is(announcement("npm packages"), "installing, about 30 seconds the first time");
  t.is(announcement("bundle"), null);
  for (const { name } of CRATES) t.regex(announcement(name) ?? "", /^compiling, about /, name);
});

test("without RocksDB, set-up ends before anything is compiled and leaves no lock behind", async (t) => {
  const cache = await temporaryDirectory(t);
  const program = `
    const { runScript } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup.mjs")).href)});
    const { buildCrates } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup", "native.mjs")).href)});
    const { CRATES } = await import(${JSON.stringify(pathToFileURL(inProject("scripts", "setup", "crates.mjs")).href)});
    const output = process.env.KGDUMP_CACHE_DIR + "/output";
    await runScript("set-up", () => buildCrates(CRATES.map((crate) => ({ ...crate, output }))));`;
  const env = { ...process.env, KGDUMP_CACHE_DIR: cache, KGDUMP_ROCKSDB: "", KGDUMP_ROCKSDB_LIB: join(cache, "none.so") };
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { env });
  const error = /** @type {{ code: number, stderr: string }} */ (await t.throwsAsync(run, { any: true }));
  t.is(error.code, 1);
  t.regex(error.stderr, /^set-up failed: KGDUMP_ROCKSDB_LIB names [^\n]*none\.so, which is not a file\n$/);
  t.deepEqual(await filesBelow(join(cache, "locks")), []);
  t.deepEqual(await filesBelow(join(cache, "native")), []);
});

test("a program that is silent for too long is ended, with all that it started", async (t) => {
  const { ok, output } = await stream("sh", ["-c", "trap '' INT; sleep 1000 & echo $!; wait"], { silenceMs: 500 });
  t.false(ok);
  const started = Number(output);
  t.true(started > 0);
  // One that nobody has waited for yet is a zombie.
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(started)], { encoding: "utf8" });
  t.regex(stdout, /^(Z.*)?\s*$/);
});

test("a program that prints from time to time may take as long as it needs", async (t) => {
  const { ok, output } = await stream("sh", ["-c", "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done"], { silenceMs: 3000 });
  t.true(ok);
  t.is(output, "1\n2\n3\n4\n5\n6\n7\n8\n");
});
