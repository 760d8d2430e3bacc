/**
 * A process of its own that fills a new sled store until the system refuses to write more: it is started under a limit on
 * the size of files (`ulimit -f`), which ends as a full disk does. Parameters: the store, the bytes of a value, the number
 * of records. Prints a line of JSON: the codes that applying, applying again, flushing and closing ended with, or "done".
 */
import { openSledSink } from "#src/engines/sled/sled.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/entries.js";

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    return error instanceof KgdumpError ? error.code : String(error);
  }
}

const [store = "", size = "0", count = "0"] = process.argv.slice(2);
const keyspace = Buffer.from("default");
const sink = await openSledSink(store, { create: true });
const put = (number: number): Promise<unknown> => {
  const value = new Uint8Array(Number(size)).fill(number);
  return sink.apply(keyspace, encodeEntries([{ key: Buffer.from(String(number).padStart(9)), value }]), "fail");
};
const applied = await outcome(async () => {
  for (let number = 0; number < Number(count); number++) await put(number);
});
const again = applied === "done" ? applied : await outcome(() => put(-1));
const flushed = await outcome(() => sink.flush());
const closed = await outcome(() => sink.close());
process.stdout.write(`${JSON.stringify([applied, again, flushed, closed])}\n`);
