// The program and the library as one file, dist/bundle.cjs, and what V8 compiled of it, dist/bundle.code: set-up makes both, as finding and
// compiling a hundred modules takes longer than most commands.
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname, resolve } = require("node:path");
const { Script } = require("node:vm");
const { crc32 } = require("node:zlib");

const BUNDLE = resolve(__dirname, "../dist/bundle.cjs");
const CODE = resolve(__dirname, "../dist/bundle.code");
const SUM_BYTES = 8;
/** Modules of Node that few commands use, and that take milliseconds to load, with what they load themselves. */
const LATE = new Set(["node:child_process", "node:crypto", "node:fs/promises", "node:net", "node:timers/promises", "node:worker_threads"]);

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
  script.runInThisContext()(module.exports, requireLate(createRequire(BUNDLE)), module, BUNDLE, dirname(BUNDLE));
  module.exports.run();
  return { source, script };
}

/**
 * Loads as `require` does, but some modules of Node when the first thing of theirs is asked for.
 * @param {NodeJS.Require} require
 */
function requireLate(require) {
  const late = (/** @type {string} */ name) => (LATE.has(name) ? new Proxy({}, { get: (_, property) => require(name)[property] }) : require(name));
  return Object.assign(late, require);
}

/** Runs the bundle, and keeps what was compiled until the process exits. */
function runBundleAndSaveCode() {
  const { source, script } = runBundle();
  process.on("exit", () => {
    const code = script.createCachedData();
    const unfinished = `${CODE}.${String(process.pid)}`;
    writeFileSync(unfinished, Buffer.concat([sumsOf(source, code), code]));
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
  const code = saved.subarray(SUM_BYTES);
  return sumsOf(source, code).equals(saved.subarray(0, SUM_BYTES)) ? code : undefined;
}

/**
 * A checksum of each: V8 tells sources apart by their length only, and does not look for damage.
 * @param {Buffer} source
 * @param {Buffer} code
 */
function sumsOf(source, code) {
  const sums = Buffer.alloc(SUM_BYTES);
  sums.writeUInt32LE(crc32(source), 0);
  sums.writeUInt32LE(crc32(code), 4);
  return sums;
}

module.exports = { hasBundle, runBundle, runBundleAndSaveCode };
