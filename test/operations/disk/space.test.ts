/** What is free, for whom. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { freeOf, spacesFor } from "#src/operations/disk/space.js";
import fc from "../../support/properties.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const NOBODY = 65534;

test("what is kept for root is free for root alone", async (t) => {
  const { bfree, bavail, bsize } = await statfs(tmpdir());
  const program = `import { freeOf } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/space.js"))}; console.log(await freeOf(${JSON.stringify(tmpdir())}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { uid: NOBODY, gid: NOBODY, encoding: "utf8" });
  const needed = process.geteuid?.() === 0 && bfree !== bavail;
  if (!needed || /EACCES|ERR_MODULE_NOT_FOUND/.test(stderr)) {
    t.log(`SKIPPED: ${needed ? "other users can't read kgdump's folder" : "this needs root, and a file system that keeps something for it"}`);
    t.pass();
    return;
  }
  // Others write there meanwhile.
  const isNear = (found: number, wanted: number): boolean => Math.abs(found - wanted * bsize) < ((bfree - bavail) * bsize) / 2;
  t.true(isNear(Number(stdout.trim() || Number.NaN), bavail), `${stdout}${stderr}`);
  t.true(isNear(await freeOf(tmpdir()), bfree));
});

/** Directories by the file system that they are on; of a second one only where there is one. */
async function places(t: ExecutionContext): Promise<string[][]> {
  const one = await temporaryDirectory(t);
  const other = await mkdtemp("/dev/shm/kgdump-space-").catch(() => one);
  if (other !== one) t.teardown(() => rm(other, { recursive: true, force: true }));
  const groups = (await stat(one)).dev === (await stat(other)).dev ? [[one]] : [[one], [other]];
  for (const group of groups) {
    for (const name of ["store", "dump"]) {
      await mkdir(join(group[0] ?? "", name));
      group.push(join(group[0] ?? "", name));
    }
  }
  return groups;
}

test("all that is needed on a file system is added up, whatever directories of it are named, in whatever order", async (t) => {
  loggedSeed(t);
  const groups = await places(t);
  const need = fc.record({ at: fc.constantFrom(...groups.flat()), bytes: fc.oneof(fc.nat(2 ** 40), fc.double({ min: 0, max: 1e9, noNaN: true })) });
  await fc.assert(fc.asyncProperty(fc.array(need, { maxLength: 6 }), async (needs) => {
    const groupOf = (at: string): number => groups.findIndex((group) => group.includes(at));
    const wanted = [...new Set(needs.map(({ at }) => groupOf(at)))].map((group) => {
      const here = needs.filter(({ at }) => groupOf(at) === group);
      return { path: here[0]?.at, neededBytes: here.reduce((sum, { bytes }) => sum + Math.ceil(bytes), 0) };
    });
    const spaces = await spacesFor(needs);
    t.deepEqual(spaces.map(({ path, neededBytes }) => ({ path, neededBytes })), wanted);
    for (const { freeBytes } of spaces) t.true(freeBytes > 0);
  }));
});
