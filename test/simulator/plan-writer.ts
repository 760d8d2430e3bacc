/** Writes the lines of a random plan: lives of a store, each with its changes, flushes, compactions, ingestions and transactions. */
import type { Random } from "../fuzz/random.js";
import { hex } from "../maker/run.js";

/** What the lines may have in them. */
export interface Ways {
  readonly families: readonly { readonly name: string; readonly reverse: boolean; readonly options: string }[];
  /** Families may be dropped, and made anew. */
  readonly drops: boolean;
  readonly transactional: boolean;
  readonly ttl: boolean;
  readonly unlogged: boolean;
  /** Tables may be ingested behind all that is there. */
  readonly behind: boolean;
  /** Neither transactions nor a time to live: everything may be written. */
  readonly ordinary: boolean;
  readonly operator: boolean;
  /** Logs are written when it is asked for. */
  readonly buffered: boolean;
  readonly entities: boolean;
  /** Values may say when they were written; a compaction to the last level gives them the number that the store had then. RocksDB loses them in blob files. */
  readonly timed: boolean;
  /** Writes may be synced: unlogged ones may not, and RocksDB hangs in some that are unordered. */
  readonly synced: boolean;
}

interface Open {
  readonly name: string;
  prepared: boolean;
  readonly keys: Set<string>;
}

const KEYS = 40;
/** How many seconds ago a value was written, by its own words. */
const AGES = [0, 1, 60, 700, 1_000_000, 1_000_000_000];

/** Makes lines; one writer for one plan. */
export class PlanWriter {
  readonly #random: Random;
  readonly #ways: Ways;
  readonly #behind = new Set<string>();
  #once = 0;
  #dropped = new Set<string>();
  #names = 0;
  #open: Open[] = [];
  #lines: string[] = [];

  constructor(random: Random, ways: Ways) {
    this.#random = random;
    this.#ways = ways;
  }

  /** Whether any line puts an entity. */
  get entities(): boolean {
    return this.#lines.some((line) => line.startsWith("entity "));
  }

  /** One to three lives, of which the last ends so; `prepared` leaves a transaction neither committed nor rolled back. */
  lives(end: string, prepared: boolean): string[] {
    const lives = 1 + this.#random.below(3);
    for (let life = 1; life <= lives; life += 1) {
      this.#makeAnew();
      this.#lines.push("open");
      const steps = 5 + this.#random.below(60);
      for (let step = 0; step < steps; step += 1) this.#step();
      if (life === lives) this.#end(end, prepared);
      else this.#pause();
    }
    return this.#lines;
  }

