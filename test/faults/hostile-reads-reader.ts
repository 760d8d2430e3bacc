/**
 * A process that reads stores which were changed in bad faith, as the program does: a crash of an engine is told, and ends it. Each line of standard input is
 * the path of a store; each is answered by a line, a Read as JSON.
 */
import { createInterface } from "node:readline";
import { tellCrashes } from "#src/crash.js";
import { KgdumpError } from "#src/errors.js";
import { openSource } from "#src/operations/disk/stores.js";

/** What became of one store. */
export interface Read {
  /** The code of the error; null when all of it was read. */
  readonly code: string | null;
  readonly message: string;
  /** Milliseconds of processor time that it took. */
  readonly taken: number;
}

async function readAll(store: string): Promise<void> {
  await using source = await openSource(store, {});
  for (const { name } of source.info.keyspaces) for await (const block of source.scan(name, { blockSize: 1 << 20 })) block.release();
}

tellCrashes(({ code, message }) => `${JSON.stringify({ code, message })}\n`);
for await (const store of createInterface(process.stdin)) {
  const before = process.cpuUsage();
  const error: unknown = await readAll(store).then(() => null, (reason: unknown) => reason);
  const { user, system } = process.cpuUsage(before);
  const code = error === null ? null : error instanceof KgdumpError ? error.code : "INTERNAL";
  process.stdout.write(`${JSON.stringify({ code, message: String(error), taken: (user + system) / 1000 } satisfies Read)}\n`);
}
