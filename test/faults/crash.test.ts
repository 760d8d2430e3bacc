/** RocksDB's code crashes on some tables that were changed and have no checksums: even that ends with an error that names the store. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { kgdump } from "../cli/support/run.js";
import { temporaryDirectory } from "../support/temporary.js";

test("a crash of RocksDB's library is an error that names the store, and recover reads it", async (t) => {
  const directory = await temporaryDirectory(t);
  await promisify(execFile)("tar", ["-xzf", "test/fixtures/hostile/crashing.tar.gz", "-C", directory]);
  const store = join(directory, "crashing");
  for (const words of [["export", store, "-o", join(directory, "out.kgd")], ["verify", store, "--against", store], ["migrate", "--dry-run", "--from", store]]) {
    const { code, signal, stderr } = await kgdump(words);
    t.is(signal, null, words[0]);
    t.true(code === 1 || code === 7, stderr);
    t.true(stderr.includes(store) && /\[STORE_(?:FAILED|DAMAGED)\]\n {2}hint: .*kgdump recover/.test(stderr), stderr);
  }
  const { stderr } = await kgdump(["export", store, "--json", "-o", join(directory, "out.kgd")]);
  t.regex((JSON.parse(stderr) as { error: { code: string } }).error.code, /^STORE_(?:FAILED|DAMAGED)$/);
  const recovered = await kgdump(["recover", store, "--dry-run"]);
  t.is(recovered.code, 3, recovered.stderr);
  t.false((await readdir(directory)).includes("out.kgd"));
});
