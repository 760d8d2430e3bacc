// @ts-check
/** Ctrl-C and its like: ends what is running, and lets the benchmark clean up behind itself. */
import { constants } from "node:os";
import { stopAll } from "../scripts/setup/run.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";

/** @type {Set<number>} process groups of the commands that are running */
const groups = new Set();

/** @type {NodeJS.Signals | undefined} */
let received;

/** @param {number} group */
export const startedGroup = (group) => groups.add(group);

/** @param {number} group */
export const endedGroup = (group) => groups.delete(group);

/** From now on, a signal ends all commands with what they started, and `checkInterrupted` throws. */
export function listenForSignals() {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      received = signal;
      stopAll();
      for (const group of groups) {
        try {
          process.kill(-group, "SIGTERM");
        } catch {
          // It ended by itself.
        }
      }
    });
  }
}

/** @throws {SetupError} after a signal */
export function checkInterrupted() {
  if (received !== undefined) throw new SetupError("interrupted", "", 128 + constants.signals[received]);
}
