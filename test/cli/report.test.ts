/** `kgdump report` as people and programs get it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

test("the page goes where it is asked for, and the result to the other side", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("user:", 300) });
  const [dump, page] = [join(directory, "x.kgd"), join(directory, "a b.html")];
  await exportStore({ store, output: dump });
  const toFile = await kgdump(["report", dump, "-o", page]);
  t.is(toFile.code, 0, toFile.stderr);
  t.is(toFile.stdout.length, 0);
  t.regex(toFile.stderr, /^reported 300 entries in 1 keyspace, a page of [\d.]+ kB, in [\d.]+ s\nopen it in a browser: '.*\/a b\.html'\n$/);
  const html = await readFile(page, "utf8");
  t.true(html.startsWith("<!DOCTYPE html>"));
  const piped = await kgdump(["report", "-q"], { input: await readFile(dump) });
  t.deepEqual([piped.code, piped.stderr], [0, ""]);
  t.true(piped.stdout.toString().startsWith("<!DOCTYPE html>"));
  const json = await kgdump(["report", store, "-o", page, "--force", "--json", "--no-values"]);
  t.like((JSON.parse(json.stdout.toString()) as { report: object }).report, { path: page, kind: "rocksdb", input: store, entries: 300, keyspaces: 1, complete: true, values: false });
  t.true((await kgdump(["report", store, "--json"])).stderr.startsWith('{"report":'));
});

test("it ends as stats does with what is damaged, missing or asked for wrongly", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("user:", 300) });
  const [dump, cut, page] = [join(directory, "x.kgd"), join(directory, "cut.kgd"), join(directory, "page")];
  await exportStore({ store, output: dump });
  await writeFile(cut, (await readFile(dump)).subarray(0, -20));
  const ended = await kgdump(["report", cut, "-o", page]);
  t.is(ended.code, 3);
  t.regex(ended.stderr, /reported 300 entries[^]*\[DUMP_TRUNCATED\]/);
  t.true((await readFile(page, "utf8")).includes("NOT COMPLETE"));
  for (const [args, code] of [
    [["report", join(directory, "none.kgd"), "-o", join(directory, "y")], 1],
    [["report", dump, "-o", page], 1],
    [["report", dump, "-o", ""], 2],
    [["report", dump, "-o", dump, "--force"], 2],
    [["report", dump, "--keyspace", "none"], 2],
    [["report", dump, "--ttl", "strip"], 2],
    [["report", store, "--max-block-size", "1MiB"], 2],
    [["report", dump, "--separator", ""], 2],
    [["report", dump, "extra.html"], 2],
  ] as const) t.is((await kgdump(args)).code, code, args.join(" "));
  t.regex((await kgdump(["report", dump, "extra.html"])).stderr, /name the page with -o/);
});
