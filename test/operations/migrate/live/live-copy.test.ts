/** The copy of a store whose service runs is brought up to date from a store that is read as it was read for the copy: with the times of its values, or without. */
import { randomUUID } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { createRocksdbSink, type RocksdbOperation } from "#src/engines/rocksdb/rocksdb.js";
import { exportStore } from "#src/operations/export/export.js";
import { beginJournal, copyStore } from "#src/operations/migrate/copy.js";
import { directionOf } from "#src/operations/migrate/direction.js";
import { Teller } from "#src/operations/migrate/events.js";
import { catchUp } from "#src/operations/migrate/live/catch-up.js";
import { LiveCopy } from "#src/operations/migrate/live/live-copy.js";
import { migrationPaths } from "#src/operations/migrate/options.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

/** A time as DBWithTTL puts it behind a value. */
const TIME = "\0\0\0`";
const CONTENT = Object.entries(numbered("k", 300));
const put = (key: string, value: string): RocksdbOperation => ({ kind: "put", key: Buffer.from(key), value: Buffer.from(value) });

/** What tells of times: what drops entries by them, of which kgdump does not know which it dropped, or what only merges them. */
const OBJECTS = { "a filter": ["compaction_filter_factory=nullptr", "compaction_filter_factory=TtlCompactionFilterFactory"], "an operator": ["merge_operator=nullptr", "merge_operator=TtlMergeOperator"], nothing: ["", ""] } as const;

/** Lets OPTIONS tell of times, as DBWithTTL does whenever it opens the store. */
async function tellTimes(path: string, [none, object]: readonly [string, string]): Promise<void> {
  for (const name of await readdir(path)) {
    if (!name.startsWith("OPTIONS-")) continue;
    const text = await readFile(join(path, name), "latin1");
    await writeFile(join(path, name), text.replaceAll(none, object), "latin1");
  }
}

/** What a service does. */
async function serve(path: string, operation: RocksdbOperation, compacts: boolean): Promise<void> {
  await using sink = await createRocksdbSink(path, {});
  await sink.operate("default", [operation]);
  if (compacts) await sink.compact("default");
}

for (const [ttl, told] of [["strip", "an operator"], ["keep", "an operator"], ["strip", "a filter"], ["keep", "a filter"], [undefined, "nothing"]] as const) {
  test(`${told} tells of times${ttl === undefined ? "" : `, which the copy is to ${ttl}`}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const time = ttl === undefined ? "" : TIME;
    const source = await makeStore(directory, "graph", { default: Object.fromEntries(CONTENT.map(([key, value]) => [key, value + time])) });
    const work = async (key: string, compacts: boolean): Promise<void> => {
      await serve(source, put(key, `written meanwhile${time}`), compacts);
      await tellTimes(source, OBJECTS[told]);
    };
    await tellTimes(source, OBJECTS[told]);
    const options = { source, ttl, live: true };
    using teller = new Teller(undefined);
    const id = randomUUID();
    const journal = await beginJournal(await migrationPaths(options, directionOf({}), new Date(), id), id, "copying", options);
    const copy = await copyStore(journal, null, "copying", options, teller);
    const holds = async (): Promise<void> => {
      const output = join(directory, "whole.kgd");
      await exportStore({ store: source, output, ttl, force: true });
      t.true((await verifyDump({ input: output, against: journal.building })).against?.equal);
    };
    // Of tables that were compacted nobody can tell which keys they changed: the copy is compared with all of the store, at the end only where it always is.
    await work("first", true);
    const live = await LiveCopy.open(journal, copy, options, teller);
    await live.settle();
    const early = told === "a filter" ? 0 : 1;
    t.like(live.changes, { added: early, changed: 0, removed: 0 });
    // What comes then stands in the log, which tells the keys.
    await work("second", false);
    t.like(await catchUp(journal, live, options, teller), { changes: { added: 2 - early, changed: 0, removed: 0 } });
    await holds();
  });
}
