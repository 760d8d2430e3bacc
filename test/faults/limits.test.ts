/**
 * Limits of a process and of its file system: how many files it has open, how long a file and a name may be, links that lead round. What can't be done is
 * refused with what helps, which is nothing about disks, and leaves nothing behind.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { assertOneError, shell } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

/** What each command makes from `store`, `d.kgd` and `sled`, and how. */
const COMMANDS: readonly (readonly [name: string, command: string])[] = [
  ["x.kgd", "export store -o x.kgd"],
  ["made", "import made -i d.kgd"],
  ["made", "restore made -i d.kgd"],
  ["x.kgd", "recover sled -o x.kgd"],
  ["x.kgd", "export sled -o x.kgd"],
  ["none", "migrate store --to none"],
  ["none", "compact sled"],
  ["none", "verify store --against sled"],
  ["none", "graph store"],
];
const KEPT = ["d.kgd", "delta.kgd", "sled", "store"];

/** A directory with a RocksDB store, a dump of it and a sled store of it. */
async function ground(t: ExecutionContext, entries: number): Promise<string> {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "store", { default: numbered("k", entries), nodes: numbered("n", 10) });
  const made = await shell("kgdump export -q store -o d.kgd && kgdump import -q sled -i d.kgd", { cwd: directory });
  t.is(made.code, 0, made.stderr);
  return directory;
}

/** What may go wrong. */
interface Expected {
  /** Put before the command. */
  readonly limit?: string;
  readonly helps: RegExp;
  readonly code: string;
  readonly exit?: number;
  /** What is there besides. */
  readonly keeps?: string;
}

/** Runs a command under a limit: it succeeds, or ends with one error that tells what helps. Puts back what was there. @returns whether it succeeded */
async function runs(t: ExecutionContext, cwd: string, command: string, { limit = "true", helps, code, exit = 1, keeps }: Expected): Promise<boolean> {
  const ended = await shell(`${limit}; kgdump ${command}`, { cwd });
  const what = `${limit}; ${command}: ${ended.stderr}`;
  if (ended.code !== 0) {
    assertOneError(t, ended, exit, code);
    t.regex(ended.stderr, helps, what);
    t.notRegex(ended.stderr, /dmesg|npm run setup|os error/, what);
  }
  const left = await readdir(cwd);
  const names = left.filter((name) => ![...KEPT, keeps].includes(name) && !(ended.code === 0 || /^none.*\.kgdump-migration\.json$/.test(name)));
  t.deepEqual(names, [], what);
  await shell("rm -rf made x.kgd none* sled.* store.*", { cwd });
  return ended.code === 0;
}

/** With so many descriptors Node itself starts; with fewer it ends by a signal, whatever it was to run. */
async function leastDescriptors(): Promise<number> {
  for (let limit = 12; limit < 64; limit++) if ((await shell(`ulimit -c 0; ulimit -n ${limit.toString()}; kgdump --version`)).code === 0) return limit;
  throw new Error("Node does not start with 64 descriptors");
}

test("too few files may be open: the error names the limit", async (t) => {
  const cwd = await ground(t, 50);
  const outcomes: boolean[] = [];
  const least = await leastDescriptors();
  for (const more of [1, 3, 6]) {
    for (const [, command] of COMMANDS) outcomes.push(await runs(t, cwd, command, { limit: `ulimit -n ${String(least + more)}`, helps: /raise the limit of open files \(`ulimit -n`\)/, code: "IO_FAILED" }));
  }
  t.true(outcomes.includes(true) && outcomes.includes(false));
});

test("a file may not be longer: the error names what limits it, not the room", async (t) => {
  const cwd = await ground(t, 60_000);
  for (const limit of [1, 64]) {
    for (const [, command] of COMMANDS) {
      const writes = !/^(verify|graph)/.test(command);
      const succeeded = await runs(t, cwd, command, { limit: `ulimit -f ${limit.toString()}`, helps: /no longer file/, code: "NO_SPACE", exit: 5 });
      t.is(succeeded, !writes, command);
    }
  }
});

