/**
 * The power fails at any moment of a command: what was recorded of it becomes all that the disk may hold then, and in each of these states the
 * old or the new is there, whole, and the next run gets on. After a command that ended well, the new is there whatever had not been synced.
 *
 * That what has a name is whole is compared in every state, byte for byte. KGDUMP_POWER=all also lays each of them out, opens what is there and runs the next
 * command; else some of them are drawn by SEED. Needs strace.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { KgdumpError } from "#src/errors.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { cleanUp } from "#src/operations/migrate/cleanup/cleanup.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { directionTo, type MigratedEngine } from "#src/operations/migrate/direction.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { recoverInto } from "#src/operations/recover/recover-into.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { SIMULATION_DIRECTORY } from "../simulator/simulation.js";
import { makeStore, numbered } from "../support/stores.js";
import { digestOf, layOut, POLICIES, type Recording, sameThing, tornNames } from "./power/disk.js";
import { record } from "./power/record.js";
import { straceIsMissing } from "./series.js";
import { inParallel, randomNumbers } from "./support.js";
import { loggedSeed } from "../support/seed.js";

const ALL = process.env.KGDUMP_POWER === "all";
/** States of each command that are drawn, unless all are taken. */
const DRAWN = 6;

/** What is outside of the disk that fails: stores and dumps of the old and of the new content. */
interface Ground {
  readonly directory: string;
  readonly stores: Readonly<Record<"old" | "new" | "sled", string>>;
  readonly dumps: Readonly<Record<"old" | "new" | "delta" | "damaged" | "saved", string>>;
}
type Content = "old" | "new";

const test = (anyTest as TestFn<Ground>).serial;
const OLD = { default: numbered("k", 40), nodes: { a: "1", b: "2" } };
const NEW = { default: { ...numbered("k", 60), k0000007: "another" }, nodes: { a: "9", b: "2" }, more: { x: "y" } };

