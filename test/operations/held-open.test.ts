/** Nothing stays open: what an operation opened is closed when it has ended, however it ended. */
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { inspectStore, listStoreEntries } from "#src/operations/inspect/store.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { recoverStore } from "#src/operations/recover/recover-store.js";
import { verifyDump, verifyStore } from "#src/operations/verify/verify.js";
import { type Carried, carried } from "./carried-support.js";

interface Given extends Carried {
  /** One that is damaged amid its blocks. */
  readonly damaged: string;
  /** One that holds a part of the store. */
  readonly part: string;
}

async function given(t: ExecutionContext): Promise<Given> {
  const made = await carried(t);
  const [damaged, part] = [join(made.directory, "damaged.kgd"), join(made.directory, "part.kgd")];
  await exportStore({ store: made.store, output: part, keyspaces: ["nodes"] });
  const bytes = await readFile(made.dump);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(damaged, bytes);
  return { ...made, damaged, part };
}

/** What of a directory this process has open. */
async function openIn(directory: string): Promise<string[]> {
  const links = await Promise.all((await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  // What reads a log, or wrote a table that is gone, lets go of it when memory is cleared.
  return links.filter((path) => path.startsWith(`${directory}/`) && !/\.log$| \(deleted\)$/.test(path)).map((path) => path.slice(directory.length + 1));
}

/** Each with whether it fails. */
const OPERATIONS: Readonly<Record<string, readonly [fails: boolean, run: (at: Given) => Promise<unknown>]>> = {
  export: [false, ({ directory, store }) => exportStore({ store, output: join(directory, "x.kgd") })],
  "export of a keyspace that is not there": [true, ({ directory, store }) => exportStore({ store, output: join(directory, "x.kgd"), keyspaces: ["none"] })],
  "export of changes": [false, ({ directory, store, dump }) => exportStore({ store, output: join(directory, "x.kgd"), base: [dump] })],
  "export of changes since a part": [true, ({ directory, store, part }) => exportStore({ store, output: join(directory, "x.kgd"), base: [part] })],
  import: [false, ({ directory, dump }) => importDump({ target: join(directory, "t"), input: dump })],
  "import of a keyspace that is not there": [true, ({ directory, dump }) => importDump({ target: join(directory, "t"), input: dump, keyspaces: ["none"] })],
  "import of what is damaged": [true, ({ directory, damaged }) => importDump({ target: join(directory, "t"), input: damaged })],
  "import into a store": [false, ({ sled, dump }) => importDump({ target: sled, input: dump, merge: true })],
  restore: [false, ({ directory, dump }) => restoreDump({ target: join(directory, "t"), input: dump })],
  "restore of what is damaged": [true, ({ directory, damaged }) => restoreDump({ target: join(directory, "t"), input: damaged })],
  "verify of a dump and stores": [false, ({ dump, store, sled }) => verifyDump({ input: dump, against: [store, sled] })],
  "verify of a damaged dump and stores": [true, ({ damaged, store, sled }) => verifyDump({ input: damaged, against: [store, sled] })],
  "verify of stores": [false, ({ store, sled }) => verifyStore({ store, against: sled })],
  "verify of a store and what is none": [true, ({ directory, store, sled }) => verifyStore({ store, against: [sled, join(directory, "none")] })],
  inspect: [false, ({ dump }) => inspectDump({ input: dump })],
  "inspect of a damaged dump": [false, ({ damaged }) => inspectDump({ input: damaged, check: true })],
  "inspect of a store": [false, ({ sled }) => inspectStore({ store: sled })],
  "the first entry of a store": [false, async ({ store }) => { for await (const _ of listStoreEntries({ store })) break; }],
  "recover of a dump": [false, ({ directory, damaged }) => recoverDump({ input: damaged, output: join(directory, "x.kgd") })],
  "recover of a store": [false, ({ directory, store }) => recoverStore({ store, output: join(directory, "x.kgd") })],
};

for (const [name, [fails, run]] of Object.entries(OPERATIONS)) {
  // One at a time: they are all of one process.
  test.serial(name, async (t) => {
    const at = await given(t);
    const ended = await run(at).then(() => null, (error: unknown) => error);
    t.is(ended !== null, fails, String(ended));
    if (process.platform === "linux") t.deepEqual(await openIn(at.directory), []);
  });
}
