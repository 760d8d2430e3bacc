import { writeFile } from "node:fs/promises";
import { availableParallelism, platform } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

/** How many threads a run of kgdump ends with. The variable counts only if it is set before Node needs the first of its threads. */
async function threads(t: ExecutionContext, env: Readonly<Record<string, string>>): Promise<number> {
  const directory = await temporaryDirectory(t);
  const hook = join(directory, "hook.cjs");
  await writeFile(hook, `process.on("exit", () => console.error(require("fs").readFileSync("/proc/self/status", "utf8")));`);
  // A command that has work for them: they are not made otherwise.
  const { stderr } = await kgdump(["inspect", join(directory, "none.kgd")], { env: { ...env, NODE_OPTIONS: `--require=${hook}` } });
  t.regex(stderr, /NOT_FOUND/);
  return Number(/^Threads:\s*(\d+)$/m.exec(stderr)?.[1]);
}

const onLinux = platform() === "linux" ? test : test.skip;

onLinux("there are as many threads for work as processors, two at least, unless the environment says otherwise", async (t) => {
  const [byDefault, forty] = [await threads(t, {}), await threads(t, { UV_THREADPOOL_SIZE: "40" })];
  t.is(forty - byDefault, 40 - Math.max(2, availableParallelism()));
});
