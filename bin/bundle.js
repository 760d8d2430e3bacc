// The program and the library as one file, dist/bundle.cjs, and what V8 compiled of it, dist/bundle.code: set-up makes both, as finding and
// compiling a hundred modules takes longer than most commands.
const { createHash } = require("node:crypto");
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname, resolve } = require("node:path");
const { Script } = require("node:vm");

const BUNDLE = resolve(__dirname, "../dist/bundle.cjs");
const CODE = resolve(__dirname, "../dist/bundle.code");
const DIGEST_LENGTH = 32;

/** Whether there is a bundle to run. */
const hasBundle = () => existsSync(BUNDLE);

/**
 * Runs the bundle in this process.
 * @returns its source, and what V8 made of it
 */
function runBundle() {
  const source = readFileSync(BUNDLE);
  const script = new Script(wrap(source.toString()), { filename: BUNDLE, cachedData: savedCode(source) });
  const module = { exports: { run: () => undefined } };
  script.runInThisContext()(module.exports, createRequire(BUNDLE), module, BUNDLE, dirname(BUNDLE));
  module.exports.run();
  return { source, script };
}

/** Runs the bundle, and keeps what was compiled until the process exits. */
function runBundleAndSaveCode() {
  const { source, script } = runBundle();
  process.on("exit", () => {
    const code = script.createCachedData();
    const unfinished = `${CODE}.${String(process.pid)}`;
    writeFileSync(unfinished, Buffer.concat([digestOf(source, code), code]));
    renameSync(unfinished, CODE);
  });
}

/**
 * What was compiled of this source, if it is there and whole. V8 itself refuses that of another version of Node.
 * @param {Buffer} source
 */
function savedCode(source) {
  let saved;
  try {
    saved = readFileSync(CODE);
  } catch {
    return undefined;
  }
  const code = saved.subarray(DIGEST_LENGTH);
  return digestOf(source, code).equals(saved.subarray(0, DIGEST_LENGTH)) ? code : undefined;
}

/**
 * SHA-256 of both: V8 tells sources apart by their length only, and does not look for damage.
 * @param {Buffer} source
 * @param {Buffer} code
 */
function digestOf(source, code) {
  return createHash("sha256").update(source).update(code).digest();
}

module.exports = { hasBundle, runBundle, runBundleAndSaveCode };