/** A name of so many bytes, in letters of one byte or, but for the last ones, three. */
const named = (bytes: number, letter: "n" | "界"): string => letter.repeat(Math.floor(bytes / Buffer.byteLength(letter))) + "n".repeat(bytes % Buffer.byteLength(letter));

for (const letter of ["n", "界"] as const) {
  test(`what is made may have the longest name that there can be, of ${letter}`, async (t) => {
    const cwd = await ground(t, 20);
    for (const bytes of letter === "n" ? [255, 256] : [201, 255]) {
      const name = named(bytes, letter);
      for (const [made, command] of COMMANDS.filter(([made]) => made !== "none")) {
        const succeeded = await runs(t, cwd, command.replace(made, name), { helps: /choose a shorter name/, code: "IO_FAILED" });
        t.is(succeeded, bytes <= 255, `${command} of ${bytes.toString()} bytes`);
        await shell(`rm -rf ${name}`, { cwd });
      }
      if (bytes > 255) continue;
      // While one command works at a place, another one waits for it to end.
      await shell(`cp -r store ${name}`, { cwd });
      t.is((await shell(`kgdump status ${name}`, { cwd })).code, 10);
      await shell(`rm -rf ${name}`, { cwd });
    }
  });

  test(`a store is migrated or compacted only where its name, of ${letter}, leaves room for the way back`, async (t) => {
    const cwd = await ground(t, 20);
    for (const [bytes, there, back, fits] of [
      [204, "migrate", "rollback", true],
      [205, "migrate", "rollback", false],
      [222, "migrate --live", "rollback", false],
      [184, "compact", "compact --undo", true],
      [185, "compact", "compact --undo", false],
    ] as const) {
      const name = named(bytes, letter);
      await shell(`cp -r store ${name}`, { cwd });
      const [command = "", ...rest] = there.split(" ");
      const gone = await runs(t, cwd, [command, ...rest, name].join(" "), { helps: /choose a shorter name/, code: "IO_FAILED", keeps: name });
      t.is(gone, fits, `${there} of ${bytes.toString()} bytes`);
      if (gone) t.is((await shell(`kgdump ${back} ${name} && kgdump cleanup ${name}`, { cwd })).code, 0, back);
      t.is((await shell(`kgdump verify -q store --against ${name}`, { cwd })).code, 0);
      await shell(`rm -rf ${name}*`, { cwd });
    }
  });
}

test("a delta is applied only where the store's name leaves room for the old one", async (t) => {
  const cwd = await ground(t, 20);
  await makeStore(cwd, "later", { default: numbered("k", 21), nodes: numbered("n", 10) });
  t.is((await shell("kgdump export -q later -o delta.kgd --base d.kgd && rm -r later", { cwd })).code, 0);
  for (const bytes of [226, 227]) {
    const name = named(bytes, "n");
    await shell(`cp -r sled ${name}`, { cwd });
    t.is(await runs(t, cwd, `import ${name} -i delta.kgd`, { helps: /choose a shorter name/, code: "IO_FAILED", keeps: name }), bytes === 226);
    await shell(`rm -rf ${name}*`, { cwd });
  }
});

test("links that lead round are named", async (t) => {
  const cwd = await ground(t, 5);
  await shell("ln -s round there; ln -s there round", { cwd });
  for (const command of ["export there -o x.kgd", "verify there", "inspect there/in", "import there/in -i d.kgd", "export store -o there/in.kgd"]) {
    const ended = await shell(`kgdump ${command}`, { cwd });
    assertOneError(t, ended, 1, "IO_FAILED");
    t.regex(ended.stderr, /symbolic links lead round in a circle/, command);
  }
  t.deepEqual((await readdir(cwd)).sort(), ["d.kgd", "round", "sled", "store", "there"]);
  t.false((await readdir(join(cwd, "store"))).includes("x.kgd"));
});
