/**
 * A service that has a RocksDB store open, in a process of its own: a lock on a file is one of a process.
 *
 *   node live-service.js STORE
 *
 * Says "open"; then each line that it reads is a JSON array of [family, operations], keys and values in hex, or [family, "flush" or "compact"],
 * which it does;
 * at the end of its standard input it closes the store.
 */
import { createInterface } from "node:readline";
import { createRocksdbSink, type RocksdbOperation } from "#src/engines/rocksdb/rocksdb.js";

/** An operation as JSON has it. */
export interface PlainOperation {
  readonly kind: "put" | "delete" | "deleteRange";
  readonly key: string;
  /** The value, or the end of the range. */
  readonly value?: string;
}

/** What is done to the tables of a family. */
export type TableWork = "flush" | "compact";

/** Families that tests make in the reverse order of keys. */
export const REVERSE = [{ name: "back", comparator: "reverse-bytewise" as const }];

function operationOf({ kind, key, value = "" }: PlainOperation): RocksdbOperation {
  const [first, second] = [Buffer.from(key, "hex"), Buffer.from(value, "hex")];
  if (kind === "put") return { kind, key: first, value: second };
  return kind === "delete" ? { kind, key: first } : { kind, from: first, to: second };
}

const path = process.argv[2];
if (path !== undefined && process.argv[1]?.endsWith("live-service.js") === true) {
  const sink = await createRocksdbSink(path, { families: REVERSE });
  process.stdout.write("open\n");
  for await (const line of createInterface(process.stdin)) {
    for (const [family, work] of JSON.parse(line) as [string, PlainOperation[] | TableWork][]) {
      await sink.createKeyspace(Buffer.from(family));
      if (work === "flush") await sink.flush();
      else if (work === "compact") await sink.compact(family);
      else await sink.operate(family, work.map(operationOf));
    }
  }
  await sink.close();
}
