/** CozoDB's store, moved from its RocksDB engine to its sled engine and back: all queries have equal answers. */
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { cozoRunner, migrateLive, ok, pythonRunner, thereAndBack } from "./real-support.js";

const readQueries = (): Promise<string> => readFile(join(process.cwd(), "examples", "real", "cozo-queries.txt"), "utf8");

/** The answers of CozoDB on sled, in the form that the script in Python prints. */
const rows = (t: ExecutionContext, answers: string): unknown[] =>
  answers
    .trim()
    .split("\n")
    .map((line) => {
      const answer = JSON.parse(line) as { ok: boolean; headers: unknown; rows: unknown };
      t.true(answer.ok, line);
      return [answer.headers, answer.rows];
    });

const lines = (answers: string): unknown[] => answers.trim().split("\n").map((line) => JSON.parse(line) as unknown);

/** A directory as CozoDB's RocksDB engine wants it: its own file, and the store below. */
async function asStore(first: string, data: string): Promise<string> {
  const store = `${data}.cozo`;
  await cp(data, join(store, "data"), { recursive: true });
  await cp(join(first, "manifest"), join(store, "manifest"));
  return store;
}

test("CozoDB answers alike on RocksDB, on sled, and on RocksDB again", async (t) => {
  const [python, cozo] = [await pythonRunner(t), await cozoRunner(t)];
  if (python === null || cozo === null) return;
  const directory = await temporaryDirectory(t);
  const [store, queries] = [join(directory, "cozo"), await readQueries()];
  await python.run(["cozo_store.py", "make", store]);
  const before = lines(await python.run(["cozo_store.py", "ask", store], queries));
  t.is(before.length, 9);
  t.false(JSON.stringify(before).includes('"error"'));

  const { sled, rocksdb } = await thereAndBack(t, join(store, "data"), directory);
  t.deepEqual(rows(t, await cozo.run([sled], queries)), before);

  // What CozoDB writes on sled comes back, too.
  await cozo.run([sled], "?[id, name, age] <- [[9000, 'written on sled', 1]] :put person {id => name, age}\n");
  const [changed, again] = [join(directory, "changed.kgd"), join(directory, "again")];
  await ok(t, "export", sled, "-o", changed);
  await ok(t, "restore", "-i", changed, again, "--options-from", join(directory, "there.kgd"));
  const after = rows(t, await cozo.run([sled], queries));
  t.notDeepEqual(after, before);
  t.deepEqual(lines(await python.run(["cozo_store.py", "ask", await asStore(store, again)], queries)), after);
  t.deepEqual(lines(await python.run(["cozo_store.py", "ask", await asStore(store, rocksdb)], queries)), before);
});

test("CozoDB's store is moved while CozoDB writes, and stopped only for a moment", async (t) => {
  const [python, cozo] = [await pythonRunner(t), await cozoRunner(t)];
  if (python === null || cozo === null) return;
  const store = join(await temporaryDirectory(t), "cozo");
  await python.run(["cozo_store.py", "make", store]);
  const data = join(store, "data");
  const said = await python.hold(["cozo_store.py", "serve", store], (release) => migrateLive(t, data, release));
  t.regex(said, /the sled store is in place/);
  // A TransactionDB tells which keys may have changed: the store is not read whole while CozoDB is stopped.
  t.notRegex(said, /the whole store is compared/);
  t.regex(said, /the whole original was read once more: nothing but what was carried over had changed/);
  const [backup] = (await readdir(store)).filter((name) => name.includes(".rocksdb-backup-"));
  const queries = await readQueries();
  const wanted = lines(await python.run(["cozo_store.py", "ask", await asStore(store, join(store, backup ?? ""))], queries));
  t.true(JSON.stringify(wanted).includes("served"));
  t.deepEqual(rows(t, await cozo.run([data], queries)), wanted);
});