test.before(async (t) => {
  const directory = await realpath(await mkdtemp(join(SIMULATION_DIRECTORY, "kgdump-power-")));
  const stores = { old: await makeStore(directory, "store-old", OLD), new: await makeStore(directory, "store-new", NEW), sled: join(directory, "store-sled") };
  const path = (name: string): string => join(directory, `${name}.kgd`);
  const dumps = { old: path("old"), new: path("new"), delta: path("delta"), damaged: path("damaged"), saved: path("saved") };
  await exportStore({ store: stores.old, output: dumps.old });
  await exportStore({ store: stores.new, output: dumps.new });
  await importDump({ target: stores.sled, input: dumps.new });
  await exportStore({ store: stores.new, output: dumps.delta, base: [dumps.old] });
  const bytes = await readFile(dumps.new);
  await writeFile(dumps.damaged, bytes.subarray(0, bytes.length - 40));
  await recoverDump({ input: dumps.damaged, output: dumps.saved });
  t.context = { directory, stores, dumps };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** What lies on the disk that fails. */
class Place {
  readonly root: string;
  readonly ground: Ground;

  constructor(root: string, ground: Ground) {
    this.root = root;
    this.ground = ground;
  }

  at(name: string): string {
    return join(this.root, name);
  }

  /** Which content a store or a dump has; "absent" when there is none. @throws when it is neither, or not whole */
  async content(name: string): Promise<Content | "absent"> {
    const path = this.at(name);
    if (!existsSync(path)) return "absent";
    const { dumps, stores } = this.ground;
    for (const content of ["old", "new"] as const) {
      const { against } = name.endsWith(".kgd") ? await verifyDump({ input: path, against: stores[content] }) : await verifyDump({ input: dumps[content], against: path });
      if (against?.equal === true) return content;
    }
    throw new Error(`${name} holds neither the old nor the new`);
  }

  /** Fails unless it has one of these contents. */
  async mustBe(name: string, when: string, ...allowed: readonly (Content | "absent")[]): Promise<void> {
    const found = await this.content(name);
    if (!allowed.includes(found)) throw new Error(`${when}: ${name} is ${found}, and not ${allowed.join(" or ")}`);
  }

  async mustBeStore(name: string, when: string, engine: "rocksdb" | "sled", content: Content): Promise<void> {
    const found = await occupantOf(this.at(name));
    if (found !== engine) throw new Error(`${when}: ${name} is ${found}, and not ${engine}`);
    await this.mustBe(name, when, content);
  }
}

/** A command and what must be true after it, or after a power loss in it. */
interface Subject {
  /** A store that changes its name only when a journal that is durable says so. */
  readonly switches?: { readonly name: string; readonly journal: string; readonly says: string };
  /** What is wrong about names that a power loss may leave, at whatever moment. */
  readonly never?: (names: readonly string[]) => string[];
  readonly before?: (place: Place) => Promise<unknown>;
  readonly args: (place: Place) => readonly string[];
  /** What there may be after a power loss. */
  readonly old: (place: Place, when: string) => Promise<unknown>;
  /** What there is when it ended well. */
  readonly done: (place: Place, when: string) => Promise<unknown>;
  /** What may be done next, each by itself, which leads to `done` or says what is true after it. */
  readonly next: readonly ((place: Place, when: string) => Promise<unknown>)[];
}

const making = (name: string, args: (place: Place) => readonly string[], again: (place: Place) => Promise<unknown>, { before, old = "absent" }: { before?: Subject["before"]; old?: Content | "absent" } = {}): Subject => ({
  ...(before === undefined ? {} : { before }),
  args,
  old: (place, when) => place.mustBe(name, when, old, "new"),
  done: (place, when) => place.mustBe(name, when, "new"),
  next: [
    async (place, when) => {
      if ((await place.content(name)) === "absent" || old !== "absent") await again(place);
      await place.mustBe(name, `${when}, after the next run`, "new");
    },
  ],
});

const importOld = (place: Place): Promise<unknown> => importDump({ target: place.at("t"), input: place.ground.dumps.old });
const graph = (place: Place, engine: MigratedEngine = "rocksdb"): Promise<unknown> =>
  engine === "rocksdb" ? makeStore(place.root, "graph", OLD) : importDump({ target: place.at("graph"), input: place.ground.dumps.old });
/** Puts in place what is new, as the program of a store does. */
const write = (place: Place, name: string, engine: MigratedEngine): Promise<unknown> =>
  engine === "sled" ? importDump({ target: place.at(name), input: [place.ground.dumps.delta] }) : makeStore(place.root, name, NEW);
/** The engines in whose store the service's data may be. */
const inPlace = async (place: Place, when: string, content: Content): Promise<void> => {
  const found = await occupantOf(place.at("graph"));
  if (found !== "rocksdb" && found !== "sled") throw new Error(`${when}: ${found} is in place`);
  await place.mustBe("graph", when, content);
};

function migrating(flags: readonly string[], target = "graph", engine: MigratedEngine = "sled"): Subject {
  const { from } = directionTo(engine);
  const to = (place: Place): { source: string; target?: string; engine: MigratedEngine } => ({ engine, source: place.at("graph"), ...(target === "graph" ? {} : { target: place.at(target) }) });
  return {
    switches: { name: target, journal: `${target}.kgdump-migration.json`, says: "switching" },
    before: (place) => graph(place, from),
    args: (place) => ["migrate", "--from", place.at("graph"), "--engine", engine, ...(target === "graph" ? [] : ["--to", place.at(target)]), ...flags, "--no-input", "-q"],
    old: (place, when) => (target === "graph" ? inPlace(place, when, "old") : place.mustBeStore("graph", when, from, "old")),
    done: (place, when) => place.mustBeStore(target, when, engine, "old"),
    next: [
      async (place, when) => {
        await migrateStore(to(place));
        await place.mustBeStore(target, `${when}, after the next migration`, engine, "old");
      },
      async (place, when) => {
        await rollbackStore({ target: to(place).target ?? to(place).source }).catch((error: unknown) => {
          if (!(error instanceof KgdumpError && error.code === "NOT_FOUND")) throw error;
        });
        await place.mustBeStore("graph", `${when}, after a rollback`, from, "old");
      },
    ],
  };
}

function rollingBack(flags: readonly string[], { target = "graph", changed = false, carried = "old", engine = "sled" }: { target?: string; changed?: boolean; carried?: Content; engine?: MigratedEngine } = {}): Subject {
  const { from } = directionTo(engine);
  const again = { discardNew: flags.includes("--discard-new"), carryBack: flags.includes("--carry-back") };
  return {
    switches: { name: "graph", journal: `${target}.kgdump-migration.json`, says: "rolling-back" },
    before: async (place) => {
      await graph(place, from);
      await migrateStore({ engine, source: place.at("graph"), ...(target === "graph" ? {} : { target: place.at(target) }) });
      if (changed) await write(place, target, engine);
    },
    args: (place) => ["rollback", place.at(target), ...flags, "-q"],
    old: async (place, when) => {
      const found = await occupantOf(place.at("graph"));
      if (found === from) await place.mustBe("graph", when, carried, "old");
      // No service uses that path: its data is in the new store elsewhere. The next run goes on.
      else if (target !== "graph" && found === "absent") await place.mustBeStore(target, when, engine, "new");
      else await place.mustBeStore("graph", when, engine, changed ? "new" : "old");
    },
    done: (place, when) => place.mustBeStore("graph", when, from, carried),
    next: [
      async (place, when) => {
        await rollbackStore({ target: place.at(target), ...again });
        await place.mustBeStore("graph", `${when}, after the next rollback`, from, carried);
      },
    ],
  };
}

/** @param back whether the store was compacted before, and its original comes back */
function compacting([command = "", ...flags]: readonly string[], engine: MigratedEngine, back: boolean): Subject {
  const same = (place: Place, when: string): Promise<unknown> => place.mustBeStore("graph", when, engine, "old");
  return {
    before: async (place) => {
      await graph(place, engine);
      // Files of the program's own.
      await mkdir(place.at("graph/service"));
      for (const name of ["version", "service/state"]) await writeFile(place.at(`graph/${name}`), "7");
      if (back) await compactStore({ store: place.at("graph") });
    },
    args: (place) => [command, place.at("graph"), ...flags, "-q"],
    old: same,
    done: same,
    next: [
      async (place, when) => {
        await compactStore({ store: place.at("graph") });
        await same(place, `${when}, after the next compaction`);
      },
      async (place, when) => {
        await rollbackStore({ target: place.at("graph") }).catch((error: unknown) => {
          if (!(error instanceof KgdumpError && error.code === "NOT_FOUND")) throw error;
        });
        await same(place, `${when}, after a rollback`);
      },
    ],
  };
}

/** A store is recovered into a dump and a new store; one of both may be there alone, whole. */
function recovering(from: "new" | "sled"): Subject {
  const each = (...allowed: readonly (Content | "absent")[]) => async (place: Place, when: string): Promise<void> => {
    for (const name of ["x.kgd", "t"]) await place.mustBe(name, when, ...allowed);
  };
  return {
    args: (place) => ["recover", place.ground.stores[from], "-o", place.at("x.kgd"), "--to", place.at("t"), "-q"],
    old: each("absent", "new"),
    done: each("new"),
    next: [
      async (place, when) => {
        if ((await place.content("t")) === "absent") await recoverInto({ store: place.ground.stores[from], output: place.at("x.kgd"), force: true, target: place.at("t") });
        await place.mustBe("t", `${when}, after the next run`, "new");
      },
    ],
  };
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  export: making("x.kgd", (place) => ["export", place.ground.stores.new, "-o", place.at("x.kgd"), "-q"], (place) => exportStore({ store: place.ground.stores.new, output: place.at("x.kgd") })),
  "export --force": making(
    "x.kgd",
    (place) => ["export", place.ground.stores.new, "-o", place.at("x.kgd"), "--force", "-q"],
    (place) => exportStore({ store: place.ground.stores.new, output: place.at("x.kgd"), force: true }),
    { before: (place) => copyFile(place.ground.dumps.old, place.at("x.kgd")), old: "old" },
  ),
  import: making("t", (place) => ["import", place.at("t"), "-i", place.ground.dumps.new, "-q"], (place) => importDump({ target: place.at("t"), input: place.ground.dumps.new })),
  "import of a delta": {
    ...making(
      "t",
      (place) => ["import", place.at("t"), "-i", place.ground.dumps.delta, "-q"],
      async (place) => {
        if ((await place.content("t")) === "old") await importDump({ target: place.at("t"), input: [place.ground.dumps.delta] });
      },
      { before: importOld, old: "old" },
    ),
  },
  // Entries are written to the store itself: what an interrupted run has written may be there, and the next one writes the rest.
  "import --merge": {
    ...making("t", (place) => ["import", place.at("t"), "--merge", "-i", place.ground.dumps.new, "-q"], (place) => importDump({ target: place.at("t"), input: place.ground.dumps.new, merge: true }), { before: importOld, old: "old" }),
    old: () => Promise.resolve(),
    next: [
      async (place, when) => {
        const again = (): Promise<unknown> => importDump({ target: place.at("t"), input: place.ground.dumps.new, merge: true });
        await again().catch(async (error: unknown) => {
          // sled does not open a store with a snapshot that it did not finish, whoever let it; what is said then can be done, and helps.
          if (!(error instanceof KgdumpError && error.hint?.includes("move it away") === true && error.path?.endsWith(".generating") === true)) throw error;
          await rm(error.path);
          await again();
        });
        await place.mustBe("t", when, "new");
      },
    ],
  },
  compact: making("t", (place) => ["compact", place.at("t"), "-q"], (place) => compactStore({ store: place.at("t") }), { before: (place) => importDump({ target: place.at("t"), input: place.ground.dumps.new }), old: "new" }),
  "compact of RocksDB": compacting(["compact"], "rocksdb", false),
  "compact --undo": compacting(["compact", "--undo"], "sled", true),
  "rollback of a compaction": compacting(["rollback"], "rocksdb", true),
  restore: making("r", (place) => ["restore", place.at("r"), "-i", place.ground.dumps.new, "-q"], (place) => restoreDump({ target: place.at("r"), input: place.ground.dumps.new })),
  "import of a chain": making("t", (place) => ["import", place.at("t"), "-i", place.ground.dumps.old, "-i", place.ground.dumps.delta, "-q"], (place) => importDump({ target: place.at("t"), input: [place.ground.dumps.old, place.ground.dumps.delta] })),
  "restore of a chain": making("r", (place) => ["restore", place.at("r"), "-i", place.ground.dumps.old, "-i", place.ground.dumps.delta, "-q"], (place) => restoreDump({ target: place.at("r"), input: [place.ground.dumps.old, place.ground.dumps.delta] })),
  "recover of a dump": making("x.kgd", (place) => ["recover", place.ground.dumps.damaged, "-o", place.at("x.kgd"), "-q"], (place) => recoverDump({ input: place.ground.dumps.damaged, output: place.at("x.kgd") })),
  "recover --to of RocksDB": recovering("new"),
  "recover --to of sled": recovering("sled"),
  "recover of a store": making("x.kgd", (place) => ["recover", place.ground.stores.new, "-o", place.at("x.kgd"), "-q"], (place) => exportStore({ store: place.ground.stores.new, output: place.at("x.kgd") })),
  migrate: migrating([]),
  "migrate --stream": migrating(["--stream"]),
  "migrate --no-keep-dump": migrating(["--no-keep-dump"]),
  "migrate --live": migrating(["--live"]),
  "migrate --to": migrating([], "other"),
  "migrate --engine rocksdb": migrating([], "graph", "rocksdb"),
  "migrate --engine rocksdb --stream --to": migrating(["--stream"], "other", "rocksdb"),
  "migrate --backup-dir": {
    ...migrating([]),
    before: async (place) => {
      await graph(place);
      await mkdir(place.at("backups"));
    },
    args: (place) => ["migrate", "--from", place.at("graph"), "--backup-dir", place.at("backups"), "--no-input", "-q"],
  },
  cleanup: {
    before: async (place) => {
      await graph(place);
      await migrateStore({ source: place.at("graph"), live: true });
    },
    args: (place) => ["cleanup", place.at("graph"), "-q"],
    // The next call would keep it.
    never: (names) => names.filter((each) => each.endsWith(".delta.kgd") && !names.includes(each.replace(".delta.kgd", ".kgd"))).map((each) => `${each} is left without its dump`),
    // What has its name is whole.
    old: async (place, when) => {
      await inPlace(place, when, "old");
      for (const name of await readdir(place.root)) if (/\.rocksdb-backup-[^.]*$/.test(name)) await place.mustBe(name, when, "old");
    },
    done: async (place, when) => {
      await inPlace(place, when, "old");
      const names = (await readdir(place.root)).filter((each) => each !== "graph" && !each.endsWith(".kgdump-lock"));
      if (names.length > 0) throw new Error(`${when}: ${names.join(", ")} is left`);
    },
    next: [
      async (place, when) => {
        await cleanUp({ target: place.at("graph") });
        await inPlace(place, `${when}, after the next cleanup`, "old");
        const { remains } = await cleanUp({ target: place.at("graph"), dryRun: true });
        if (remains.length > 0) throw new Error(`${when}: after the next cleanup ${remains.map(({ path }) => path).join(", ")} is left`);
      },
    ],
  },
  rollback: rollingBack([]),
  "rollback --discard-new": rollingBack(["--discard-new"], { changed: true }),
  "rollback --carry-back": rollingBack(["--carry-back"], { changed: true, carried: "new" }),
  "rollback from RocksDB": rollingBack([], { engine: "rocksdb" }),
  "rollback --carry-back from RocksDB": rollingBack(["--carry-back"], { changed: true, carried: "new", engine: "rocksdb" }),
  "rollback --carry-back of another target": rollingBack(["--carry-back"], { changed: true, carried: "new", target: "other" }),
};

/** Lays the disk out and says what is wrong about it, or null. */
async function fault(place: Place, disk: Parameters<typeof layOut>[0], work: (place: Place) => Promise<unknown>): Promise<string | null> {
  await rm(place.root, { recursive: true, force: true });
  await mkdir(place.root);
  layOut(disk, place.root);
  try {
    await work(place);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What would not be as it is after a power loss at the end, on a disk that keeps only what was synced. */
function unsynced(recording: Recording): string[] {
  const [seen, kept] = [recording.seen(), recording.after(recording.steps.length, { names: "synced", bytes: "lost" })];
  // What was built in a staging directory may be there again: whoever builds there next clears it.
  const others = [...kept.keys()].filter((path) => !seen.has(path) && !/(^|\/)\.[^/]*\.kgdump-/.test(path));
  return [...seen.keys(), ...others].filter((path) => !sameThing(seen.get(path), kept.get(path)));
}

/** Renamings of a store before the journal that a power loss leaves says that this is being done. */
function beforeJournal(recording: Recording, { name, journal, says }: NonNullable<Subject["switches"]>): string[] {
  return recording.steps.flatMap((step, index) => {
    if (step.kind !== "names" || !step.names.some(([directory, of]) => directory === recording.root && of === name)) return [];
    const kept = recording.after(index, { names: "synced", bytes: "lost" }).get(journal);
    const text = typeof kept === "object" && "bytes" in kept ? kept.bytes.toString() : "{}";
    const { step: said } = JSON.parse(text) as { step?: string };
    return said === says ? [] : [`${step.what}, when the journal says ${said ?? "nothing"}`];
  });
}

async function tryPower(t: ExecutionContext<Ground>, name: string, { switches, never, before, args, old, done, next }: Subject, random: () => number): Promise<string[]> {
  const place = new Place(await mkdtemp(join(t.context.directory, "run-")), t.context);
  await before?.(place);
  const { code, stderr, recording, stuck } = await record(place.root, args(place));
  if (code !== 0) return [`${name} ended with ${String(code)}: ${stderr}`];
  await done(place, "without a power loss");
  const end = recording.steps.length;
  const wrong = [...unsynced(recording), ...recording.unsyncedAccess()].map((what) => `${name} ended, and ${what} is not synced`);
  wrong.push(...stuck.map((what) => `${name}: ${what}, of which a file is still open`));
  wrong.push(...tornNames(recording).map((what) => `${name}, ${what}`));
  if (switches !== undefined) wrong.push(...beforeJournal(recording, switches).map((what) => `${name}: ${what}`));
  const told = (what: string | null, moment: number, policy: (typeof POLICIES)[number]): void => {
    const step = recording.steps.slice(0, moment).findLast(({ kind }) => kind === "names");
    if (what !== null) wrong.push(`${name}, names ${policy.names}, bytes ${policy.bytes}, after step ${String(moment)} of ${String(end)} (${step?.kind === "names" ? step.what : "none"}): ${what}`);
  };
  for (const policy of POLICIES) told(await fault(place, recording.after(end, policy), (laid) => done(laid, "after the end")), end, policy);
  const known = new Set<string>();
  const states = POLICIES.flatMap((policy) => recording.moments().map((moment) => ({ policy, moment })));
  if (never !== undefined) wrong.push(...new Set(states.flatMap(({ policy, moment }) => never([...recording.after(moment, policy).keys()]).map((what) => `${name}: ${what}`))));
  // Which are drawn: in a random order, the same for the same seed.
  const order = states.map((state) => ({ state, at: random() })).sort((a, b) => a.at - b.at).map(({ state }) => state);
  let tried = 0;
  for (const { policy, moment } of order) {
    if (!ALL && tried >= DRAWN) break;
    const disk = recording.after(moment, policy);
    const digest = digestOf(disk);
    if (known.has(digest)) continue;
    known.add(digest);
    tried += 1;
    for (const work of [(laid: Place) => old(laid, "after the power loss"), ...next.map((after) => (laid: Place) => after(laid, "the power was lost"))]) told(await fault(place, disk, work), moment, policy);
  }
  t.log(`${name}: ${String(end)} steps, ${String(states.length)} states, ${String(tried)} different ones tried, ${String(wrong.length)} wrong`);
  await rm(place.root, { recursive: true, force: true });
  return wrong;
}

test("whenever the power fails, old or new is there, and what ended well is there for good", async (t) => {
  if (straceIsMissing(t)) return;
  t.timeout(8 * 60 * 60_000);
  const seed = loggedSeed(t);
  const only = process.env.KGDUMP_POWER_OF;
  const subjects = Object.entries(SUBJECTS).filter(([name]) => only === undefined || name === only);
  const wrong: string[] = [];
  await inParallel(subjects, 2, async ([name, subject], index) => {
    wrong.push(...(await tryPower(t, name, subject, randomNumbers(seed + index))));
  });
  t.deepEqual(wrong, []);
});
