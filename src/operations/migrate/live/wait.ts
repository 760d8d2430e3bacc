/** Waiting until a service lets go of its store. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StoreLock } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import type { OnProgress, Progress } from "../../run/progress.js";
import type { Teller } from "../events.js";
import { round, secondsSince } from "../options.js";

/** How often the lock is tried, and how often it is told that nothing happened, in milliseconds. */
const POLL_MS = 100;
const NOTE_MS = 30_000;

const WAITING: Progress = { phase: "wait", entries: 0, bytes: 0, dumpBytes: 0, totalEntries: null, totalBytes: null, keyspace: null };

/** How long, and until what, to wait. */
export interface WaitOptions {
  /** Seconds; without end when undefined. */
  readonly waitSeconds?: number | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is done over and over meanwhile. */
  readonly meanwhile?: (() => Promise<void>) | undefined;
}

/**
 * Takes the lock of a RocksDB store as soon as nobody has it. When it is not free at once, the user is asked to stop the service.
 * @throws {KgdumpError} STORE_IN_USE when the time is over; PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function waitForLock(source: string, teller: Teller, { waitSeconds, onProgress, signal, meanwhile }: WaitOptions): Promise<StoreLock> {
  const { lockRocksdb } = await import("../../../engines/rocksdb/lock.js");
  const started = performance.now();
  let noted: number | null = null;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lockRocksdb(source);
    } catch (error) {
      if (!(error instanceof KgdumpError) || error.code !== "STORE_IN_USE") throw error;
      if (noted === null) {
        teller.ask("stop", "stop the service now: the store was copied, and what changes until the service has stopped will be carried over", { path: source, held: error.message, waits: waitSeconds ?? "without end" });
        noted = performance.now();
      } else if (performance.now() - noted >= NOTE_MS) {
        teller.wait("stop", "still waiting for the service to stop", { held: error.message, seconds: round(secondsSince(started)) });
        noted = performance.now();
      }
      const left = (waitSeconds ?? Infinity) - secondsSince(started);
      if (left <= 0) {
        throw new KgdumpError("STORE_IN_USE", `the service did not stop within ${String(waitSeconds)} seconds: ${error.message}`, {
          cause: error,
          path: source,
          hint: "nothing was switched, and the copy was removed; stop the service when it is asked for, or wait longer with --wait",
        });
      }
      onProgress?.(WAITING);
      await meanwhile?.();
      await sleep(Math.min(POLL_MS, left * 1000), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }
}
