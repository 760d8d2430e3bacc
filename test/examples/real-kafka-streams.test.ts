/** State stores of Kafka Streams, of each kind that it keeps in RocksDB, moved to sled and back: it reads them as before. */
import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { javaRunner, thereAndBack } from "./real-support.js";

const SOURCE = join("kafka-streams", "StreamsStores.java");

test("Kafka Streams reads its plain, timestamped, window, session and versioned stores as before", async (t) => {
  const java = await javaRunner(t);
  if (java === null) return;
  const directory = await temporaryDirectory(t);
  const state = join(directory, "state");
  await java.run([SOURCE, "make", state]);
  const stores = (await readdir(state, { recursive: true })).filter((name) => name.endsWith("CURRENT")).map((name) => join(state, dirname(name)));
  t.true(stores.length >= 7, stores.join());
  const before = await java.run([SOURCE, "ask", state]);
  for (const kind of ["plain", "timestamped", "window", "session", "versioned"]) t.true((before.match(new RegExp(`^${kind} `, "gm"))?.length ?? 0) > 200, kind);

  await Promise.all(
    stores.map(async (store, number) => {
      const { rocksdb } = await thereAndBack(t, store, join(directory, String(number)));
      await rm(store, { recursive: true });
      await rename(rocksdb, store);
    }),
  );
  t.is(await java.run([SOURCE, "ask", state]), before);
});
