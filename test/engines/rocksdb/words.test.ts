/** Stores that can't be read although nothing in them need be damaged: the error says what they are, and what to do. */
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import type { ErrorCode } from "#src/errors.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, numbered, putEntries, readStore } from "./support.js";

/** A store with two tables and a log. */
async function ordinary(t: ExecutionContext): Promise<string> {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(50));
  await putEntries(path, numbered(50, 50));
  await putEntries(path, numbered(5, 100), { flush: false });
  return path;
}

async function namesOf(path: string, pattern: RegExp): Promise<string[]> {
  return (await readdir(path)).filter((name) => pattern.test(name)).sort();
}

/** Changes each OPTIONS file. */
async function editOptions(path: string, edit: (text: string) => string): Promise<void> {
  for (const name of await namesOf(path, /^OPTIONS-/)) await writeFile(join(path, name), edit(await readFile(join(path, name), "latin1")), "latin1");
}

const asNewer = (path: string): Promise<void> => editOptions(path, (text) => text.replace(/rocksdb_version=.*/, "rocksdb_version=11.9.0"));

/** Overwrites bytes of a file, counted from its end. */
async function overwriteEnd(file: string, fromEnd: number, bytes: Uint8Array): Promise<void> {
  const content = await readFile(file);
  content.set(bytes, content.length - fromEnd);
  await writeFile(file, content);
}

interface Case {
  readonly make: (t: ExecutionContext) => Promise<string>;
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly hint: RegExp;
}

const MAGIC = { plain: "6495bf6396224282", cuckoo: "7378f1c5d0896792", pebble: "f09faab3f09faab3", odd: "0102030405060708" };

/** An ordinary store whose tables end with other magic numbers. */
const withMagic = (...magic: string[]) => async (t: ExecutionContext): Promise<string> => {
  const path = await ordinary(t);
  for (const [index, name] of (await namesOf(path, /\.sst$/)).entries()) {
    await overwriteEnd(join(path, name), 8, Buffer.from(magic[index % magic.length] ?? "", "hex"));
  }
  await editOptions(path, (text) => text);
  return path;
};

const without = (pattern: RegExp) => async (t: ExecutionContext): Promise<string> => {
  const path = await ordinary(t);
  for (const name of await namesOf(path, pattern)) await rm(join(path, name));
  return path;
};

