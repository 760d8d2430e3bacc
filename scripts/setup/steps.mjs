// @ts-check
/** Reports set-up: one line for each step that had something to do, with its time, and nothing for the others. */

/** @type {Map<string, number>} steps under way and when they began */
const active = new Map();

/** @type {NodeJS.Timeout | undefined} */
let ticker;

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
