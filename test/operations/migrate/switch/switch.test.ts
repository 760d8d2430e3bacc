/** Whatever lies at the three places of a switch: it is done, or nothing is touched, and the original is never lost. */
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Occupant, occupantOf } from "#src/operations/disk/places.js";
import { isUntouched, type Switch, switchStores } from "#src/operations/migrate/switch/switch.js";
import { sledWrite } from "../../../checker/run.js";
import { fingerprint } from "../../../faults/support.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const KINDS = ["absent", "empty", "rocksdb", "sled"] as const satisfies readonly Occupant[];
/** States from which a switch goes on: what is at the target, where the new store comes from, and where the old one goes. */
const GOES_ON = new Set(["rocksdb sled absent", "sled rocksdb absent", "sled rocksdb rocksdb", "rocksdb sled rocksdb", "absent sled rocksdb", "sled absent rocksdb"]);

/** The files below a directory, and what is in them: a renaming changes nothing of it. */
async function contentOf(directory: string): Promise<string[]> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(files.sort().map(async (path) => `${path.slice(directory.length)} ${(await readFile(path)).toString("hex")}`));
}

/** A directory, and what lays something of a kind at a path. */
async function ground(t: ExecutionContext): Promise<{ directory: string; lay: (path: string, kind: (typeof KINDS)[number]) => Promise<void> }> {
  const directory = await temporaryDirectory(t);
  const stores = { rocksdb: await makeStore(directory, "made-rocksdb", { default: { a: "1" } }), sled: join(directory, "made-sled") };
  await sledWrite(stores.sled, ["put 61 31"]);
  return {
    directory,
    lay: async (path, kind) => {
      if (kind === "empty") await mkdir(path);
      else if (kind !== "absent") await cp(stores[kind], path, { recursive: true });
    },
  };
}

test("every state of the three places", async (t) => {
  const { directory, lay } = await ground(t);
  for (const target of KINDS) {
    for (const incoming of KINDS) {
      for (const aside of KINDS) {
        const state = `${target} ${incoming} ${aside}`;
        const place = join(directory, "place");
        await mkdir(place);
        const plan: Switch = { target: join(place, "graph"), incoming: join(place, "new"), aside: join(place, "backup"), newEngine: "sled", oldEngine: "rocksdb" };
        await lay(plan.target, target);
        await lay(plan.incoming, incoming);
        await lay(plan.aside ?? "", aside);
        t.is(await isUntouched(plan), target === "rocksdb" && aside === "absent", state);
        const before = await fingerprint(place);
        if (GOES_ON.has(state)) {
          const made = await contentOf(target === "sled" ? plan.target : plan.incoming);
          const original = await contentOf([plan.aside ?? "", plan.incoming, plan.target][[aside, incoming, target].indexOf("rocksdb")] ?? "");
          for (const call of ["once", "again"]) {
            await switchStores(plan);
            t.deepEqual((await readdir(place)).sort(), ["backup", "graph"], `${state}, ${call}`);
            t.deepEqual([await contentOf(plan.target), await contentOf(plan.aside ?? "")], [made, original], `${state}, ${call}`);
          }
        } else {
          await t.throwsAsync(switchStores(plan), { code: "MIGRATION_UNCLEAR" }, state);
          t.is(await fingerprint(place), before, state);
        }
        await rm(place, { recursive: true });
      }
    }
  }
});

test("every state of the two places of a store that goes where nothing is", async (t) => {
  const { directory, lay } = await ground(t);
  const goesOn = new Set(["absent sled", "empty sled", "sled absent"]);
  for (const target of KINDS) {
    for (const incoming of KINDS) {
      const [state, place] = [`${target} ${incoming}`, join(directory, "place")];
      await mkdir(place);
      const plan: Switch = { target: join(place, "graph"), incoming: join(place, "new"), aside: null, newEngine: "sled", oldEngine: null };
      await lay(plan.target, target);
      await lay(plan.incoming, incoming);
      const before = await fingerprint(place);
      if (goesOn.has(state)) {
        await switchStores(plan);
        t.deepEqual([await readdir(place), await occupantOf(plan.target)], [["graph"], "sled"], state);
      } else {
        await t.throwsAsync(switchStores(plan), { code: "MIGRATION_UNCLEAR" }, state);
        t.is(await fingerprint(place), before, state);
      }
      await rm(place, { recursive: true });
    }
  }
});

test("a store that goes where nothing is replaces nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const plan: Switch = { target: join(directory, "graph"), incoming: join(directory, "new"), aside: null, newEngine: "sled", oldEngine: null };
  await sledWrite(plan.incoming, ["put 61 31"]);
  await makeStore(directory, "graph", { default: { a: "1" } });
  t.false(await isUntouched(plan));
  await t.throwsAsync(switchStores(plan), { code: "MIGRATION_UNCLEAR" });
  t.is(await occupantOf(plan.target), "rocksdb");
  await rm(plan.target, { recursive: true });
  t.true(await isUntouched(plan));
  await switchStores(plan);
  await switchStores(plan);
  t.deepEqual([await occupantOf(plan.target), await occupantOf(plan.incoming)], ["sled", "absent"]);
});