const CASES: Readonly<Record<string, Case>> = {
  "a newer RocksDB": { make: (t) => unpackStore(t, "words-newer"), code: "STORE_UNSUPPORTED", says: /written by RocksDB 11\.8\.1, newer than the 10\.10\.1/, hint: /keep it/ },
  "a newer RocksDB, an unknown edit in MANIFEST": {
    make: async (t) => {
      const path = await ordinary(t);
      await asNewer(path);
      const [manifest = ""] = await namesOf(path, /^MANIFEST-/);
      await overwriteEnd(join(path, manifest), 1, Buffer.from([0xff]));
      return path;
    },
    code: "STORE_UNSUPPORTED", says: /written by RocksDB 11\.9\.0/, hint: /need not be damaged/,
  },
  "a format version of tables that is newer, without OPTIONS": {
    make: async (t) => {
      const path = await without(/^OPTIONS-/)(t);
      for (const name of await namesOf(path, /\.sst$/)) await overwriteEnd(join(path, name), 12, Buffer.from([9, 0, 0, 0]));
      return path;
    },
    code: "STORE_UNSUPPORTED", says: /a newer RocksDB \(its tables have the format version 9\)/, hint: /keep it/,
  },
  "plain tables, without OPTIONS": { make: (t) => unpackStore(t, "words-plain-table"), code: "STORE_UNSUPPORTED", says: /has the format PlainTable/, hint: /block-based/ },
  "plain tables": { make: withMagic(MAGIC.plain), code: "STORE_UNSUPPORTED", says: /has the format PlainTable/, hint: /block-based/ },
  "cuckoo tables": { make: withMagic(MAGIC.cuckoo), code: "STORE_UNSUPPORTED", says: /has the format CuckooTable/, hint: /block-based/ },
  "Pebble's tables": { make: withMagic(MAGIC.pebble), code: "STORE_UNSUPPORTED", says: /has the format Pebble/, hint: /Pebble/ },
  "tables of an unknown format": { make: withMagic(MAGIC.odd), code: "STORE_UNSUPPORTED", says: /a format that RocksDB does not know \(magic number 0x0807060504030201\)/, hint: /block-based/ },
  "tables that look like noise": { make: withMagic("8f13a26bb7c1d904", "1e77cbd0923a5f6c"), code: "STORE_ENCRYPTED", says: /are encrypted/, hint: /unencrypted copy/ },
  Titan: { make: (t) => unpackStore(t, "words-titan"), code: "STORE_UNSUPPORTED", says: /Titan/, hint: /fallback/ },
  "Titan with its directory": {
    make: async (t) => {
      const path = await unpackStore(t, "words-titan");
      await mkdir(join(path, "titandb"));
      return path;
    },
    code: "STORE_UNSUPPORTED", says: /its values are in .*titandb/, hint: /fallback/,
  },
  "a repair that failed": {
    make: async (t) => {
      const [path, empty] = [await ordinary(t), join(await temporaryDirectory(t), "empty")];
      await putEntries(empty, numbered(1), { flush: false });
      for (const name of await namesOf(path, /^MANIFEST|\.log$/)) await rm(join(path, name));
      for (const name of await namesOf(empty, /^(?:MANIFEST|CURRENT)/)) await copyFile(join(empty, name), join(path, name));
      return path;
    },
    code: "STORE_DAMAGED",
    says: /2 tables .* are in .*, and its MANIFEST knows none/,
    hint: /kgdump recover/,
  },
  "write policy": { make: (t) => unpackStore(t, "words-write-prepared"), code: "STORE_UNSUPPORTED", says: /WRITE_PREPARED/, hint: /flush it and close it/ },
  "all tables elsewhere": { make: without(/\.sst$/), code: "STORE_UNSUPPORTED", says: /db_paths or cf_paths/, hint: /ln -s .* OTHER\/\*\.sst ALL/ },
  "one table missing is damage": { make: without(/^000009\.sst$/), code: "STORE_DAMAGED", says: /missing/, hint: /backup/ },
  "CURRENT missing": { make: without(/^CURRENT$/), code: "STORE_DAMAGED", says: /CURRENT is missing, while other files/, hint: /echo MANIFEST-\d+ > CURRENT/ },
  "CURRENT empty": {
    make: async (t) => {
      const path = await ordinary(t);
      await writeFile(join(path, "CURRENT"), "");
      return path;
    },
    code: "STORE_DAMAGED", says: /its content is empty/, hint: /echo MANIFEST-\d+ > CURRENT/,
  },
  "CURRENT names a MANIFEST that is gone, while another is there": {
    make: async (t) => {
      const path = await ordinary(t);
      const [manifest = ""] = await namesOf(path, /^MANIFEST-/);
      await rename(join(path, manifest), join(path, "MANIFEST-000099"));
      return path;
    },
    code: "STORE_DAMAGED", says: /MANIFEST-\d+ is missing/, hint: /echo MANIFEST-000099 > CURRENT/,
  },
  "CURRENT missing, the newest MANIFEST cut": {
    make: async (t) => {
      const path = await without(/^CURRENT$/)(t);
      const [manifest = ""] = await namesOf(path, /^MANIFEST-/);
      const content = await readFile(join(path, manifest));
      await writeFile(join(path, "MANIFEST-000099"), content.subarray(0, content.length - 3));
      return path;
    },
    code: "STORE_DAMAGED", says: /CURRENT is missing/, hint: /MANIFEST-000099 is newer, but it can't be read whole/,
  },
  "no table that MANIFEST knows": {
    make: async (t) => {
      const full = await ordinary(t);
      const empty = join(await temporaryDirectory(t), "empty");
      await (await createRocksdbSink(empty)).close();
      for (const [index, name] of (await namesOf(full, /\.sst$/)).entries()) await copyFile(join(full, name), join(empty, `00010${index.toString()}.sst`));
      return empty;
    },
    code: "STORE_DAMAGED", says: /tables \(000100\.sst, …\) are in .*, and its MANIFEST knows none/, hint: /kgdump recover/,
  },
  "part of a backup": {
    make: async (t) => {
      const backup = await temporaryDirectory(t);
      for (const name of ["meta", "private", "shared_checksum"]) await mkdir(join(backup, name));
      const part = join(backup, "private", "1");
      await cp(await without(/\.sst$/)(t), part, { recursive: true });
      return part;
    },
    code: "STORE_UNSUPPORTED", says: /is a part of the RocksDB backup/, hint: /ldb restore/,
  },
};

