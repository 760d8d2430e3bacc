/** What the tests with programs of others share: having them installed, running them, and moving their stores. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ExecutionContext } from "ava";
import { gather, kgdump, start } from "../cli/support/run.js";

const REAL = join(process.cwd(), "examples", "real");

/** What a live migration says when the service is to be stopped. */
const STOP = "stop the service now";

/** What scripts/setup/programs.mjs can install. */
export type ProgramName = "python" | "node" | "java" | "cozo";

interface Installer {
  readonly installProgram: (name: ProgramName) => Promise<string>;
  readonly classPath: (directory: string) => Promise<string>;
}

const load = async (): Promise<Installer> => (await import(pathToFileURL(join(process.cwd(), "scripts", "setup", "programs.mjs")).href)) as Installer;

/**
 * Directory of a program that is installed now, or was before. Where it can't be had, the test fails in CI; elsewhere the
 * result is null, the reason is logged, and the test has nothing to do.
 */
export async function programFor(t: ExecutionContext, name: ProgramName): Promise<string | null> {
  // An installation may take minutes.
  t.timeout(900_000);
  const { installProgram } = await load();
  try {
    return await installProgram(name);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "SetupError" || process.env.CI === "true") throw error;
    t.log(`SKIPPED: ${error.message}`);
    t.pass();
    return null;
  }
}

/** Starts a program of examples/real; `input` is its standard input. Returns what it printed; fails the test when it fails. */
async function run(t: ExecutionContext, command: string, args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, args, { cwd: REAL, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  // A program may end without reading it; its exit code tells.
  child.stdin.on("error", () => undefined).end(input);
  const { code, stdout, stderr } = await gather(child);
  t.is(code, 0, `${command} ${args.join(" ")}: ${stderr}`);
  return stdout.toString();
}

/** A way to run scripts of examples/real with the programs that are installed. */
export interface Runner {
  /** Runs a script; the first argument is its name. */
  readonly run: (args: readonly string[], input?: string) => Promise<string>;
  /** Runs it and kills it when it has printed something and so many milliseconds have passed. */
  readonly kill: (args: readonly string[], ms: number) => Promise<void>;
  /** Runs it, does something once it has printed something, and lets it end by the end of its standard input: then, or when it is released. */
  readonly hold: <T>(args: readonly string[], work: (release: () => Promise<void>) => Promise<T>) => Promise<T>;
}

/** Runs scripts in Python; null when it can't be had. */
export const pythonRunner = async (t: ExecutionContext): Promise<Runner | null> => {
  const place = await programFor(t, "python");
  return place === null ? null : runner(t, [join(place, "bin", "python3")]);
};

/** Runs scripts in Node. */
export const nodeRunner = async (t: ExecutionContext): Promise<Runner | null> => {
  const place = await programFor(t, "node");
  return place === null ? null : runner(t, [process.execPath], { PROGRAMS: place });
};

/** Runs sources in Java. */
export const javaRunner = async (t: ExecutionContext): Promise<Runner | null> => {
  const place = await programFor(t, "java");
  return place === null ? null : runner(t, ["java", "-cp", await (await load()).classPath(place)]);
};

/** Runs CozoDB on sled: its argument is the store. */
export const cozoRunner = async (t: ExecutionContext): Promise<Runner | null> => {
  const place = await programFor(t, "cozo");
  return place === null ? null : runner(t, [join(place, "cozo-on-sled")]);
};

function runner(t: ExecutionContext, [command = "", ...first]: readonly string[], env: NodeJS.ProcessEnv = {}): Runner {
  return {
    run: (args, input) => run(t, command, [...first, ...args], input, env),
    kill: async (args, ms) => {
      const child = spawn(command, [...first, ...args], { cwd: REAL, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      setTimeout(() => child.kill("SIGKILL"), ms);
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      t.is(signal, "SIGKILL", "it ended by itself");
    },
    hold: async (args, work) => {
      const child = spawn(command, [...first, ...args], { cwd: REAL, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      const release = async (): Promise<void> => {
        child.stdin.end();
        await ended;
      };
      try {
        return await work(release);
      } finally {
        await release();
        t.deepEqual(await ended, [0, null]);
      }
    },
  };
}

/** Runs kgdump, which must not fail. Returns what it printed. */
export async function ok(t: ExecutionContext, ...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await kgdump(args);
  t.is(code, 0, `kgdump ${args.join(" ")}: ${stderr}`);
  return { stdout: stdout.toString(), stderr };
}

/** Migrates a store that a program has open, which is released when kgdump says that it is to be stopped. Returns what kgdump said. */
export async function migrateLive(t: ExecutionContext, store: string, release: () => Promise<void>): Promise<string> {
  const child = start(["migrate", "--live", "--from", store, "--wait", "60"]);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    const before = said.includes(STOP);
    said += chunk.toString();
    if (!before && said.includes(STOP)) void release();
  });
  const { code } = await gather(child);
  t.is(code, 0, said);
  return said;
}

/** Dumps, and stores that were made of them. */
export interface Moved {
  readonly dump: string;
  readonly sled: string;
  readonly rocksdb: string;
}

/** Moves a RocksDB store to a sled store and from there to a RocksDB store, each of which is compared with the first dump. */
export async function thereAndBack(t: ExecutionContext, store: string, directory: string): Promise<Moved> {
  const moved = { dump: join(directory, "there.kgd"), sled: join(directory, "sled"), rocksdb: join(directory, "rocksdb") };
  const back = join(directory, "back.kgd");
  await mkdir(directory, { recursive: true });
  await ok(t, "export", store, "-o", moved.dump);
  await ok(t, "import", "-i", moved.dump, moved.sled);
  await ok(t, "export", moved.sled, "-o", back);
  await ok(t, "restore", "-i", back, moved.rocksdb, "--options-from", moved.dump);
  for (const other of [moved.sled, moved.rocksdb]) t.regex((await ok(t, "verify", moved.dump, "--against", other)).stdout, /^equal: /m);
  return moved;
}

/** A copy of a store: a program changes what it opens. */
export async function copyOf(store: string): Promise<string> {
  await cp(store, `${store}.copy`, { recursive: true });
  return `${store}.copy`;
}
