#!/usr/bin/env node
// Starts the compiled program; what can be wrong before it runs is said here, in one line each. A CommonJS script, since Node
// reads an ES module on the threads whose number is set here.
const { availableParallelism } = require("node:os");
const { resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const { hasBundle, runBundle } = require("./bundle.js");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const supported = (major === 20 && minor >= 15) || (major === 22 && minor >= 2) || major > 22;

/** @param {string} line */
const fail = (line) => {
  process.stderr.write(`kgdump: ${line}\n`);
  process.exitCode = 1;
};

async function start() {
  // One for each processor: with Node's four on two of them, the main thread, which hands out the work, gets its turn late.
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(2, availableParallelism()));
  // Coverage is of the modules.
  if (hasBundle() && process.env.NODE_V8_COVERAGE === undefined) {
    runBundle();
    return;
  }
  const program = pathToFileURL(resolve(__dirname, "../dist/cli/main.js"));
  try {
    await import(program.href);
  } catch (error) {
    // Only the program itself: a module that is missing deeper down is another story.
    const missing = error instanceof Error && "url" in error && error.url === program.href;
    if (!missing) throw error;
    fail(`it is not built yet: run \`npm run setup\` in ${resolve(__dirname, "..")}`);
  }
}

if (supported) void start();
else fail(`Node.js 20.15 or newer (of 20.x), or 22.2 and later is needed; this is ${process.versions.node}`);
