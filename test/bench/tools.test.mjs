// @ts-check
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { prepareTools } from "../../bench/tools.mjs";

test("a tool that can't be had is left out with a reason", async (t) => {
  const empty = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const path = process.env["PATH"] ?? "";
  t.teardown(async () => {
    process.env["PATH"] = path;
    await rm(empty, { recursive: true, force: true });
  });
  process.env["PATH"] = empty;
  const tools = await prepareTools(["ldb", "python"]);
  t.like(tools["ldb"], { command: "", missing: "ldb is not installed, and there is no apt-get to install rocksdb-tools with" });
  t.regex(tools["python"]?.missing ?? "", /^there is no python3/);
});
