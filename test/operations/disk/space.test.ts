/** What is free, for whom. */
import { spawnSync } from "node:child_process";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import test from "ava";
import { freeOf } from "#src/operations/disk/space.js";

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
