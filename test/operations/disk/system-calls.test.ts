import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { KgdumpError } from "#src/errors.js";
import { renameDurably } from "#src/operations/disk/places.js";
import { exchangeDirectories } from "#src/operations/disk/system-calls.js";
import { SIMULATION_DIRECTORY } from "../../simulator/simulation.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("two directories are exchanged, and one that is missing is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const [a, b] = [join(directory, "a"), join(directory, "b")];
  for (const path of [a, b]) {
    await mkdir(path);
    await writeFile(join(path, "name"), path);
  }
  t.true(await exchangeDirectories(a, b));
  t.is(await readFile(join(a, "name"), "utf8"), b);
  t.is(await readFile(join(b, "name"), "utf8"), a);
  await t.throwsAsync(exchangeDirectories(a, join(directory, "c")), { code: "NOT_FOUND" });
  // The zero byte is no end of a name.
  await t.throwsAsync(exchangeDirectories(a, `${b}\0x`), { code: "NOT_FOUND" });
  t.is(await readFile(join(b, "name"), "utf8"), a);
});

test("where directories can't be exchanged, that is told, and no error", async (t) => {
  const directory = await temporaryDirectory(t);
  const inner = join(directory, "inner");
  await mkdir(inner);
  // The system says EINVAL of a directory and one within it, as file systems do that can't.
  t.false(await exchangeDirectories(directory, inner));
});

test("what can't be moved is told with what can be done: a directory on another file system, as one of a container's image", async (t) => {
  const directory = await temporaryDirectory(t);
  const elsewhere = await mkdtemp(join(SIMULATION_DIRECTORY, "kgdump-test-"));
  t.teardown(() => rm(elsewhere, { recursive: true, force: true }));
  if ((await stat(elsewhere)).dev === (await stat(directory)).dev) {
    t.log("SKIPPED: there is only one file system");
    t.pass();
    return;
  }
  const wanted = { code: "IO_FAILED", message: /can't be moved to .*container's image/ };
  const error = await t.throwsAsync<KgdumpError>(exchangeDirectories(directory, elsewhere), wanted);
  t.regex(error.hint ?? "", /cp -a STORE COPY/);
  await t.throwsAsync(renameDurably(elsewhere, join(directory, "moved")), wanted);
  t.deepEqual([await readdir(directory), await readdir(elsewhere)], [[], []]);
});
