/** What is said where an addon is missing: which package, why, and the one command. */
import { existsSync } from "node:fs";
import test from "ava";
import { addonPath } from "#src/addon.js";
import { type AddonPlaces, loaderOf, missingAddon, packageOf, platformName, unloadableAddon } from "#src/prebuilt.js";

const PREBUILT = { "@kgdump/sled-linux-x64-gnu": "0.2.0", "@kgdump/sled-darwin-arm64": "0.2.0", "@kgdump/blocks-linux-x64-gnu": "0.2.0" };
const PLACES: AddonPlaces = { prebuilt: PREBUILT, platform: "linux-x64-gnu", found: [], root: "/srv/app", built: "/srv/app/native/sled/build/kgdump_sled.node" };

test("the package that was left out", (t) => {
  const { code, message, hint } = missingAddon("sled", PLACES);
  t.is(code, "ADDON_MISSING");
  t.is(message, "sled stores need the package @kgdump/sled-linux-x64-gnu, which is not installed: npm leaves it out with --omit=optional, or when package-lock.json was made on another system");
  t.is(hint, "`npm install @kgdump/sled-linux-x64-gnu@0.2.0` in /srv/app gets it; dumps are read without");
  t.is(missingAddon("blocks", { ...PLACES, root: null }).hint, "`npm install -g @kgdump/blocks-linux-x64-gnu@0.2.0` gets it; dumps are read without");
});

test("the packages of another system", (t) => {
  t.regex(missingAddon("sled", { ...PLACES, found: ["@kgdump/sled-darwin-arm64"] }).message, /is not installed: @kgdump\/sled-darwin-arm64 is there, as node_modules was made on another system$/);
});

test("a system without packages", (t) => {
  const { message, hint = "" } = missingAddon("sled", { ...PLACES, platform: "linux-x64-musl" });
  t.is(message, "sled stores need a package for linux-x64-musl (musl is the C library of Alpine Linux), and there is none");
  t.regex(hint, /^use one of linux-x64-gnu, darwin-arm64, or `npm run setup` in a clone/);
  t.is(missingAddon("blocks", { ...PLACES, platform: "freebsd-x64" }).message, "making dumps and stores needs a package for freebsd-x64, and there is none");
});

test("a clone that was not set up", (t) => {
  const { message, hint, path } = missingAddon("sled", { ...PLACES, prebuilt: {} });
  t.deepEqual([message, hint, path], ["the sled addon was not built yet", "run `npm run setup` in kgdump's folder", PLACES.built]);
});

test("this platform, and the addons of this clone", (t) => {
  t.regex(platformName(), /^(linux-(x64|arm64)-(gnu|musl)|darwin-(x64|arm64)|win32-(x64|arm64)-msvc)$/);
  t.is(packageOf("sled"), `@kgdump/sled-${platformName()}`);
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (process.platform === "linux") t.is(platformName().endsWith("-gnu"), header.glibcVersionRuntime !== undefined);
  for (const name of ["blocks", "rocksdb", "sled"] as const) t.true(existsSync(addonPath(name)));
});

test("a program's loader is found wherever its name stands", (t) => {
  const program = Buffer.alloc(9000);
  program.write("\x7fELF\x02\x01", "latin1");
  program.writeBigUInt64LE(64n, 32);
  program.writeUInt16LE(56, 54);
  program.writeUInt16LE(2, 56);
  program.writeUInt32LE(3, 64 + 56);
  program.writeBigUInt64LE(8000n, 64 + 56 + 8);
  program.writeBigUInt64LE(25n, 64 + 56 + 32);
  program.write("/lib/ld-musl-x86_64.so.1\0", 8000);
  const read = (length: number, offset: number): Buffer => program.subarray(offset, offset + length);
  t.is(loaderOf(read), "/lib/ld-musl-x86_64.so.1\0");
  program.writeUInt32LE(1, 64 + 56);
  t.is(loaderOf(read), "");
  t.is(loaderOf(() => Buffer.from("#!/bin/sh")), "");
});

test("an addon that can't be loaded: what its loader says tells what helps", (t) => {
  const own = packageOf("sled");
  const at = (said: string, path = "/srv/app/native/sled/build/kgdump_sled.node", prebuilt = {}): { code: string; hint?: string | undefined } =>
    unloadableAddon("sled", new Error(said), { path, prebuilt, root: "/srv/app" });
  for (const [said, code, hint] of [
    ["x.node: cannot open shared object file: Too many open files", "IO_FAILED", /`ulimit -n`/],
    ["/lib/libc.so.6: version `GLIBC_2.34' not found (required by x.node)", "ADDON_MISSING", /library is older than the addon needs/],
    ["libstdc++.so.6: version `GLIBCXX_3.4.30' not found", "ADDON_MISSING", /library is older than the addon needs/],
    ["libstdc++.so.6: cannot open shared object file: No such file or directory", "ADDON_MISSING", /libstdc\+\+6/],
    ["x.node: failed to map segment from shared object: Operation not permitted", "ADDON_MISSING", /noexec/],
    ["x.node: invalid ELF header", "ADDON_MISSING", /^run `npm run setup` in kgdump's folder$/],
  ] as const) {
    t.is(at(said).code, code, said);
    t.regex(at(said).hint ?? "", hint, said);
  }
  const packaged = at("x.node: file too short", `/srv/app/node_modules/${own}/kgdump_sled.node`, { [own]: "0.2.0" });
  t.is(packaged.hint, `\`npm install ${own}@0.2.0\` in /srv/app installs it again; dumps are read without`);
});
