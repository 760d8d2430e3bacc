// @ts-check
/** What TypeScript says of the addons is what their sources export, and that is what was built. */
import { createRequire } from "node:module";
import test from "ava";
import { readCrate } from "../../scripts/addon-types/rust.mjs";
import { sourcesOf, wrongAddonTypes } from "../../scripts/addon-types.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

for (const name of ["blocks", "rocksdb", "sled"]) {
  test(`the addon for ${name} exports what is read in its sources`, async (t) => {
    /** @type {Record<string, { prototype?: object }>} */
    const addon = createRequire(import.meta.url)(inProject("native", name, "build", `kgdump_${name}.node`));
    const { functions, classes } = readCrate(await sourcesOf(name));
    t.deepEqual(Object.keys(addon).sort(), [...functions.keys(), ...classes.keys()].sort());
    const methodsOf = (/** @type {string} */ exported) => Object.getOwnPropertyNames(addon[exported]?.prototype ?? {}).filter((member) => member !== "constructor");
    for (const [exported, members] of classes) t.deepEqual(methodsOf(exported).sort(), [...members.keys()].sort(), exported);
  });
}

test("TypeScript says of the addons what their sources do", async (t) => {
  t.deepEqual(await wrongAddonTypes(), []);
});

/** A change of a source, and what is then said. @type {readonly (readonly [from: string, to: string, said: RegExp])[]} */
const CHANGES = [
  ["pub compressed: f64,", "pub compressed: String,", /Packed\.compressed: it is String, and TypeScript says number/],
  ["pub crc: u32,", "pub crc: Option<u32>,", /Packed\.crc: it is Option<u32>, and TypeScript says number/],
  ["pub database_id: Option<String>,", "pub database_id: String,", /StoreFacts\.databaseId: it is String, and TypeScript says .* or nothing/],
  ["pub crc: u32,", "pub crc: u32,\n    pub more: u32,", /Packed\.more: TypeScript does not know this field/],
  ["pub crc: u32,", "", /\.crc: the object Packed has no such field/],
  ["pub fn widen_pipe(descriptor: i32)", "pub fn widen_pipe(descriptor: i32, size: u32)", /widenPipe: it takes descriptor, size, and TypeScript says descriptor/],
  ["pub fn lock_open_file(descriptor: i32) -> bool", "pub fn lock_open_file(descriptor: i32)", /lockOpenFile: it gives nothing, and TypeScript says boolean/],
  ["pub fn act_in_thread_as(", "pub fn act_as(", /actInThreadAs: no function of Rust's has this name[^]*actAs: TypeScript does not know this function/],
  ["AsyncTask<Job<ChangedKeys>>", "AsyncTask<Job<StoreFacts>>", /the object StoreFacts has no such field/],
  ["pub fn next_id(&self) -> Option<String>", "pub fn next_id(&self) -> String", /SledFiles\.nextId: it is String, and TypeScript says string \| null/],
  ["AsyncTask<Job<ComparedCounts>>", "AsyncTask<Job<AppliedCounts>>", /the object AppliedCounts has no such field/],
  ["pub fn written_groups(&self)", "pub fn groups_written(&self)", /writtenGroups: the class SledFollower has no such member[^]*groupsWritten: TypeScript does not know this member/],
  ["pub fn trees(&self) -> Vec<Buffer>", "pub fn trees(&self) -> Vec<String>", /SledFiles\.trees\[\]: it is String, and TypeScript says Buffer/],
  ["lower: Option<Uint8Array>,", "lower: Uint8Array,", /scan\(lower\): it is Uint8Array/],
];

for (const [from, to, said] of CHANGES) {
  test(`a source that has "${to.trim()}" instead of "${from}" is noticed`, async (t) => {
    let found = 0;
    const wrong = await wrongAddonTypes((source) => {
      if (source.includes(from)) found++;
      return source.replaceAll(from, to);
    });
    t.true(found > 0);
    t.regex(wrong.join("\n"), said);
  });
}
