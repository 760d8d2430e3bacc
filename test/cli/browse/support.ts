/** Keyspaces for tests of the browser: as a dump, as a RocksDB store and as a sled store. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { openDumpRows } from "#src/cli/browse/rows/dump-rows.js";
import type { Row, Rows } from "#src/cli/browse/rows/rows.js";
import { openStoreRows } from "#src/cli/browse/rows/store-rows.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { sampleDump, type SampleKeyspace } from "../support/dumps.js";

/** Rows of one kind of source. */
export interface Source {
  readonly name: string;
  readonly path: string;
  open(): Promise<Rows>;
}

/** The same keyspaces as each kind of source; sled has no reverse order. */
export async function sources(t: ExecutionContext, keyspaces: readonly SampleKeyspace[], entriesPerBlock = 3): Promise<readonly Source[]> {
  const directory = await temporaryDirectory(t);
  const [dump, rocksdb, sled] = ["x.kgd", "rocksdb", "sled"].map((name) => join(directory, name)) as [string, string, string];
  await writeFile(dump, await sampleDump(keyspaces, { entriesPerBlock }));
  await restoreDump({ input: dump, target: rocksdb });
  await importDump({ input: dump, target: sled });
  return [
    { name: "dump", path: dump, open: () => openDumpRows({ path: dump, layout: MAYA_LAYOUT }) },
    ...[rocksdb, sled].map((path) => ({ name: path, path, open: () => openStoreRows({ path, layout: MAYA_LAYOUT, onWarning: (warning) => t.fail(warning) }) })),
  ];
}

/** Keys of rows as text. */
export function keysOf(rows: readonly Row[]): string[] {
  return rows.map(({ key }) => Buffer.from(key).toString("latin1"));
}
