#!/usr/bin/env node
// @ts-check
/**
 * Runs single files of tests, after whatever of the project has changed was built.
 *
 *     npm run test:only -- test/operations/verify/verify.test.ts [options of AVA]
 */
import "./setup/node-version.mjs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { runScript, setUp } from "./setup.mjs";
import { inProject, ROOT } from "./setup/paths.mjs";

/** A test in TypeScript runs as what it is compiled to. @param {string} argument */
const compiled = (argument) => argument.replace(/^(?:\.\/)?(test\/.*)\.ts$/, "build/$1.js");

await runScript("test:only", async () => {
  await setUp({ tests: true });
  const args = process.argv.slice(2).map(compiled);
  const child = spawn(process.execPath, [inProject("node_modules", "ava", "entrypoints", "cli.mjs"), ...args], { cwd: ROOT, stdio: "inherit" });
  const [status] = await once(child, "close");
  process.exitCode = Number(status ?? 1);
});
