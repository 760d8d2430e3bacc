/** What an interrupted compaction, or its undoing, leaves is brought to an end: done, or as before. */
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { comeBack, settleInterrupted, takePlace } from "#src/operations/migrate/compact/exchange.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const STAMP = "20260101T000000Z";

async function place(t: ExecutionContext): Promise<{ directory: string; make: (name: string, says: string) => Promise<string>; inode: (path: string) => Promise<string>; says: () => Promise<Record<string, string>> }> {
  const directory = await temporaryDirectory(t);
  return {
    directory,
    make: async (name, says) => {
      const path = join(directory, name);
      await mkdir(path);
      await writeFile(join(path, "says"), says);
      return path;
    },
    inode: async (path) => (await stat(path)).ino.toString(),
    says: async () => Object.fromEntries(await Promise.all((await readdir(directory)).sort().map(async (name) => [name.replace(/(after-compact-).*/, "$1TIME"), await readFile(join(directory, name, "says"), "utf8")] as const))),
  };
}

test("a new store takes a place, and the original takes it back", async (t) => {
  const { directory, make, says } = await place(t);
  const [store, made] = [await make("graph", "old"), await make("made", "new")];
  const kept = await takePlace(made, store);
  await rename(kept, `${store}.before-compact-${STAMP}`);
  t.deepEqual(await says(), { graph: "new", [`graph.before-compact-${STAMP}`]: "old" });
  const aside = await comeBack(`${store}.before-compact-${STAMP}`, store, STAMP);
  t.true(aside?.startsWith(join(directory, "graph.after-compact-")));
  t.deepEqual(await says(), { graph: "old", "graph.after-compact-TIME": "new" });
});

test("what had changed places has its own name then", async (t) => {
  for (const [change, end] of [["compacting", `graph.before-compact-${STAMP}`], ["undoing", "graph.after-compact-TIME"]] as const) {
    const { make, inode, says } = await place(t);
    const store = await make("graph", "came in");
    await make(`graph.kgdump-${change}-${STAMP}-${await inode(store)}`, "was there");
    await settleInterrupted(store);
    t.deepEqual(await says(), { graph: "came in", [end]: "was there" });
  }
});

test("what had not is as before: a new store is removed, an original keeps its name", async (t) => {
  for (const change of ["compacting", "undoing"] as const) {
    const { directory, make, inode, says } = await place(t);
    const [store, incoming] = [await make("graph", "was there"), await make("incoming", "came in")];
    await rename(incoming, join(directory, `graph.kgdump-${change}-${STAMP}-${await inode(incoming)}`));
    await settleInterrupted(store);
    t.deepEqual(await says(), { graph: "was there", ...(change === "undoing" ? { [`graph.before-compact-${STAMP}`]: "came in" } : {}) });
  }
});

test("where directories can't be exchanged, the store comes back between two renames, or is done", async (t) => {
  for (const change of ["compacting", "undoing"] as const) {
    const before = await place(t);
    await before.make(`graph.kgdump-${change}-${STAMP}-aside`, "was there");
    const incoming = await before.make("incoming", "came in");
    await rename(incoming, join(before.directory, `graph.kgdump-${change}-${STAMP}-${await before.inode(incoming)}`));
    await settleInterrupted(join(before.directory, "graph"));
    t.deepEqual(await before.says(), { graph: "was there", ...(change === "undoing" ? { [`graph.before-compact-${STAMP}`]: "came in" } : {}) });
    const after = await place(t);
    await after.make(`graph.kgdump-${change}-${STAMP}-aside`, "was there");
    await after.make("graph", "came in");
    await settleInterrupted(join(after.directory, "graph"));
    t.deepEqual(await after.says(), { graph: "came in", [change === "undoing" ? "graph.after-compact-TIME" : `graph.before-compact-${STAMP}`]: "was there" });
  }
});

test("a store that is all there is has a name, and stays", async (t) => {
  for (const change of ["compacting", "undoing"] as const) {
    const { directory, make, inode, says } = await place(t);
    const incoming = await make("incoming", "came in");
    await rename(incoming, join(directory, `graph.kgdump-${change}-${STAMP}-${await inode(incoming)}`));
    await settleInterrupted(join(directory, "graph"));
    t.deepEqual(await says(), { [`graph.before-compact-${STAMP}`]: "came in" });
  }
});

test("what nobody knows is never removed, and other stores' things stay", async (t) => {
  const { make, says } = await place(t);
  const store = await make("graph", "there");
  await make(`graph.kgdump-compacting-${STAMP}-1`, "copied from another disk");
  await make(`graph2.kgdump-compacting-${STAMP}-1`, "of another store");
  await make(`graph.kgdump-compacting-x`, "of somebody");
  await make(`graph.before-compact-${STAMP}.kgdump-removed`, "half removed");
  await settleInterrupted(store);
  t.deepEqual(await says(), { graph: "there", [`graph.before-compact-${STAMP}`]: "copied from another disk", [`graph2.kgdump-compacting-${STAMP}-1`]: "of another store", "graph.kgdump-compacting-x": "of somebody" });
});