for (const [name, { make, code, says, hint }] of Object.entries(CASES)) {
  test(`words: ${name}`, async (t) => {
    const path = await make(t);
    const error = await assertCode(t, code, () => readStore(path));
    t.regex(error.message, says);
    t.regex(error.hint ?? "", hint);
    if (code !== "STORE_DAMAGED") t.notRegex(error.hint ?? "", /from its origin or a backup/);
  });
}

/** A store whose tables were moved into another directory. */
async function withTablesElsewhere(t: ExecutionContext, pattern: RegExp): Promise<{ path: string; other: string }> {
  const path = await ordinary(t);
  const other = join(await temporaryDirectory(t), "other disk");
  await mkdir(other);
  for (const name of await namesOf(path, pattern)) await rename(join(path, name), join(other, name));
  return { path, other };
}

for (const [name, pattern] of [["all", /\.sst$/], ["some", /^000009\.sst$/]] as const) {
  test(`words: ${name} tables are in another directory that LOG names, and links make the store readable`, async (t) => {
    const { path, other } = await withTablesElsewhere(t, pattern);
    const line = (at: string): string => `2026/01/01-00:00:00.000000 139 SST files in ${at} dir, Total Num: 2, files: 000009.sst 000015.sst \n`;
    await writeFile(join(path, "LOG"), `RocksDB version: 10.10.1\n${line(path)}${line("/nowhere/db")}${line(other)}`);
    const error = await assertCode(t, "STORE_UNSUPPORTED", () => readStore(path));
    t.true(error.message.includes(`it is in ${other}, as the store's LOG says`), error.message);
    t.true(error.hint?.includes(`ln -s ${path}/* ${other}/*.sst ALL`), error.hint);
    const all = join(await temporaryDirectory(t), "all");
    await mkdir(all);
    for (const directory of [path, other]) for (const file of await readdir(directory)) await symlink(join(directory, file), join(all, file));
    t.is((await readStore(all)).entries.get("default")?.length, 105);
  });
}

test("words: tables are where LOG says no more", async (t) => {
  const { path } = await withTablesElsewhere(t, /\.sst$/);
  await writeFile(join(path, "LOG"), "x SST files in /nowhere/db dir, Total Num: 0, files: \n");
  const error = await assertCode(t, "STORE_UNSUPPORTED", () => readStore(path));
  t.regex(error.message, /LOG says that tables are in \/nowhere\/db .*where this one is not/);
});

test("what to write into CURRENT makes the store readable", async (t) => {
  const path = await without(/^CURRENT$/)(t);
  const error = await assertCode(t, "STORE_DAMAGED", () => readStore(path));
  const name = /echo (MANIFEST-\d+) > CURRENT/.exec(error.hint ?? "")?.[1] ?? "";
  await writeFile(join(path, "CURRENT"), `${name}\n`);
  t.is((await readStore(path)).entries.get("default")?.length, 105);
});

test("a table that MANIFEST does not know is only a warning beside those that it knows, and an error beside none", async (t) => {
  const path = await ordinary(t);
  const [table = ""] = await namesOf(path, /\.sst$/);
  await copyFile(join(path, table), join(path, "000500.sst"));
  const { entries, warnings } = await readStore(path);
  t.is(entries.get("default")?.length, 105);
  t.regex(warnings.join(), /000500\.sst is newer than all/);
  const logged = join(await temporaryDirectory(t), basename(path));
  await putEntries(logged, numbered(7), { flush: false });
  await copyFile(join(path, table), join(logged, "000500.sst"));
  await assertCode(t, "STORE_DAMAGED", () => readStore(logged));
  // What a flush wrote that was not finished is in the log, too.
  await rm(join(logged, "000500.sst"));
  t.is((await readStore(logged)).entries.get("default")?.length, 7);
});

test("damage of a store of this version stays damage", async (t) => {
  const path = await ordinary(t);
  const [table = ""] = await namesOf(path, /\.sst$/);
  const content = await readFile(join(path, table));
  content.fill(0x55, 0, 40);
  await writeFile(join(path, table), content);
  const error = await assertCode(t, "STORE_DAMAGED", () => readStore(path));
  t.regex(error.hint ?? "", /from its origin or a backup/);
});
