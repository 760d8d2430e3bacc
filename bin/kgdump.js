#!/usr/bin/env node
// Starts the compiled program; what can be wrong before it runs is said here, in one line each.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const supported = (major === 20 && minor >= 15) || (major === 22 && minor >= 2) || major > 22;

/** @param {string} line */
const fail = (line) => {
  process.stderr.write(`kgdump: ${line}\n`);
  process.exitCode = 1;
};

if (!supported) {
  fail(`Node.js 20.15 or newer (of 20.x), or 22.2 and later is needed; this is ${process.versions.node}`);
} else {
  const program = new URL("../dist/cli/main.js", import.meta.url);
  try {
    await import(program.href);
  } catch (error) {
    // Only the program itself: a module that is missing deeper down is another story.
    const missing = error instanceof Error && "url" in error && error.url === program.href;
    if (!missing) throw error;
    fail(`it is not built yet: run \`npm run setup\` in ${new URL("..", import.meta.url).pathname}`);
  }
}
