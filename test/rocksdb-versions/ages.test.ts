/** The ages that a restored FIFO family has, under RocksDB's own libraries: what is too old goes, and nothing else. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { encodeEntries } from "#src/format/index.js";
import { temporaryDirectory } from "../support/temporary.js";
import { run, versionsFor } from "./versions.js";

const DAY = 86_400;
const hex = (text: string): string => Buffer.from(text).toString("hex");

test("what is too old for a FIFO family goes, oldest first, whatever the order of its keys, and nothing else does", async (t) => {
  const { work, versions } = await versionsFor(t);
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const now = Math.floor(Date.now() / 1000);
  const age = (days: number, from: string, to: string): string => `${[1, 1, 1].map((times) => (now - times * days * DAY).toString()).join(" ")} ${hex(from)} ${hex(to)}`;
  // The oldest in the middle; two that overlap; `x` in none.
  const ages = [age(90, "m", "mz"), age(50, "b", "d"), age(20, "c", "e"), age(1, "a", "az")].join("\n");
  {
    const family = { name: "default", options: "compaction_style=kCompactionStyleFIFO", byWrites: true, ages };
    await using loader = await openRocksdbLoader(store, { tableDirectory: join(directory, "tables"), families: [family] });
    await loader.startKeyspace(Buffer.from("default"), "bytewise");
    await loader.load(encodeEntries(["a", "b", "c", "e", "m", "x"].flatMap((letter) => Array.from({ length: 200 }, (_, number) => ({ key: Buffer.from(`${letter}${number.toString().padStart(4, "0")}`.slice(0, letter === "e" ? 1 : 5)), value: Buffer.from("value") })).slice(0, letter === "e" ? 1 : 200))));
    t.is(await loader.finishKeyspace(), 1001);
    await loader.finish();
  }
  for (const { library, version } of versions) {
    for (const [days, left] of [[100, ["a", "b", "c", "e", "m", "x"]], [60, ["a", "b", "c", "e", "x"]], [30, ["a", "c", "e", "x"]], [10, ["a", "x"]]] as const) {
      const copy = join(directory, `${version}-${days.toString()}`);
      await cp(store, copy, { recursive: true });
      const found = await run(work, [library, "expire", copy, (days * DAY).toString()]);
      t.is(found, left.map((letter) => `${letter} ${letter === "e" ? "1" : "200"}\n`).join(""), `${version}: ${days.toString()} days`);
    }
  }
});
