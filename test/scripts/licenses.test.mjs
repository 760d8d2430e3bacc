// @ts-check
/** What is shipped has a licence that allows that, and the file of licences names it. */
import { readFile } from "node:fs/promises";
import test from "ava";
import { isAllowed } from "../../scripts/licenses.mjs";
import { nativeLicenses } from "../../scripts/package/addons.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

test("of alternatives one must be known, with all that it consists of", (t) => {
  for (const license of ["MIT", "GPL-2.0 OR MIT", "Apache-2.0/MIT", "BSD-3-Clause AND BSD-2-Clause", "GPL-2.0 OR BSD-3-Clause AND ISC"]) t.true(isAllowed(license), license);
  for (const license of ["", "none", "GPL-2.0", "MIT AND GPL-2.0", "LGPL-3.0 OR GPL-2.0", "(MIT OR GPL-2.0) AND GPL-3.0"]) t.false(isAllowed(license), license);
});

test("the file names what is linked and bundled, with texts", async (t) => {
  const text = await readFile(inProject("THIRD_PARTY_LICENSES.md"), "utf8");
  for (const name of ["RocksDB", "snappy", "lz4", "zlib", "bzip2", "zstd", "sled (crate)", "commander (npm)", "@mongodb-js/zstd (npm)"]) {
    t.true(text.includes(`| ${name} | `), name);
    t.regex(text, new RegExp(`^## .*\\b${name.replaceAll(/[()/]/g, "\\$&")} .*\\n\\n~~~text\\n(?:(?!~~~).*\\n){10}`.replace("\\b@", "@"), "m"), name);
  }
  t.notRegex(text, /\| kgdump|\(npm\) \| [^|]+ \| none/);
});

test("packages of native code have the licences of crates and libraries, and none of npm's packages", async (t) => {
  const all = await readFile(inProject("THIRD_PARTY_LICENSES.md"), "utf8");
  const native = nativeLicenses(all);
  t.true(native.startsWith("# Licences of what kgdump ships\n"));
  const headings = (/** @type {string} */ text) => text.match(/^## .*$/gm) ?? [];
  t.deepEqual(headings(native), headings(all).filter((line) => !line.includes("(npm)")));
  t.true(headings(native).length > 30 && headings(native).length < headings(all).length);
  t.false(native.includes("(npm)"));
  t.true(native.includes("## RocksDB in ") && native.length < all.length);
});
