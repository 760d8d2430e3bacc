/** Starts a service that has a RocksDB store open, in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import type { PlainOperation, TableWork } from "./live-service.js";

const SERVICE = fileURLToPath(new URL("./live-service.js", import.meta.url));

/** What a service does before it stops. */
export type Work = readonly (readonly [family: string, work: readonly PlainOperation[] | TableWork])[];

/** A service that runs. */
export interface Service {
  /** Whether it was not asked to stop, and has not ended. */
  readonly runs: () => boolean;
  readonly pid: number | undefined;
  /** Lets it do something. */
  readonly work: (work: Work) => void;
  /** Lets it do something, close the store and end. */
  readonly stop: (work?: Work) => Promise<unknown>;
}

/** Starts a service; it has the store at `path` open when this returns. It is killed when the test ends. */
export async function serve(t: ExecutionContext, path: string): Promise<Service> {
  const child = spawn(process.execPath, [SERVICE, path], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  t.teardown(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return {
    runs: () => child.stdin.writable && child.exitCode === null && child.signalCode === null,
    pid: child.pid,
    work: (work) => child.stdin.write(`${JSON.stringify(work)}\n`),
    stop: (work = []) => {
      if (child.stdin.writable) child.stdin.end(`${JSON.stringify(work)}\n`);
      return ended;
    },
  };
}
