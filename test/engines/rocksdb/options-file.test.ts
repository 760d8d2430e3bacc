/** Writing OPTIONS anew: what takes the place of what, in which file, and that nothing of other families or sections is taken. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { type FinalOptions, finishOptions } from "#src/engines/rocksdb/options-file.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** As RocksDB writes it: names are bytes, and escaped, each character that it has an escape for among them, and brackets and signs of equality may be anywhere in a value. */
const WRITTEN = `# This is a RocksDB option file.
#

[Version]
  rocksdb_version=10.10.1
  options_file_version=1.1

[DBOptions]
  max_open_files=-1
  db_log_dir=/a [b]=c
  #wal_dir=/tmp
  stats=1

[CFOptions "default"]
  ttl=1
  write_buffer_size=[CFOptions "x"]

[TableOptions/BlockBasedTable "default"]
  block_size=4096
  checksum=kXXH3

[CFOptions "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]
  ttl=2
  write_buffer_size=3

[TableOptions/BlockBasedTable "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]
  block_size=8192
  checksum=kXXH3
`;

/** The lines of each section of what is written. */
async function finished(path: string, options: FinalOptions): Promise<Record<string, string[]>> {
  await writeFile(path, WRITTEN, "latin1");
  await finishOptions(join(path, ".."), options);
  const text = await readFile(path, "latin1");
  return Object.fromEntries(text.split(/\n\n/).slice(1).map((section) => {
    const [head = "", ...lines] = section.trimEnd().split("\n");
    return [head, lines.map((line) => line.trim())];
  }));
}

const NOTHING: FinalOptions = { version: null, database: { values: new Map(), complete: false }, families: [] };
const ODD = Buffer.from('a[b"]\n\r\\c#:éÿ', "latin1");

test("the newest OPTIONS by number take the values, and the older ones go", async (t) => {
  const store = await temporaryDirectory(t);
  for (const name of ["OPTIONS-000009", "OPTIONS-99999", "OPTIONS-100000.dbtmp", "other"]) await writeFile(join(store, name), "old");
  t.like(await finished(join(store, "OPTIONS-100000"), { ...NOTHING, version: "8.1.0" }), { "[Version]": ["rocksdb_version=8.1.0", "options_file_version=1.1"] });
  t.deepEqual((await readdir(store)).sort(), ["OPTIONS-100000", "other"]);
  const empty = await temporaryDirectory(t);
  await finishOptions(empty, NOTHING);
  t.deepEqual(await readdir(empty), []);
});

test("each section keeps what it has, but for what is to stand there instead", async (t) => {
  const path = join(await temporaryDirectory(t), "OPTIONS-000007");
  const before = {
    "[Version]": ["rocksdb_version=10.10.1", "options_file_version=1.1"],
    "[DBOptions]": ["max_open_files=-1", "db_log_dir=/a [b]=c", "stats=1"],
    '[CFOptions "default"]': ["ttl=1", 'write_buffer_size=[CFOptions "x"]'],
    '[TableOptions/BlockBasedTable "default"]': ["block_size=4096", "checksum=kXXH3"],
    '[CFOptions "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["ttl=2", "write_buffer_size=3"],
    '[TableOptions/BlockBasedTable "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["block_size=8192", "checksum=kXXH3"],
  };
  t.deepEqual(await finished(path, NOTHING), before);
  const values = new Map([["ttl", "7"], ["table.block_size", "1"], ["more", "x"]]);
  // Of a family with a name that is escaped; the other one is not touched.
  t.deepEqual(await finished(path, { ...NOTHING, families: [{ name: ODD, values, complete: false }] }), {
    ...before,
    '[CFOptions "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["ttl=7", "write_buffer_size=3", "more=x"],
    '[TableOptions/BlockBasedTable "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["block_size=1", "checksum=kXXH3"],
  });
  // All is known of that: others are left out, and the other family has no option that the version does not know.
  t.deepEqual(await finished(path, { ...NOTHING, families: [{ name: ODD, values, complete: true }] }), {
    ...before,
    '[CFOptions "default"]': ["ttl=1"],
    '[TableOptions/BlockBasedTable "default"]': ["block_size=4096"],
    '[CFOptions "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["ttl=7", "more=x"],
    '[TableOptions/BlockBasedTable "a[b\\"]\\n\\r\\\\c\\#\\:éÿ"]': ["block_size=1"],
  });
  const database = new Map([["stats", "2"], ["jobs", "3"]]);
  t.like(await finished(path, { ...NOTHING, database: { values: database, complete: false } }), { ...before, "[DBOptions]": ["max_open_files=-1", "db_log_dir=/a [b]=c", "stats=2", "jobs=3"] });
  t.like(await finished(path, { ...NOTHING, database: { values: database, complete: true } }), { ...before, "[DBOptions]": ["stats=2", "jobs=3"] });
});
