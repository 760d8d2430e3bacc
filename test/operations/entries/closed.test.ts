/** Runs that are read side by side are all closed when reading them ends, however it ends. */
import test from "ava";
import type { EntryBlock, EntrySource } from "#src/engines/store.js";
import { encodeEntries } from "#src/format/index.js";
import { changesBetween } from "#src/operations/entries/changes.js";
import { compareEntries } from "#src/operations/entries/compare.js";
import { scanSideBySide } from "#src/operations/entries/side-by-side.js";

const block = (key: string): Uint8Array => encodeEntries([{ key: Buffer.from(key), value: Buffer.from("1") }]);

/** Runs that tell which of them were closed before their end. */
class Watched {
  readonly closed: string[] = [];

  async *run(name: string, fails = false): AsyncGenerator<Uint8Array, void, undefined> {
    let whole = false;
    try {
      for (const key of ["a", "b", "c"]) yield await Promise.resolve(block(`${key}${name}`));
      if (fails) throw new Error("broken");
      whole = true;
    } finally {
      if (!whole) this.closed.push(name);
    }
  }
}

test("a comparison that is left, or that fails, closes the first run and all others", async (t) => {
  const left = new Watched();
  for await (const _ of compareEntries("bytewise", left.run("1"), [left.run("2"), left.run("3")])) break;
  t.deepEqual(left.closed.sort(), ["1", "2", "3"]);
  const failed = new Watched();
  await t.throwsAsync(async () => {
    for await (const _ of compareEntries("bytewise", failed.run("1", true), [failed.run("2"), failed.run("3")]));
  }, { message: "broken" });
  t.deepEqual(failed.closed.sort(), ["1", "2", "3"]);
});

test("changes that are not read to their end close both runs", async (t) => {
  const left = new Watched();
  for await (const _ of changesBetween({ order: "bytewise", first: left.run("1"), second: left.run("2"), blockSize: 1 })) break;
  t.deepEqual(left.closed.sort(), ["1", "2"]);
});

test("scans that were begun side by side are closed when the first is left", async (t) => {
  const watched = new Watched();
  async function* scan(_: Uint8Array, { from }: { from?: Uint8Array | undefined }): AsyncGenerator<EntryBlock, void, undefined> {
    for await (const data of watched.run(Buffer.from(from ?? []).toString())) yield { data, entries: 1, release: () => undefined } as unknown as EntryBlock;
  }
  const source = { scan } as unknown as EntrySource;
  for await (const _ of scanSideBySide(source, Buffer.from("k"), { blockSize: 100, splits: [Buffer.from("m"), Buffer.from("x")], jobs: 3 })) break;
  t.deepEqual(watched.closed.sort(), ["", "m", "x"]);
});
