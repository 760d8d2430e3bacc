// @ts-check
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { rustCircles } from "../../scripts/rust-circles.mjs";
import { ADDON_CRATES } from "../../scripts/setup/crates.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";
import { temporaryDirectory } from "./temporary.mjs";

/**
 * The circles of a crate of these files.
 * @param {import("ava").ExecutionContext} t
 * @param {Record<string, string>} files by their paths below src
 */
async function circles(t, files) {
  const crate = await temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) {
    const path = join(crate, "src", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return rustCircles([crate], crate);
}

test("the addons have no circles, and one that is put in is found", async (t) => {
  t.deepEqual(await rustCircles(ADDON_CRATES.map(({ directory }) => directory)), []);
  const source = inProject("native", "blocks", "src");
  const names = (await readdir(source, { recursive: true })).filter((name) => name.endsWith(".rs"));
  const texts = await Promise.all(names.map((name) => readFile(join(source, name), "utf8")));
  const files = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ""]));
  t.deepEqual(await circles(t, files), []);
  const [circle = "", ...others] = await circles(t, { ...files, "lz4.rs": `use crate::pack::BlockPacker;\n${files["lz4.rs"] ?? ""}` });
  t.regex(circle, /lz4\.rs takes crate::pack::BlockPacker of src\/pack\.rs/);
  t.regex(circle, /pack\.rs takes crate::lz4 of src\/lz4\.rs/);
  t.deepEqual(others, []);
});

test("every kind of path counts", async (t) => {
  const lib = "mod a;\nmod b;\n";
  for (const use of ["use crate::a::A;", "use super::a::A;", "use crate::{b::B, a::{self as one, A}};", "fn f(x: &crate::a::A) {}", "use super::a;", "use crate::a::*;"]) {
    t.is((await circles(t, { "lib.rs": lib, "a.rs": "pub struct A(crate::b::B);", "b.rs": `${use}\npub struct B;` })).length, 1, use);
  }
  // From a folder to its child and back, and through three files.
  t.is((await circles(t, { "lib.rs": "mod a;", "a/mod.rs": "mod c;\nuse c::C;\npub struct A;", "a/c.rs": "use super::A;\npub struct C;" })).length, 1);
  t.is((await circles(t, { "lib.rs": "mod a;\nmod b;\nmod c;", "a.rs": "use crate::b::B;", "b.rs": "use crate::c::C;", "c.rs": "use crate::a::A;" })).length, 1);
});

test("what is no use is no circle", async (t) => {
  const b = [
    "// use crate::a::A;",
    "/* crate::a::A */ const TEXT: &str = \"crate::a::A\"; const RAW: &str = r#\"\"crate::a::A\"#; const QUOTE: char = '\"';",
    "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n    fn f() { if true {} }\n}",
    "#[cfg(all(test, unix))]\nmod tests {\n    use crate::a::A;\n}",
    "#[cfg(test)]\nmod tests;\nuse other::a::A;",
  ];
  for (const text of b) t.deepEqual(await circles(t, { "lib.rs": "mod a;\nmod b;", "a.rs": "use crate::b::B;", "b.rs": text, "b/tests.rs": "use crate::a::A;" }), [], text);
  t.deepEqual(await circles(t, { "lib.rs": "mod a;", "a.rs": "mod c;\npub struct A;", "a/c.rs": "use super::A;" }), []);
});
