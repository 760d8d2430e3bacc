import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { serve } from "../operations/migrate/service.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { start } from "./support/run.js";

const STOP = "stop the service now";

/** The lines that a program writes to a pipe, from the first on; `until` ends with the first one that matches. */
class Lines {
  readonly all: string[] = [];
  readonly #next: AsyncIterator<string>;

  constructor(stream: Readable | null) {
    if (stream === null) throw new Error("no pipe");
    this.#next = createInterface(stream)[Symbol.asyncIterator]();
  }

  /** @returns false when the pipe ended before such a line */
  async until(matches: (line: string) => boolean): Promise<boolean> {
    for (;;) {
      const next = await this.#next.next();
      if (next.done === true) return false;
      this.all.push(next.value);
      if (matches(next.value)) return true;
    }
  }
}

/** A live migration in a process of its own, of a store that a service has open. */
async function begin(t: ExecutionContext, ...flags: string[]): Promise<{ directory: string; path: string; service: Awaited<ReturnType<typeof serve>>; child: ChildProcess; ended: Promise<unknown[]> }> {
  // Without the event the program waits without end, and so would this.
  t.timeout(60_000);
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 2000) });
  const service = await serve(t, path);
  const child = start(["migrate", "--live", "--from", path, ...flags]);
  t.teardown(() => child.kill("SIGKILL"));
  return { directory, path, service, child, ended: once(child, "close") };
}

/** The migration waits for a service that runs. */
function bothRun(t: ExecutionContext, child: ChildProcess, service: { readonly runs: () => boolean }): void {
  t.true(service.runs());
  t.is(child.exitCode, null);
  t.is(child.signalCode, null);
}

const LATE = [["default", [{ kind: "put", key: Buffer.from("late").toString("hex"), value: "31" }]]] as const;

test("with --json, a script that reads the pipe is told to stop the service while the migration waits for that", async (t) => {
  const { service, child, ended } = await begin(t, "--json");
  child.stderr?.resume();
  const lines = new Lines(child.stdout);
  const phaseOf = (line: string): unknown => (JSON.parse(line) as { event?: { phase?: unknown } }).event?.phase;
  t.true(await lines.until((line) => phaseOf(line) === "stop"), lines.all.join("\n"));
  bothRun(t, child, service);
  // All that happened before it was told before it.
  t.deepEqual([...new Set(lines.all.map(phaseOf))], ["detect", "preflight", "export", "import", "verify", "stop"]);
  await service.stop(LATE);
  t.false(await lines.until(() => false));
  t.deepEqual((await ended)[0], 0);
  const result = JSON.parse(lines.all.at(-1) ?? "") as { migration?: unknown };
  t.like(result, { migration: { status: "migrated", entries: 2001, changes: { added: 1, changed: 0, removed: 0 } } });
});

test("as text, on standard error and in the log, it is told at once, too", async (t) => {
  const log = join(await temporaryDirectory(t), "log");
  const { service, child, ended } = await begin(t, "--log", log);
  child.stdout?.resume();
  const lines = new Lines(child.stderr);
  t.true(await lines.until((line) => line.includes(STOP)), lines.all.join("\n"));
  bothRun(t, child, service);
  t.true((await readFile(log, "utf8")).includes(STOP));
  await service.stop(LATE);
  t.false(await lines.until(() => false));
  t.deepEqual((await ended)[0], 0);
  t.true(lines.all.some((line) => line.includes("migrated:")));
});

test("with --quiet, what somebody has to do is told all the same, and who holds the store; warnings come too, and nothing else", async (t) => {
  const { path, service, child, ended } = await begin(t, "-q");
  child.stdout?.resume();
  const lines = new Lines(child.stderr);
  t.true(await lines.until((line) => line.includes(STOP)), lines.all.join("\n"));
  t.is(lines.all.length, 1);
  t.regex(lines.all[0] ?? "", new RegExp(`held="?${path} is open`));
  bothRun(t, child, service);
  await service.stop(LATE);
  t.false(await lines.until(() => false));
  t.deepEqual((await ended)[0], 0);
  t.true(lines.all[1]?.includes("start the service now"));
  t.true(lines.all.slice(2).every((line) => line.startsWith("warning: ")), lines.all.join("\n"));
});
