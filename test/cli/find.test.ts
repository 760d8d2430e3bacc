/** `kgdump find` in a process of its own: versions of several families, what became of each, and what could not be searched. */
import { cp, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { hex, makeStore } from "../maker/run.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

const [A, B, C] = [hex("a"), hex("b"), hex("c")];
const put = (family: string, value: string): string => `put ${family} ${hex("key")} ${hex(value)}`;

test("each version is told with its state, and each file that could not be searched once", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, [
    `family ${A}`, `family ${B}`, `family ${C}`, "options disable_auto_compactions=true", "open",
    put(A, "old"), `flush ${A}`, put(B, "lost"), `flush ${B}`, put(C, "of another family"), `flush ${C}`, put(A, "newer"), put(B, "logged"), "crash",
  ]);
  const files = (await readdir(store)).sort();
  const [first = "", second = ""] = files.filter((file) => file.endsWith(".sst"));
  await cp(join(store, first), join(store, "009999.sst"));
  await rm(join(store, second));
  const log = join(store, files.filter((file) => file.endsWith(".log")).at(-1) ?? "");
  const handle = await open(log, "r+");
  // Behind the last record.
  await handle.write(Buffer.from("damage that is no record of a log"), 0, 33, (await stat(log)).size).finally(() => handle.close());
  const { code, stdout } = await kgdump(["find", store, "key", "--cf", "a", "--cf", "b", "--json"]);
  t.is(code, 0);
  const { found } = JSON.parse(stdout.toString()) as { found: { versions: { keyspace: { text: string }; file: string; level: number | null; offset: number | null; live: boolean; counts: boolean }[]; problems: { file: string }[] } };
  t.deepEqual(found.versions.map(({ keyspace, file, level, offset, live, counts }) => [keyspace.text, file === first ? "first" : file.replace(/^\d+\.log$/, "log"), level, offset, live, counts]).sort(), [
    ["a", "009999.sst", null, 0, false, false], ["a", "first", 0, 0, true, false], ["a", "log", null, null, true, true], ["b", "log", null, null, true, true],
  ]);
  const logName = log.slice(store.length + 1);
  t.deepEqual(found.problems.map(({ file }) => file).sort(), [second, logName].sort());
  const text = (await kgdump(["find", store, "key", "--cf", "a", "--cf", "b"])).stdout.toString();
  t.regex(text, /^4 versions of key in /);
  t.is(text.split("not searched:").length, 3, text);
  const states = text.split("\n").filter((line) => /^ {2}[ab] /.test(line)).map((line) => / {2}(\S+(?: \S+)*)$/.exec(line)?.[1]);
  t.deepEqual(text.split("\n").flatMap((line) => /\s(\S+\.(?:sst|log)) +(\S+) +\d+ {2}/.exec(line)?.slice(1).join(" ") ?? []).map((line) => line.replace(/^\d+\.log/, "log").replace(first, "first")).sort(), ["009999.sst -", "first 0", "log -", "log -"]);
  t.deepEqual(states.sort(), ["counts", "counts", "hidden", "not in the store"]);
  t.regex(text, new RegExp(` ${first} .* {2}hidden$`, "m"));
  t.regex(text, / 009999\.sst .* {2}not in the store$/m);
});
