import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { Command } from "commander";
import { candidates, KINDS, placeholderOf } from "#src/cli/completion/candidates.js";
import { EXITS } from "#src/cli/help/exits.js";
import { COMMAND_NAMES, commandTree } from "#src/cli/tree.js";
import { exportStore } from "#src/index.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { kgdump } from "../support/run.js";

const tree = async (names: readonly string[]): Promise<Command> => commandTree(names, { width: 80, short: false, write: () => undefined, onAsked: () => undefined });

/** What is proposed for a line, of which the last word is not finished. */
async function proposed(...words: string[]): Promise<{ kind: string; words: string[] }> {
  const { kind, list } = await candidates(words, tree);
  return { kind, words: list.map(({ word }) => word) };
}

const words = (...list: string[]): { kind: string; words: string[] } => ({ kind: "words", words: list });

test("commands are proposed, each with what it does, and topics behind help", async (t) => {
  t.deepEqual((await proposed("")).words.sort(), [...COMMAND_NAMES, "help"].sort());
  t.deepEqual(COMMAND_NAMES.toSorted(), Object.keys(EXITS).sort());
  t.deepEqual(await proposed("in"), words("inspect"));
  t.deepEqual(await proposed("--color", "never", "-q", "statu"), words("status"));
  t.true((await candidates(["rec"], tree)).list.every(({ about }) => about.length > 20));
  t.deepEqual(await proposed("help", "ex"), words("export", "exit-codes"));
  t.deepEqual(await proposed("help", "export", ""), words());
  t.deepEqual(await proposed("nothing", ""), words());
});

test("options are proposed once, those that may be repeated again, and hidden ones never", async (t) => {
  t.deepEqual(await proposed("export", "store", "--co"), words("--codec", "--column-family", "--color"));
  t.deepEqual(await proposed("export", "store", "--codec", "lz4", "--column-family", "a", "--co"), words("--column-family", "--color"));
  t.deepEqual(await proposed("export", "store", "--no-i"), words());
  t.deepEqual(await proposed("export", "--", "--co"), { kind: "directories", words: [] });
  for (const name of COMMAND_NAMES) t.true((await proposed(name, "--")).words.includes("--help"), name);
});

test("values are proposed: choices, files, directories", async (t) => {
  t.deepEqual(await proposed("export", "store", "--codec", ""), words("lz4", "zstd", "none"));
  t.deepEqual(await proposed("export", "store", "--codec=z"), words("--codec=zstd"));
  t.deepEqual(await proposed("migrate", "--engine", ""), words("sled", "rocksdb"));
  t.deepEqual(await proposed("completion", ""), words("bash", "zsh", "fish", "powershell"));
  t.deepEqual(await proposed("export", "store", "-o", ""), { kind: "files", words: [] });
  t.deepEqual(await proposed("export", ""), { kind: "directories", words: [] });
  t.deepEqual(await proposed("export", "store", ""), words());
  t.deepEqual(await proposed("export", "store", "--limit", "1"), words());
  t.deepEqual(await proposed("inspect", ""), { kind: "files", words: [] });
  // A dump from standard input is an operand.
  t.deepEqual(await proposed("inspect", "-", ""), words());
  t.deepEqual(await proposed("import", "new", "--input", "g"), { kind: "files", words: [] });
});

test("each placeholder of an option or an argument is known, and no other", async (t) => {
  const root = await tree(COMMAND_NAMES);
  const found = root.commands.flatMap((command) => [...command.options.filter(({ flags }) => flags.includes("<")), ...command.registeredArguments].map(placeholderOf));
  t.deepEqual([...new Set(found)].sort(), Object.keys(KINDS).sort());
});

test("keyspaces and prefixes of the dump that the line names are proposed, whatever else stands there", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { "edge:7/a": "1", "node:1": "1" }, nodes: { "nodes:x:y": "1" }, "a b": {} });
  const dump = join(directory, "graph.kgd");
  await exportStore(store, { output: dump });
  t.deepEqual((await proposed("inspect", dump, "--keyspace", "")).words.sort(), ["a b", "default", "nodes"]);
  t.deepEqual(await proposed("inspect", "--keys", dump, "--cf", "n"), words("nodes"));
  t.deepEqual(await proposed("import", "new", "-q", "-i", dump, "--map", "no"), { kind: "parts", words: ["nodes="] });
  t.deepEqual(await proposed("inspect", dump, "--prefix", ""), { kind: "parts", words: ["edge:", "node:", "nodes:"] });
  t.deepEqual(await proposed("inspect", dump, "--prefix", "edge:"), { kind: "parts", words: ["edge:7/"] });
  t.deepEqual(await proposed("inspect", dump, "--get=nodes:"), { kind: "parts", words: ["--get=nodes:x:"] });
  // What is no dump is not worth a word.
  await writeFile(join(directory, "no.kgd"), "no dump");
  for (const path of ["no.kgd", "missing.kgd", "."]) t.deepEqual(await proposed("inspect", join(directory, path), "--keyspace", ""), words());
});

test("the scripts ask by a command that is not shown, and that says nothing on stderr", async (t) => {
  const ended = await kgdump(["completion", "words", "--", "export", "store", "--codec", ""]);
  t.deepEqual([ended.code, ended.stderr, ended.stdout.toString()], [0, "", "words\nlz4\t\nzstd\t\nnone\t\n"]);
  t.false((await kgdump(["completion", "--help"])).stdout.toString().includes("words --"));
});
