import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { logsElsewhere } from "#src/operations/disk/logs-elsewhere.js";
import { temporaryDirectory } from "../../support/temporary.js";

const options = (directory: string): Map<string, string> => new Map([["rocksdb.options", `use_fsync=false\nwal_dir=${directory}\nwrite_identity_file=true`]]);

test("logs are elsewhere when some with something in them are in a directory of their own", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, logs, link] = [join(directory, "store"), join(directory, "logs"), join(directory, "link")];
  await mkdir(store);
  t.is(await logsElsewhere(options(logs), [store]), null, "nothing is there");
  await mkdir(logs);
  await symlink(logs, link);
  t.is(await logsElsewhere(options(logs), [store]), null, "no log is there");
  await writeFile(join(logs, "000004.log"), "");
  await writeFile(join(logs, "notes.log"), "not a store's");
  t.is(await logsElsewhere(options(logs), [store]), null, "nothing is in them");
  await writeFile(join(logs, "000005.log"), "a record");
  t.is(await logsElsewhere(options(logs), [store]), logs);
  t.is(await logsElsewhere(options(link), [store]), logs);
  t.is(await logsElsewhere(new Map(), [store]), null);
  t.is(await logsElsewhere(undefined, [store]), null);
});

test("logs are not elsewhere where the store itself is or was, nor where another store is", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, link] = [join(directory, "store"), join(directory, "link")];
  await mkdir(store);
  await symlink(store, link);
  await writeFile(join(store, "000005.log"), "a record");
  t.is(await logsElsewhere(options(store), [join(directory, "new")]), store);
  t.is(await logsElsewhere(options(store), [join(directory, "new"), link]), null);
  await writeFile(join(store, "CURRENT"), "MANIFEST-000001\n");
  t.is(await logsElsewhere(options(store), [join(directory, "new")]), null);
});
