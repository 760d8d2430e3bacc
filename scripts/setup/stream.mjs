// @ts-check
import { signalGroup, startGroup } from "./group.mjs";

/** A program that is asked to end by SIGINT has so long before it is killed. */
const GRACE_MS = 3000;

/**
 * Runs a program whose output the user sees as it comes, and returns it too.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silenceMs?: number }} [options] `env` is added to this process's environment; a program
 * that prints nothing for `silenceMs` is ended with all that it started, as one that hangs would be waited for without end
 * @returns {Promise<{ ok: boolean, output: string }>} stdout and stderr together
 */
export function stream(command, args, { cwd, env, silenceMs } = {}) {
  return new Promise((done) => {
    const child = startGroup(command, args, { cwd, env });
    let output = "";
    let hangs = false;
    const silence = silenceMs === undefined ? undefined : setTimeout(() => {
      hangs = true;
      process.stderr.write(`${command}: nothing printed for ${String(silenceMs / 1000)} s: it is ended\n`);
      signalGroup(child, "SIGINT");
      setTimeout(() => {
        signalGroup(child, "SIGKILL");
        // What left the group may keep them open.
        child.stdout.destroy();
        child.stderr.destroy();
      }, GRACE_MS);
    }, silenceMs);
    for (const [from, to] of /** @type {const} */ ([[child.stdout, process.stdout], [child.stderr, process.stderr]])) {
      from.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        output += text;
        if (!hangs) silence?.refresh();
        to.write(text);
      });
    }
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      clearTimeout(silence);
      done({ ok: false, output });
    });
    child.on("close", (status, signal) => {
      clearTimeout(silence);
      if (signal !== null && !hangs) process.stderr.write(`${command}: ended by ${signal}\n`);
      done({ ok: status === 0 && !hangs, output });
    });
  });
}