  /** A life whose last session orders keys in another way, under the name of the usual order. */
  disordered(how: "key out of order" | "tables in another order", end: string): { lines: string[]; disorder: string } {
    const { name } = this.#random.pick(this.#ways.families);
    this.#lines.push("open");
    for (let step = this.#random.below(20); step > 0; step -= 1) this.#step();
    this.#settle();
    this.#lines.push("close");
    const [from, to] = [this.#random.below(KEYS), this.#random.below(KEYS)];
    const moved = how === "key out of order" ? `moved leveldb.BytewiseComparator ${key(from)}=${key(to === from ? (to + 7) % KEYS : to)}` : "reverse leveldb.BytewiseComparator";
    const before = this.#random.once(2) ? [`compact ${name}`] : [];
    const puts = Array.from({ length: KEYS }, (_, at) => `put ${name} ${key(at)} ${hex(`moved ${String(at)}`)}`);
    this.#lines.push(`order ${name} ${moved}`, "open", ...puts, `flush ${name}`, ...before, "close", `order ${name} none`);
    if (end !== "crash") this.#lines.push("open");
    this.#finish(end === "crash" ? "close" : end);
    return { lines: this.#lines, disorder: moved };
  }

  #step(): void {
    const [random, ways] = [this.#random, this.#ways];
    const { name, reverse } = this.#family();
    const kind = random.below(40);
    if (kind === 0) this.#lines.push(`flush ${name}`);
    else if (kind === 1) this.#lines.push(random.once(3) && !ways.behind ? `compact ${name}` : `flush ${name}`);
    else if (kind === 2 && ways.buffered) this.#lines.push("flush-log");
    else if (kind === 3 && ways.ordinary) this.#ingest(name, reverse);
    else if (kind === 4 && ways.ordinary) this.#deleteRange(name, reverse);
    else if (kind === 5 && ways.unlogged) this.#lines.push("sync off", `wal ${random.pick(["on", "off"])}`);
    else if (kind === 6 && ways.synced) this.#lines.push(`sync ${random.pick(["on", "off"])}`);
    else if (kind === 7 && !ways.transactional) this.#batch();
    else if (kind === 8 && ways.drops && this.#open.length === 0 && name !== hex("default")) this.#drop(name);
    else if (kind < 24 && ways.transactional) this.#transact(name);
    else this.#lines.push(this.#change(name));
  }

  /** A family that is there. */
  #family(): Ways["families"][number] {
    return this.#random.pick(this.#ways.families.filter(({ name }) => !this.#dropped.has(name)));
  }

  #drop(name: string): void {
    this.#lines.push(`drop ${name}`);
    this.#dropped.add(name);
  }

  /** Families that were dropped may be made anew by the next session. */
  #makeAnew(): void {
    for (const { name, reverse, options } of this.#ways.families) {
      if (!this.#dropped.has(name) || this.#random.once(3)) continue;
      this.#lines.push(`family ${name} ${options}${reverse ? ";comparator=rocksdb.ReverseBytewiseComparator" : ""}`);
      this.#dropped.delete(name);
    }
  }

  /** A key that no open transaction has locked. */
  #key(name: string): string {
    for (;;) {
      const chosen = this.#random.once(60) ? "-" : key(this.#random.below(KEYS));
      if (!this.#open.some(({ keys }) => keys.has(`${name} ${chosen}`))) return chosen;
    }
  }

  #value(): string {
    const random = this.#random;
    if (this.#ways.operator) return hex(random.bytes(8));
    return hex(random.bytes(random.once(10) ? 0 : random.once(10) ? 300 + random.below(2000) : 1 + random.below(30)));
  }

  #change(name: string): string {
    const random = this.#random;
    const kind = random.below(10);
    if (kind < 2) return `delete ${name} ${this.#key(name)}`;
    if (kind === 2 && this.#ways.ordinary && !this.#ways.operator) {
      // A key that is put once and never touched otherwise may be deleted in this way.
      if (random.once(2) && this.#once > 0) return `single-delete ${name} ${hex(`once ${name} ${String(random.below(this.#once))}`)}`;
      this.#once += 1;
      return `put ${name} ${hex(`once ${name} ${String(this.#once)}`)} ${this.#value()}`;
    }
    if (kind < 6 && this.#ways.operator) return `merge ${name} ${this.#key(name)} ${this.#value()}`;
    if (kind === 6 && this.#ways.entities) return `entity ${name} ${this.#key(name)} ${hex("column")}=${this.#value()}`;
    const chosen = this.#key(name);
    // (Chosen without numbers of their own, so that known simulations stay what they are.)
    const [isTimed, age] = [this.#ways.timed && this.#lines.length % 3 === 0, AGES[this.#lines.length % AGES.length] ?? 0];
    return isTimed ? `timed ${name} ${chosen} ${String(age)} ${this.#value()}` : `put ${name} ${chosen} ${this.#value()}`;
  }

  #batch(): void {
    const changes = Array.from({ length: 1 + this.#random.below(12) }, () => this.#change(this.#family().name));
    this.#lines.push("batch", ...changes, "write");
  }

  #deleteRange(name: string, reverse: boolean): void {
    const from = this.#random.below(KEYS - 1);
    const to = from + 1 + this.#random.below(Math.min(8, KEYS - 1 - from));
    this.#lines.push(reverse ? `delete-range ${name} ${key(to)} ${key(from)}` : `delete-range ${name} ${key(from)} ${key(to)}`);
  }

  #ingest(name: string, reverse: boolean): void {
    const random = this.#random;
    const chosen = Array.from({ length: KEYS }, (_, at) => at).filter(() => random.once(5));
    if (chosen.length === 0) return;
    const { behind } = this.#ways;
    // Any other table at the last level would leave no room for one that goes behind.
    if (behind && this.#behind.has(name)) return;
    this.#behind.add(name);
    const rows = (reverse ? chosen.reverse() : chosen).map((at) => (!behind && random.once(5) ? `row delete ${key(at)}` : `row put ${key(at)} ${this.#value()}`));
    this.#lines.push(...rows, `ingest ${name}${behind ? " behind" : ""}`);
  }

  #transact(name: string): void {
    const random = this.#random;
    const open = this.#open.length === 0 ? undefined : random.pick(this.#open);
    const kind = random.below(8);
    if (open === undefined || (kind === 0 && this.#open.length < 4)) {
      this.#names += 1;
      const begun = { name: hex(`t${String(this.#names)}`), prepared: false, keys: new Set<string>() };
      this.#open.push(begun);
      this.#lines.push(`begin ${begun.name}`);
      return;
    }
    if (open.prepared || (kind === 1 && open.keys.size > 0)) this.#endTransaction(open, random.once(5) ? "rollback" : "commit");
    else if (kind === 2 && open.keys.size > 0) {
      open.prepared = true;
      this.#lines.push(`prepare ${open.name}`);
    } else if (open.keys.size < 12) {
      const chosen = this.#key(name);
      open.keys.add(`${name} ${chosen}`);
      this.#lines.push(`in ${open.name} ${random.once(4) ? `delete ${name} ${chosen}` : `put ${name} ${chosen} ${this.#value()}`}`);
    }
  }

  #endTransaction(open: Open, how: "commit" | "rollback"): void {
    this.#lines.push(`${how} ${open.name}`);
    this.#open = this.#open.filter((other) => other !== open);
  }

  /** Ends all open transactions. */
  #settle(): void {
    for (const open of [...this.#open]) this.#endTransaction(open, open.keys.size > 0 ? "commit" : "rollback");
  }

  /** Between two lives: what was prepared waits for the next one, what wasn't is gone. */
  #pause(): void {
    const crash = this.#random.once(2);
    if (!crash) this.#settle();
    this.#lines.push(crash ? "crash" : "close");
    this.#open = this.#open.filter(({ prepared }) => prepared);
  }

  #end(end: string, prepared: boolean): void {
    // A crash may come before transactions are decided. (Chosen without a number of its own, so that known simulations stay what they are.)
    const undecided = end === "crash" && !prepared && this.#names % 3 === 2;
    if (!undecided) this.#settle();
    if (prepared) {
      const { name } = this.#family();
      this.#lines.push("begin 7774", `in 7774 put ${name} ${key(3)} ${hex("waits")}`, `in 7774 put ${name} ${hex("new")} ${hex("waits")}`, "prepare 7774");
      if (this.#random.once(2)) this.#lines.push(`put ${name} ${hex("behind")} 00`);
      if (this.#random.once(3)) this.#lines.push(`flush ${name}`);
    }
    this.#finish(end);
  }

  #finish(end: string): void {
    if (end === "checkpoint") this.#lines.push("checkpoint $STORE.copy");
    if (end === "restored") this.#lines.push("backup $STORE.backups $STORE.copy");
    this.#lines.push(end === "close" ? "close" : "crash");
  }
}

function key(number: number): string {
  return hex(`k${String(number).padStart(3, "0")}`);
}
