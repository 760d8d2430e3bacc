/** What a process leaves that is killed in the first moments of an import, before its staging directory has an owner. */
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Staging } from "#src/operations/disk/staging.js";
import { namesIn } from "../cli/support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

for (const owner of ["", '{"pid":12', null]) {
  test(`a staging directory whose owner is ${JSON.stringify(owner)} is cleared when it is old, and not before`, async (t) => {
    const directory = await temporaryDirectory(t);
    const old = join(directory, ".target.kgdump-00000000deadbeef");
    await mkdir(old);
    if (owner !== null) await writeFile(join(old, "owner.json"), owner);
    await (await Staging.create(join(directory, "target"))).discard();
    t.deepEqual(await namesIn(directory), [".target.kgdump-00000000deadbeef"]);
    await utimes(old, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    await (await Staging.create(join(directory, "target"))).discard();
    t.deepEqual(await namesIn(directory), []);
  });
}

test("without a readable owner, what was built stays", async (t) => {
  const directory = await temporaryDirectory(t);
  const old = join(directory, ".target.kgdump-00000000deadbeef");
  await mkdir(join(old, "store"), { recursive: true });
  await writeFile(join(old, "owner.json"), "");
  await utimes(old, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
  await (await Staging.create(join(directory, "target"))).discard();
  t.deepEqual(await namesIn(old), ["owner.json", "store"]);
});
