/** What becomes of a dump on standard output when its disk tells only at the end that it was not kept. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { straceWorks } from "../../faults/inject.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { KGDUMP } from "../support/run.js";

test("a file behind standard output is synced, and a dump that could not be kept is none; what can't be synced is left", async (t) => {
  if (!straceWorks()) {
    t.log("SKIPPED: strace can't trace here");
    t.pass();
    return;
  }
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 10) });
  for (const [error, code, told] of [
    ["EIO", 1, /\[IO_FAILED\]/],
    ["ENOSPC", 5, /\[NO_SPACE\]/],
    ["EDQUOT", 5, /\[NO_SPACE\]/],
    ["EINVAL", 0, /^$/],
    ["EROFS", 0, /^$/],
    ["EOPNOTSUPP", 0, /^$/],
  ] as const) {
    const dump = openSync(join(directory, `${error}.kgd`), "w");
    try {
      const args = ["-f", "-qq", "-o", "/dev/null", "-P", join(directory, `${error}.kgd`), "-e", "trace=fsync", "-e", `inject=fsync:error=${error}`, process.execPath, KGDUMP, "export", store, "-o", "-", "-q"];
      const { status, stderr } = spawnSync("strace", args, { stdio: ["ignore", dump, "pipe"], encoding: "utf8" });
      t.is(status, code, `${error}: ${stderr}`);
      t.regex(stderr, told, error);
    } finally {
      closeSync(dump);
    }
  }
});
