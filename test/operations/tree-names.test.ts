/** Trees of any name: sled, dump and sled again give the same trees, without options; RocksDB takes all that a family can be called. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "../support/properties.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { hex, sledCheck, sledWrite, type TreeContent } from "../checker/run.js";
import { kgdump } from "../cli/support/run.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";

const ODD = ["default", "", "\0", "a\0", "a\0b", "__sled__tree:", "__sled__tree:default", "__sled__tree:__sled__tree:default", "__sled__", "Default", "a=b", "a*b", "a b", "\n", "]", '"', "\\", "\\x00", "hex:00", "text:x", "-", "--map", "ä😀", "\ufeff"];

const anyName = fc.oneof(
  fc.constantFrom(...ODD).map((name) => Buffer.from(name)),
  fc.uint8Array({ minLength: 0, maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(...ODD).chain((name) => fc.uint8Array({ maxLength: 2 }).map((end) => Buffer.concat([Buffer.from(name), end]))),
  fc.integer({ min: 200, max: 3000 }).map((length) => Buffer.alloc(length, 0xff)),
);
const names = fc.uniqueArray(anyName, { minLength: 1, maxLength: 10, selector: (name) => name.toString("hex") });

/** A store that the crate as it is published makes, each tree with other entries. */
async function makeTrees(store: string, trees: readonly Buffer[]): Promise<TreeContent[]> {
  const lines = trees.flatMap((name, index) => [`tree ${hex(name)}`, ...(index % 4 === 3 ? [] : [`random ${String(index + 1)} ${String(index + 3)}`])]);
  await sledWrite(store, ["put 00 01", ...lines]);
  return sledCheck(store);
}

async function forNames(t: ExecutionContext, runs: number, check: (directory: string, trees: readonly Buffer[]) => Promise<void>): Promise<void> {
  const seed = loggedSeed(t);
  const root = await temporaryDirectory(t);
  let number = 0;
  const property = fc.asyncProperty(names, async (trees) => {
    const directory = join(root, String(number++));
    const { mkdir } = await import("node:fs/promises");
    await mkdir(directory);
    await check(directory, trees);
  });
  await fc.assert(property, { numRuns: Number(process.env.KGDUMP_RUNS ?? runs), seed, examples: [[ODD.map((name) => Buffer.from(name))], [[Buffer.from("__sled__tree:default\0"), Buffer.from("default")]]] });
}

test("trees of any name come back as they were", async (t) => {
  await forNames(t, 12, async (directory, trees) => {
    const [store, dump, again] = [join(directory, "store"), join(directory, "dump.kgd"), join(directory, "again")];
    const made = await makeTrees(store, trees);
    if (made.length !== trees.length + 1) throw new Error("the store was not made as it was to be");
    await exportStore({ store, output: dump });
    await importDump({ target: again, input: dump });
    t.deepEqual(await sledCheck(again), made);
    t.deepEqual(await sledCheck(store), made);
    t.true((await verifyDump({ input: dump, against: [store, again] })).stores.every(({ equal }) => equal));
  });
});

test("families are called as the trees were, but for those with a zero byte, which are named and mapped", async (t) => {
  await forNames(t, 8, async (directory, trees) => {
    const [store, dump, rocks, back, again] = ["store", "dump.kgd", "rocks", "back.kgd", "again"].map((name) => join(directory, name)) as [string, string, string, string, string];
    const made = await makeTrees(store, trees);
    const exported = await exportStore({ store, output: dump });
    // As they are called in the dump: a tree called "default" is not the default tree, and what is called like that is told apart from it.
    const zeros = exported.keyspaces.map(({ name }) => Buffer.from(name)).filter((name) => name.includes(0));
    if (zeros.length > 0) {
      const error = await t.throwsAsync(restoreDump({ target: rocks, input: dump }), { code: "STORE_UNSUPPORTED", message: /zero byte/ });
      t.regex((error as Error & { hint?: string }).hint ?? "", /--map '.*=NAME'/);
    }
    const other = (name: Buffer): Buffer => Buffer.from(`zero ${name.toString("hex")}`);
    const map = new Map(zeros.map((name) => [name, other(name)]));
    await restoreDump({ target: rocks, input: dump, map });
    t.true((await verifyDump({ input: dump, against: rocks, map })).against?.equal);
    await exportStore({ store: rocks, output: back });
    await importDump({ target: again, input: back, map: new Map(zeros.map((name) => [other(name), name])) });
    t.deepEqual(await sledCheck(again), made);
  });
});

test("the hint about a zero byte can be followed as it stands there", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, dump, rocks] = [join(directory, "store"), join(directory, "dump.kgd"), join(directory, "rocks")];
  await makeTrees(store, [Buffer.from("a\0'b=*\\ ä")]);
  await exportStore({ store, output: dump });
  const { stderr } = await kgdump(["restore", rocks, "-i", dump, "--json"]);
  const { error } = JSON.parse(stderr.split("\n").find((line) => line.includes('"error"')) ?? "{}") as { error: { hint: string } };
  const [, map = ""] = /--map '([^']+)=NAME'/.exec(error.hint) ?? [];
  t.is((await kgdump(["restore", rocks, "-i", dump, "--map", `${map}=other`])).code, 0, error.hint);
});
