/** Damaged sled stores: a typed error or the whole content, never less than it, never a crash, never a hang. */
import { spawn } from "node:child_process";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/entries.js";
import { sledCheck, sledWrite } from "../../checker/run.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import type { Answer, Mutation } from "./damage-reader.js";

const READER = fileURLToPath(new URL("./damage-reader.js", import.meta.url));
const DEFAULT = Buffer.from("default");
const CODES = /^STORE_(DAMAGED|NOT_RECOGNIZED|SETTINGS_MISMATCH)$/;

/** Sends mutations to a reader process and compares what it says with the untouched store. */
async function attack(t: ExecutionContext, store: string, mutations: readonly Mutation[], { unchecked = false, usedAgain = false } = {}): Promise<Map<string, number>> {
  const folder = `${store}-copies`;
  await mkdir(folder, { recursive: true });
  const child = spawn(process.execPath, [READER, store, folder, ...(unchecked ? ["unchecked"] : [])], { stdio: ["pipe", "pipe", "pipe"] });
  let printed = "";
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stdin.on("error", () => undefined);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (mutation: Mutation): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(mutation)}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`the process died of ${JSON.stringify(mutation)}: ${printed}`);
    return JSON.parse(line.value) as Answer;
  };
  const outcomes = new Map<string, number>();
  const whole = await ask({ file: "conf" });
  t.truthy(whole.content, whole.message);
  for (const mutation of mutations) {
    const { code, message, content } = await ask(mutation);
    const equal = JSON.stringify(content) === JSON.stringify(whole.content);
    const outcome = code ?? (equal ? "equal" : "different");
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const right = CODES.test(outcome) || outcome === "equal" || (unchecked && content !== undefined) || mayBeOlder(mutation, outcome, usedAgain);
    if (!right) t.fail(`${JSON.stringify(mutation)}: ${outcome} ${message ?? ""}`);
  }
  if (!unchecked) t.true((outcomes.get("different") ?? 0) <= (usedAgain ? 3 : 1), "an older state is seldom hit");
  child.stdin.end();
  t.is(printed, "", "nothing is printed");
  return outcomes;
}

/**
 * A log that is cut exactly after a message is what an older state of the store looks like, so nobody can tell (see
 * native/sled/src/read/log.rs). Nothing but a cut may do that, unless the log ends in a segment that was used before.
 */
function mayBeOlder(mutation: Mutation, outcome: string, usedAgain: boolean): boolean {
  return outcome === "different" && mutation.file === "db" && (usedAgain || "cut" in mutation);
}

/** Names of a store's files. */
async function filesOf(store: string): Promise<string[]> {
  const names = await readdir(store, { recursive: true });
  return names.filter((name) => name !== "blobs");
}

/** `count` random mutations of all files of a store. */
async function anyMutations(store: string, count: number, seedNumber: number): Promise<Mutation[]> {
  const files = await Promise.all((await filesOf(store)).map(async (file) => ({ file, size: (await stat(join(store, file))).size })));
  const mutation = fc.constantFrom(...files).chain(({ file, size }) =>
    fc.oneof(
      fc.record({ file: fc.constant(file), flip: fc.nat(size * 8 - 1) }),
      fc.record({ file: fc.constant(file), cut: fc.nat(size - 1) }),
      fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 4096 })).map(([from, length]) => ({ file, zero: [from, Math.min(size, from + length)] as const })),
    ),
  );
  return fc.sample(mutation, { numRuns: count, seed: seedNumber });
}

test("a store as it was written by the unmodified crate", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 800", "fill 6b 300000 7", "tree 00ff", "random 8 300"]);
  const outcomes = await attack(t, store, await anyMutations(store, 80, loggedSeed(t)));
  t.log(Object.fromEntries(outcomes));
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 40);
});

test("every place of a small log: six zeros, which no message is as short as", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 10", "tree 00ff", "random 8 4"]);
  const { size } = await stat(join(store, "db"));
  const places = Array.from({ length: Math.ceil(size / 5) }, (_, index) => 5 * index);
  const outcomes = await attack(t, store, places.map((at) => ({ file: "db", zero: [at, Math.min(size, at + 6)] as const })));
  t.log(size, Object.fromEntries(outcomes));
  t.is(outcomes.get("different") ?? 0, 0);
});

test("a compressed store with a snapshot file", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 800", "tree 00ff", "random 8 300"], { compression: true });
  await sledCheck(store, { compression: true });
  t.true((await filesOf(store)).some((name) => name.startsWith("snap.")));
  const outcomes = await attack(t, store, await anyMutations(store, 80, loggedSeed(t)));
  t.log(Object.fromEntries(outcomes));
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 15);
});

test("a store of many segments, some of them used again", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const sink = await openSledSink(store, { create: true, segmentSize: 8192, flushEveryMs: 10 });
  for (let round = 0; round < 5; round++) {
    for (let at = 0; at < 600; at += 60) {
      const records = Array.from({ length: 60 }, (_, i) => ({ key: Buffer.from(String(at + i).padStart(5)), value: Buffer.alloc(50, round + i) }));
      await sink.apply(DEFAULT, encodeEntries(records), "overwrite");
    }
    await sink.flush();
  }
  await sink.close();
  const outcomes = await attack(t, store, await anyMutations(store, 60, loggedSeed(t)), { usedAgain: true });
  t.log(Object.fromEntries(outcomes));
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 20);
});

test("each segment that the disk has lost, of a store whose program ran long since its last snapshot", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const [segment, options] = [4096, { config: { segment_size: "4096" } }];
  await sledWrite(store, ["random 7 200"], options);
  await sledCheck(store, options);
  const rounds = Array.from({ length: 25 }, () => ["overwrite 7 200", "random 7 200", "flush"]).flat();
  await sledWrite(store, rounds, { ...options, noFlush: true });
  const { size } = await stat(join(store, "db"));
  // The last one of the file may be empty: nothing was written behind it since.
  const lost = Array.from({ length: Math.ceil(size / segment) - 1 }, (_, index) => ({ file: "db", zero: [index * segment, Math.min(size, (index + 1) * segment)] as const }));
  const outcomes = await attack(t, store, lost);
  t.log(Object.fromEntries(outcomes));
  t.is(outcomes.get("different") ?? 0, 0);
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) >= lost.length - 2);
});

test("every bit of conf, and each file gone or empty", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 20", "fill 6b 200000 7"]);
  await sledCheck(store);
  const files = await filesOf(store);
  const { size } = await stat(join(store, "conf"));
  const bits = Array.from({ length: size * 8 }, (_, flip) => ({ file: "conf", flip }));
  const outcomes = await attack(t, store, [...bits, ...files.flatMap((file) => [{ file, remove: true }, { file, cut: 0 }])]);
  t.log(Object.fromEntries(outcomes));
  // A snapshot is only a cache of the log, and conf, when it is empty or gone, says what the log shows; everything else is missed.
  t.is(outcomes.get("equal"), 4);
});

test("even without the check, sled's panics end as errors", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 800", "fill 6b 300000 7"], { compression: true });
  await sledCheck(store, { compression: true });
  const outcomes = await attack(t, store, await anyMutations(store, 60, loggedSeed(t)), { unchecked: true });
  t.log(Object.fromEntries(outcomes));
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 10);
});

test("a store whose program was killed is read as that program would find it", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await sledWrite(store, ["random 7 500", "flush", "random 9 500"], { noFlush: true });
  const outcomes = await attack(t, store, []);
  t.is(outcomes.size, 0);
});
