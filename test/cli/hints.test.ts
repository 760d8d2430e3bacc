/** Advice can be followed: every command of kgdump's own that an error, a warning or a result names is run here, with real arguments. */
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

/** Commands with their options, as they stand in the sources: words of the command line's own help are tried by its own tests. */
async function namedCommands(): Promise<Map<string, string>> {
  const named = new Map<string, string>();
  for (const root of ["src", "native/sled/src", "native/rocksdb/src", "native/blocks/src"]) {
    for (const file of await readdir(root, { recursive: true })) {
      if (!/\.(ts|rs)$/.test(file)) continue;
      const path = join(root, file);
      for (const [number, line] of (await readFile(path, "utf8")).split("\n").entries()) {
        if (/^\s*(\*|\/\/|\/\*)/.test(line) || (path.startsWith(join("src", "cli")) && !/hint|`kgdump/.test(line))) continue;
        for (const [, command = "", rest = ""] of line.matchAll(/kgdump (export|import|migrate|rollback|status|restore|verify|recover|inspect|stats|report|graph|find|compact|cleanup)\b([^`"]*)/g)) {
          const options = rest.match(/(?<=\s)--?[a-z][\w-]*/g) ?? [];
          const words = [command, ...options].join(" ");
          named.set(words, named.get(words) ?? `${path}:${String(number + 1)}`);
        }
      }
    }
  }
  return named;
}

interface Ground {
  readonly directory: string;
  /** A RocksDB store, a sled store that a migration made of another, and dumps. */
  readonly rocks: string;
  readonly sled: string;
  readonly dump: string;
  readonly salvaged: string;
  readonly damaged: string;
}

async function ground(t: ExecutionContext): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const content = { default: numbered("k", 3000), nodes: { a: "1" } };
  const rocks = await makeStore(directory, "rocks", content);
  const sled = await makeStore(directory, "graph", content);
  const [dump, damaged, salvaged] = ["whole.kgd", "damaged.kgd", "salvaged.kgd"].map((name) => join(directory, name)) as [string, string, string];
  const done = async (args: readonly string[], code = 0): Promise<void> => {
    const ended = await kgdump(args);
    t.is(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
  };
  await done(["export", rocks, "-o", dump, "-q"]);
  await done(["migrate", "--from", sled, "-q", "--no-keep-dump"]);
  const bytes = await readFile(dump);
  await writeFile(damaged, bytes.subarray(0, bytes.length - 200));
  await done(["recover", damaged, "-o", salvaged, "-q"], (await kgdump(["recover", damaged, "--dry-run"])).code ?? 0);
  return { directory, rocks, sled, dump, damaged, salvaged };
}

/** How each is run, and the exit code that is right. */
const COMMANDS: Record<string, (ground: Ground, output: string) => readonly [readonly string[], number]> = {
  export: ({ rocks }, output) => [["export", rocks, "-o", output], 0],
  "export -o": ({ rocks }, output) => [["export", rocks, "-o", output], 0],
  "export -o --against": ({ rocks }, output) => [["export", rocks, "-o", output], 0],
  import: ({ dump }, output) => [["import", output, "-i", dump], 0],
  "import -i": ({ dump }, output) => [["import", output, "-i", dump], 0],
  "inspect --entries --prefix": ({ dump }) => [["inspect", dump, "--entries", "--prefix", "k0000001"], 0],
  inspect: ({ dump }) => [["inspect", dump], 0],
  "inspect --json": ({ dump }) => [["inspect", dump, "--json"], 0],
  "inspect -v": ({ dump }) => [["inspect", dump, "-v"], 0],
  "report -o": ({ dump }, output) => [["report", dump, "-o", output], 0],
  "inspect --gaps": ({ salvaged }) => [["inspect", salvaged, "--gaps"], 0],
  recover: ({ sled }, output) => [["recover", sled, "-o", output], 0],
  "inspect --entries --reverse": ({ dump }) => [["inspect", dump, "--entries", "--reverse"], 0],
  "recover -o": ({ sled }, output) => [["recover", sled, "-o", output], 0],
  restore: ({ dump }, output) => [["restore", output, "-i", dump], 0],
  "restore -i": ({ dump }, output) => [["restore", output, "-i", dump], 0],
  "restore --options-from": ({ dump, rocks }, output) => [["restore", output, "-i", dump, "--options-from", rocks], 0],
  status: ({ sled }) => [["status", sled], 0],
  verify: ({ rocks, sled }) => [["verify", rocks, "--against", sled], 0],
  "verify --against": ({ dump, rocks }) => [["verify", dump, "--against", rocks], 0],
  graph: ({ dump }) => [["graph", dump], 0],
  "verify --graph": ({ dump }) => [["verify", dump, "--graph"], 0],
  "rollback --dry-run": ({ sled }) => [["rollback", sled, "--dry-run"], 0],
  // The last ones: they change the store.
  cleanup: ({ rocks }) => [["cleanup", rocks], 0],
  compact: ({ rocks }) => [["compact", rocks], 0],
  migrate: ({ rocks }) => [["migrate", "--from", rocks], 0],
  rollback: ({ sled }) => [["rollback", sled], 0],
  "cleanup --force": ({ rocks }) => [["cleanup", rocks, "--force"], 0],
  "rollback --discard-new": ({ sled }) => [["rollback", sled, "--discard-new"], 0],
};

test("every command that is named anywhere is known, and works", async (t) => {
  const named = await namedCommands();
  t.true(named.size > 8);
  for (const [words, place] of named) t.true(words in COMMANDS, `${place} names kgdump ${words}: say here how it is run`);
  const here = await ground(t);
  for (const [words, how] of Object.entries(COMMANDS)) {
    const [args, code] = how(here, join(here.directory, `output of ${words}`));
    const ended = await kgdump(args);
    t.is(ended.code, code, `kgdump ${args.join(" ")}: ${ended.stderr}`);
  }
});

/** The commands in backquotes of an error's hint. */
function commandsIn(stderr: string): string[] {
  const { error } = JSON.parse(stderr.split("\n").find((line) => line.includes('"error"')) ?? "{}") as { error: { hint: string } };
  return [...error.hint.matchAll(/`(kgdump [^`]+)`/g)].map(([, command = ""]) => command);
}

test("the ways back that a rollback names are commands that can be pasted, and do what they say", async (t) => {
  const directory = join(await temporaryDirectory(t));
  const store = await makeStore(directory, "my graph's", { default: numbered("k", 300) });
  t.is((await kgdump(["migrate", "--from", store, "-q"])).code, 0);
  {
    await using sink = await openSledSink(store, { create: false });
    await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("z"), value: Buffer.alloc(600_000, 1) }]), "overwrite");
    await sink.flush();
  }
  await truncate(join(store, "conf"), 3);
  const db = await readFile(join(store, "db"));
  db.writeUInt8(db.readUInt8(600) ^ 1, 600);
  await writeFile(join(store, "db"), db);
  const { code, stderr } = await kgdump(["rollback", store, "--json"]);
  t.is(code, 7, stderr);
  const commands = commandsIn(stderr);
  t.is(commands.length, 2, stderr);
  const { shell } = await import("./support/run.js");
  // Saved before it is put aside; 3 says that something is lost.
  for (const command of commands) {
    const ended = await shell(command, { cwd: directory });
    t.true([0, 3].includes(ended.code ?? 1), `${command}: ${ended.stderr}`);
  }
  t.deepEqual((await readdir(directory)).filter((name) => name.endsWith(".salvaged.kgd")).length, 1);
  t.is((await kgdump(["status", store])).code, 10);
});
