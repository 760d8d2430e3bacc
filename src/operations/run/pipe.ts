/** Two works with a pipe between them: one writes a dump, the other one reads it as it comes. */
import { PassThrough } from "node:stream";
import { KgdumpError } from "../../errors.js";

/** Bytes that wait in the pipe. */
const WAITING = 4 * 1024 * 1024;

/**
 * Does both works at the same time, to their ends. When one of them fails, the other one ends, too.
 * @throws what the work threw that failed first: not that the writer's pipe broke, nor what a reader makes of a dump that was cut
 */
export async function throughPipe<Written, Read>(write: (pipe: PassThrough) => Promise<Written>, read: (pipe: PassThrough) => Promise<Read>): Promise<{ readonly written: Written; readonly read: Read }> {
  const pipe = new PassThrough({ highWaterMark: WAITING });
  const [reading, writing] = [read(pipe), write(pipe)];
  // Who fails may have left the pipe open, and the other one would wait.
  for (const work of [reading, writing]) work.catch(() => { pipe.destroy(); });
  const [written, found] = await Promise.allSettled([writing, reading]);
  if (written.status === "rejected") throw found.status === "rejected" && isBrokenPipe(written.reason) ? found.reason : written.reason;
  if (found.status === "rejected") throw found.reason;
  return { written: written.value, read: found.value };
}

/** Whether a writer failed only because its reader had. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof KgdumpError && error.code === "BROKEN_PIPE";
}
