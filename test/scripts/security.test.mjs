// @ts-check
/** The page of what is trusted: each promise names tests that there are, and SECURITY.md leads to it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import test from "ava";
import { inProject } from "../../scripts/setup/paths.mjs";

test("each promise of docs/security.md names tests that there are", async (t) => {
  const text = await readFile(inProject("docs", "security.md"), "utf8");
  const promises = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (?:---|promise|what) /.test(line) && line.split("|").length === 4);
  t.true(promises.length >= 15, String(promises.length));
  for (const line of promises) {
    const names = [...(line.split("|")[2] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    t.true(names.length > 0, line);
    for (const name of names) t.true(["", ".ts", ".test.ts"].some((end) => existsSync(inProject("test", ...`${name}${end}`.split("/")))), `${name} is no test`);
  }
});

test("SECURITY.md leads to it", async (t) => {
  t.true((await readFile(inProject("SECURITY.md"), "utf8")).includes("(docs/security.md)"));
});
