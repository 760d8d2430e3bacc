/** Exports stores in a process of its own, which is begun again when a store has ended it. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type ErrorCode, EXIT_CODE_OF } from "#src/errors.js";
import type { Answer, Question } from "./worker.js";

/** So long may one small store take, also on a machine with much else to do. */
const LIMIT_MS = 120_000;

/** The code of an error that a process tells when RocksDB crashed in it, and ends with its exit code. */
function told(message: string, exitCode: number | null): string | null {
  const code = /\[([A-Z_]+)\]/.exec(message)?.[1];
  return code !== undefined && code in EXIT_CODE_OF && EXIT_CODE_OF[code as ErrorCode] === exitCode ? code : null;
}

/** One process at a time; questions must come one after the other. */
export class Exporter {
  #child: ChildProcessWithoutNullStreams | undefined;

  /** What comes of exporting this store. Of a process that ends or takes too long that is what it says of a crash, its signal or exit code, as an error. */
  async ask(question: Question): Promise<Answer> {
    const child = (this.#child ??= spawn(process.execPath, [fileURLToPath(new URL("worker.js", import.meta.url))], { stdio: ["pipe", "pipe", "pipe"] }));
    const errors: Buffer[] = [];
    const gather = (chunk: Buffer): number => errors.push(chunk);
    child.stderr.on("data", gather);
    const lines = createInterface(child.stdout);
    let limit: NodeJS.Timeout | undefined;
    try {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return await new Promise<Answer>((resolve) => {
        limit = setTimeout(() => {
          child.kill("SIGKILL");
          resolve({ code: "HANGS", message: `nothing after ${String(LIMIT_MS / 1000)} s` });
        }, LIMIT_MS);
        lines.once("line", (line) => {
          resolve(JSON.parse(line) as Answer);
        });
        child.once("close", (code, signal) => {
          this.#child = undefined;
          const message = Buffer.concat(errors).toString();
          resolve({ code: signal ?? told(message, code) ?? `EXIT ${String(code)}`, message });
        });
      });
    } finally {
      clearTimeout(limit);
      lines.close();
      child.stderr.off("data", gather);
      child.removeAllListeners("close");
      // A closed reader of lines leaves the stream paused.
      child.stdout.resume();
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.end();
    await ended;
  }
}
