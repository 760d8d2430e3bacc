/** A key that memory changed before RocksDB made a checksum of it, so that it still stands in order: seen at the ends of a table, which MANIFEST tells, and nowhere else. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { entriesOf } from "../engines/rocksdb/support.js";
import { hex, Maker } from "../maker/run.js";
import { temporaryDirectory } from "../support/temporary.js";
import { changeableKeys, changeKey } from "./table-key.js";

const OPTIONS = "compression=kNoCompression;block_based_table_factory={format_version=3;checksum=kCRC32c;block_restart_interval=1;block_size=400}";
const COUNT = 300;
/** Every second number, so that there is room between two keys. */
const key = (number: number): string => `key${String(2 * number).padStart(5, "0")}`;

for (const reverse of [false, true]) {
  test(`a key that was changed and stands in order is seen at the ends of a table only${reverse ? ", in the reverse order, too" : ""}`, async (t) => {
    const store = join(await temporaryDirectory(t), "store");
    const maker = new Maker();
    const [family, order] = [hex("nodes"), reverse ? ";comparator=rocksdb.ReverseBytewiseComparator" : ""];
    const puts = Array.from({ length: COUNT }, (_, number) => `put ${family} ${hex(key(number))} ${hex("v")}`);
    await maker.make(store, [`family ${hex("default")} ${OPTIONS}`, `family ${family} ${OPTIONS}${order}`, "open", ...puts, `flush ${family}`, "close"]);
    await maker.close();
    const [name = ""] = (await readdir(store)).filter((each) => each.endsWith(".sst"));
    const path = join(store, name);
    const whole = await readFile(path);
    const keys = changeableKeys(whole);
    t.is(keys.length, COUNT);
    const shown = async (at: number): Promise<string[]> => {
      const table = Buffer.from(whole);
      const changed = keys[at];
      if (changed === undefined) throw new Error("no such key");
      // The number between two.
      const other = Buffer.from(changed.key);
      other.writeUInt8(other.readUInt8(other.length - 1) + 1, other.length - 1);
      changeKey(table, changed, other);
      await writeFile(path, table);
      await using source = await openRocksdbSource(store);
      return (await entriesOf(source, "nodes")).map(([each]) => each);
    };
    const seen = /a key outside of those that MANIFEST has for it|(begins|ends) with the key .* by the store's MANIFEST/;
    for (const at of [0, COUNT - 1]) await t.throwsAsync(shown(at), { code: "STORE_DAMAGED", message: seen }, String(at));
    const found = await shown(COUNT >> 1);
    t.is(found.length, COUNT);
    t.is(found.filter((each) => Number(each.slice(3)) % 2 === 1).length, 1, "nobody can see it");
    await writeFile(path, whole);
  });
}
