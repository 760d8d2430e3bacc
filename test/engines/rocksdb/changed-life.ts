/** A store with a real writer that does random things, and closes and opens it with other options now and then. */
import { join } from "node:path";
import { rocksdbAddon } from "#src/engines/rocksdb/addon.js";
import { createRocksdbSink, type RocksdbOperation, type RocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { familyOptions } from "#src/engines/rocksdb/sink.js";
import { encodeEntries } from "#src/format/entries.js";
import { makeOld } from "../../simulator/aged.js";
import { randomNumbers } from "./live-support.js";
import { bytes } from "./support.js";

/** Bytes that can't be compressed, always the same of the same seed. */
function noise(length: number, seed: number): Buffer {
  const random = randomNumbers(seed + 1);
  return Buffer.from(Array.from({ length }, () => random(256)));
}

type Random = (limit: number) => number;

/** Small memtables with several behind one another, tables that are compacted soon, and none that is. */
const SHAPES = [
  "disable_auto_compactions=true",
  "write_buffer_size=65536;max_write_buffer_number=6;min_write_buffer_number_to_merge=3;disable_auto_compactions=true",
  "write_buffer_size=65536;level0_file_num_compaction_trigger=2;target_file_size_base=65536",
  "enable_blob_files=true;min_blob_size=20;disable_auto_compactions=true",
  "disable_auto_compactions=true;merge_operator=stringappend",
  "level0_file_num_compaction_trigger=2;level_compaction_dynamic_level_bytes=false",
];
const DATABASES = [
  "",
  "avoid_flush_during_recovery=true",
  "atomic_flush=true",
  "manual_wal_flush=true",
  "avoid_flush_during_shutdown=true;avoid_flush_during_recovery=true",
  "max_manifest_file_size=4096",
  "wal_compression=kZSTD;avoid_flush_during_recovery=true",
  "recycle_log_file_num=2;avoid_flush_during_shutdown=true",
  "allow_2pc=true;wal_compression=kZSTD",
  "track_and_verify_wals=true;track_and_verify_wals_in_manifest=true;avoid_flush_during_recovery=true",
];
const FAMILIES = ["default", "reverse", "third"];

/** What happens to one store; nothing that is closed stays open. */
export class StoreLife {
  readonly path: string;
  /** What was done, in a few words each. */
  readonly story: string[] = [];
  /** Whether the log may lack numbers. */
  holes = false;
  /** How often the store may be closed and opened again. */
  openings = Infinity;
  readonly #directory: string;
  readonly #random: Random;
  readonly #shape: string;
  #database: string;
  #families = ["default", "reverse"];
  #sink: RocksdbSink | null = null;
  #bare = false;
  #loads = 0;

  constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#random = random;
    this.path = join(directory, "store");
    this.#shape = SHAPES[random(SHAPES.length)] ?? "";
    this.#database = DATABASES[random(DATABASES.length)] ?? "";
    this.story.push(`families ${this.#shape}`, `database ${this.#database}`);
  }

  /** Fills a family that is then left alone, so that all else is little. */
  async begin(): Promise<void> {
    if (this.#random(3) === 0) await this.#grow();
    const sink = await this.#opened();
    const operations = Array.from({ length: 300 }, (_, index) => ({ kind: "put" as const, key: bytes(`k${index}`), value: noise(1000, index) }));
    await sink.operate("base", operations);
    await sink.flush();
  }

  async #grow(): Promise<void> {
    await this.#opened();
    await this.close();
    await this.#do("grow old", () => makeOld(this.path, this.#random, { recycles: true }));
  }

  /** Does the next thing. */
  async step(): Promise<void> {
    const random = this.#random;
    const sink = await this.#opened();
    const family = this.#families[random(this.#families.length)] ?? "default";
    const kind = random(40);
    if (kind < 22) await this.#write(sink, family);
    else if (kind < 28) await this.#do("flush", () => sink.flush());
    else if (kind < 30) await this.#do(`compact ${family}`, () => sink.compact(family));
    else if (kind < 35 && this.openings > 0) await this.#closeBetween();
    else if (kind < 36) await this.#fill(sink, family);
    else if (kind < 37 && random(4) === 0) await this.#newFamily(sink);
    else if (kind < 39 && kind >= 37 && this.openings > 1) await this.#ingest(family);
    else if (random(3) === 0) await this.#removeRange(sink, family);
  }

  async #closeBetween(): Promise<void> {
    this.openings--;
    await this.close();
  }

  /** Hands over to the system what the writer has kept in memory of its log. */
  async handOver(): Promise<void> {
    if (this.#random(2) === 0) await this.#sink?.flushLog();
  }

  /** Closes the writer. */
  async close(): Promise<void> {
    const sink = this.#sink;
    this.#sink = null;
    if (sink !== null) await this.#do("close", () => sink.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #do(what: string, work: () => Promise<void>): Promise<void> {
    this.story.push(what);
    await work();
  }

  async #opened(): Promise<RocksdbSink> {
    if (this.#sink !== null) return this.#sink;
    if (this.#random(4) === 0) this.#database = DATABASES[this.#random(DATABASES.length)] ?? "";
    // RocksDB takes no writes without a log when it uses the files of logs again.
    this.#bare = this.#random(12) === 0 && !this.#database.includes("recycle");
    this.holes ||= this.#bare;
    this.story.push(`open${this.#bare ? " without a log" : ""} ${this.#database}`);
    const families = ["base", ...this.#families].map((name) => this.#family(name));
    return (this.#sink = await createRocksdbSink(this.path, {
      options: this.#shape,
      families,
      disableLog: this.#bare,
      databaseOptions: this.#database,
    }));
  }

  #family(name: string): { name: string; options: string; comparator: "bytewise" | "reverse-bytewise" } {
    return { name, options: this.#shape, comparator: name === "reverse" ? "reverse-bytewise" : "bytewise" };
  }

  #key(): Buffer {
    const random = this.#random;
    const kind = random(30);
    if (kind === 0) return Buffer.alloc(0);
    if (kind === 1) return Buffer.alloc(random(3000), 0x6b);
    if (kind === 2) return Buffer.alloc(1 + random(9), 0xff);
    return bytes(`key${String(random(120))}`);
  }

  #operation(): RocksdbOperation {
    const random = this.#random;
    const key = this.#key();
    const merge = this.#shape.includes("stringappend") && random(20) === 0;
    if (merge) return { kind: "merge", key, value: bytes("m") };
    if (random(3) === 0) return { kind: "delete", key };
    // Often the value that the key has already.
    return { kind: "put", key, value: Buffer.alloc(random(4) * 30, 0x61 + random(2)) };
  }

  async #write(sink: RocksdbSink, family: string): Promise<void> {
    const operations = Array.from({ length: 1 + this.#random(this.#random(5) === 0 ? 80 : 6) }, () => this.#operation());
    const merges = operations.filter(({ kind }) => kind === "merge").length;
    await this.#do(`write ${operations.length} to ${family}`, () => sink.operate(family, operations));
    // Operands are refused by the source until they are merged with what they are for.
    if (merges > 0) {
      await this.#do("flush operands", () => sink.flush());
      await this.#do("compact operands", () => sink.compact(family));
    }
  }

  /** So much that memtables are filled, and flushed at once with other things. */
  async #fill(sink: RocksdbSink, family: string): Promise<void> {
    const from = this.#random(2000);
    const operations = Array.from({ length: 1500 }, (_, index) => ({ kind: "put" as const, key: bytes(`much${from + index}`), value: Buffer.alloc(150, index) }));
    await this.#do(`fill ${family}`, () => sink.operate(family, operations));
  }

  async #newFamily(sink: RocksdbSink): Promise<void> {
    const name = FAMILIES[2] ?? "";
    if (this.#families.includes(name)) return;
    this.#families = [...this.#families, name];
    await this.#do("new family", () => sink.createKeyspace(Buffer.from(name)));
  }

  async #removeRange(sink: RocksdbSink, family: string): Promise<void> {
    const [a, b] = [this.#key(), this.#key()].sort((one, other) => Buffer.compare(one, other) * (family === "reverse" ? -1 : 1));
    if (a === undefined || b === undefined || a.equals(b)) return;
    await this.#do(`remove a range of ${family}`, () => sink.operate(family, [{ kind: "deleteRange", from: a, to: b }]));
  }

  /** Table files that pass by the log. */
  async #ingest(family: string): Promise<void> {
    await this.close();
    const { mkdir } = await import("node:fs/promises");
    const directory = join(this.#directory, `tables${this.#loads++}`);
    await mkdir(directory);
    const { options, comparator } = this.#family(family);
    const text = familyOptions({ options, comparator });
    const families = ["base", ...this.#families].map((name) => ({ name: Buffer.from(name), options: familyOptions(this.#family(name)) }));
    const native = await rocksdbAddon().openSink(this.path, "", familyOptions({ options }), families, false);
    const sign = comparator === "reverse-bytewise" ? -1 : 1;
    const keys = new Map(Array.from({ length: 1 + this.#random(20) }, () => this.#key()).map((key) => [key.toString("latin1"), key]));
    const entries = [...keys.values()].sort((a, b) => sign * Buffer.compare(a, b)).map((key) => ({ key, value: bytes(`ingested ${this.#loads}`) }));
    await this.#do(`ingest ${entries.length} into ${family}`, async () => {
      native.beginLoad(Buffer.from(family), text, directory, false);
      await native.load(Buffer.from(encodeEntries(entries)));
      await native.endLoad();
      await native.finishLoads();
      await native.close();
    });
  }
}
