// @ts-check
import test from "ava";
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { inProject } from "../../scripts/setup/paths.mjs";
import { temporaryDirectory } from "./temporary.mjs";

test("a sample graph comes back as it was, and nothing is left", async (t) => {
  const directory = await temporaryDirectory(t);
  const child = spawn(process.execPath, [inProject("scripts", "round-trip.mjs"), "--records", "3000", "--in", directory], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
    });
  }
  const status = await new Promise((done) => child.on("close", done));
  t.is(status, 0, output);
  t.regex(output, /^\{"text":"default"\}: \d{4} entries, SHA-256 [0-9a-f]{64}: equal in all three dumps$/m);
  t.deepEqual(await readdir(directory), []);
});
