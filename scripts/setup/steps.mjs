// @ts-check
/**
 * Reports set-up: one line for each step that had something to do, with its time, and nothing for the others. One that takes long has a line when it begins,
 * too, with how long that may be.
 */

/** @type {Map<string, number>} steps under way and when they began */
const active = new Map();

/** @type {NodeJS.Timeout | undefined} */
let ticker;

/**
 * Seconds that a step takes on two processors when nothing of it is in the cache, as was measured; shorter ones are not here. What a crate has in common with one
 * before it is compiled by then.
 * @type {Readonly<Record<string, number>>}
 */
const FIRST_TIME = { "native/sled": 230, "native/rocksdb": 90, "native/blocks": 20, "native/looking-wasm": 30, "npm packages": 30, TypeScript: 30 };

/**
 * What is said when a step begins; null for one that is short.
 * @param {string} name
 * @returns {string | null}
 */
export function announcement(name) {
  const seconds = FIRST_TIME[name] ?? (name.includes("/") ? 60 : undefined);
  if (seconds === undefined) return null;
  const time = seconds < 60 ? `${String(seconds)} seconds` : seconds < 90 ? "a minute" : `${String(Math.round(seconds / 30) / 2)} minutes`;
  return `${name === "npm packages" ? "installing" : "compiling"}, about ${time} the first time`;
}

/** Milliseconds between updates of the line that shows what is under way (on a terminal only). */
const TICK = 500;

/**
 * Runs one step that has something to do and prints its line when it is done.
 * @template T
 * @param {string} name what is made, such as "native/sled"
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} describe how it was made, such as "compiled"
 * @returns {Promise<T>}
 */
export async function step(name, work, describe) {
  const start = performance.now();
  active.set(name, start);
  const begins = announcement(name);
  if (begins !== null) {
    clearActive();
    process.stderr.write(`set-up: ${name}: ${begins}\n`);
  }
  if (process.stderr.isTTY) ticker ??= setInterval(drawActive, TICK).unref();
  try {
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    clearActive();
    process.stderr.write(`set-up: ${name}: ${describe(result)} (${seconds} s)\n`);
    return result;
  } finally {
    active.delete(name);
    if (active.size === 0) {
      clearActive();
      clearInterval(ticker);
      ticker = undefined;
    }
  }
}

function drawActive() {
  const now = performance.now();
  const parts = [...active].map(([name, start]) => `${name} ${((now - start) / 1000).toFixed(0)} s`);
  const width = Math.max(20, process.stderr.columns - 1);
  process.stderr.write(`\r\u001b[K${`set-up: … ${parts.join(", ")}`.slice(0, width)}`);
}

function clearActive() {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
