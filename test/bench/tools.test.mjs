// @ts-check
import test from "ava";
import { prepareTools } from "../../bench/tools.mjs";
import { temporaryDirectory } from "../scripts/temporary.mjs";

test("a tool that can't be had is left out with a reason", async (t) => {
  const empty = await temporaryDirectory(t);
  const path = process.env["PATH"] ?? "";
  t.teardown(() => {
    process.env["PATH"] = path;
  });
  process.env["PATH"] = empty;
  const tools = await prepareTools(["ldb", "python"]);
  t.like(tools["ldb"], { command: "", missing: "ldb is not installed, and there is no apt-get to install rocksdb-tools with" });
  t.regex(tools["python"]?.missing ?? "", /^there is no python3/);
});
