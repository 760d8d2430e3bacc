/** Does what a state wants, and makes happenings of what comes of it: one thing of each kind at a time, and only the newest of those that wait. */
import type { Host } from "./host.js";
import { MOST_MATCHES } from "./list.js";
import type { Row } from "./rows/rows.js";
import type { Happening, Wanted } from "./state.js";

/** How often matches are shown while a search runs. */
const SHOWN_MS = 100;

/** Runs what is wanted. */
export class Runner {
  readonly #host: Pick<Host, "rows" | "parseKey" | "describe">;
  readonly #tell: (happening: Happening) => void;
  readonly #running = new Map<Wanted["kind"], Promise<void>>();
  readonly #waiting = new Map<Wanted["kind"], Wanted>();
  #search: AbortController | null = null;

  /** @param tell takes what happened */
  constructor(host: Pick<Host, "rows" | "parseKey" | "describe">, tell: (happening: Happening) => void) {
    this.#host = host;
    this.#tell = tell;
  }

  /** Starts something; an error of it is a happening. */
  run(wanted: Wanted): void {
    if (wanted.kind === "stop") {
      this.#search?.abort();
      this.#waiting.delete("matches");
    } else if (this.#running.has(wanted.kind) && wanted.kind !== "prefixes") this.#waiting.set(wanted.kind, wanted);
    else this.#start(wanted);
  }

  /** Ends all that runs, and waits for it. */
  async end(): Promise<void> {
    this.#waiting.clear();
    this.#search?.abort();
    await Promise.allSettled(this.#running.values());
  }

  #start(wanted: Wanted): void {
    const done = this.#perform(wanted)
      .catch((error: unknown) => { this.#tell({ kind: "failed", of: wanted, message: this.#host.describe(error) }); })
      .then(() => {
        if (this.#running.get(wanted.kind) !== done) return;
        this.#running.delete(wanted.kind);
        const next = this.#waiting.get(wanted.kind);
        this.#waiting.delete(wanted.kind);
        if (next !== undefined) this.#start(next);
      });
    this.#running.set(wanted.kind, done);
  }

  async #perform(wanted: Wanted): Promise<void> {
    const { rows, parseKey } = this.#host;
    switch (wanted.kind) {
      case "prefixes":
        this.#tell({ kind: "prefixes", place: wanted.place, found: await rows.prefixes(wanted.place) });
        return;
      case "page": {
        const { ticket, side, request } = wanted;
        this.#tell({ kind: "page", ticket, side, rows: await rows.page(request), limit: request.limit });
        return;
      }
      case "value":
        this.#tell({ kind: "value", ticket: wanted.ticket, bytes: await this.#value(wanted.keyspace, wanted.key) });
        return;
      case "matches":
        await this.#matches(wanted);
        return;
      case "around":
        this.#tell({ kind: "around", ticket: wanted.ticket, around: await rows.neighbours(wanted.node) });
        return;
      case "seek":
        this.#tell({ kind: "seek", key: parseKey(wanted.text) });
        return;
      default:
        return;
    }
  }

  async #value(keyspace: number | null, key: Uint8Array): Promise<Uint8Array | null | undefined> {
    const { rows } = this.#host;
    if (keyspace !== null) return rows.value(keyspace, key);
    for (const at of rows.keyspaces.keys()) {
      const value = await rows.value(at, key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  async #matches({ ticket, place, pattern }: Wanted & { kind: "matches" }): Promise<void> {
    const search = new AbortController();
    this.#search = search;
    let [found, looked, last, gathered]: [number, number, number, Row[]] = [0, 0, performance.now(), []];
    const tell = (state: "running" | "done" | "stopped" | "full"): void => {
      this.#tell({ kind: "matches", ticket, rows: gathered, looked, state });
      gathered = [];
      last = performance.now();
    };
    const onLooked = (entries: number): void => {
      looked = entries;
      if (performance.now() - last >= SHOWN_MS) tell("running");
    };
    try {
      for await (const row of this.#host.rows.matches({ ...place, pattern, signal: search.signal, onLooked })) {
        gathered.push(row);
        found += 1;
        if (found === MOST_MATCHES) break;
      }
    } catch (error) {
      if (!search.signal.aborted) throw error;
    }
    tell(search.signal.aborted ? "stopped" : found === MOST_MATCHES ? "full" : "done");
  }
}
