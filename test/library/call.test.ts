/** Arguments of the library: whatever they are, the answer is USAGE with the argument's name, and nothing else. */
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "ava";
import * as library from "#src/index.js";
import { KgdumpError } from "#src/index.js";
import { temporaryDirectory } from "../support/temporary.js";

type Call = (...args: unknown[]) => unknown;

/** Functions whose first argument is what they read or work on, and what that is called. */
const SUBJECTS: Readonly<Record<string, string>> = {
  openDump: "input", inspectDump: "input", listEntries: "input", listBlocks: "input", getEntry: "input", verifyDump: "input", statsOf: "input", reportOf: "input", graphOf: "input", neighboursOf: "input", recoverDump: "input",
  importDump: "input", restoreDump: "input", exportStore: "store", planExport: "store", verifyStore: "store", recoverStore: "store", recoverInto: "store", findVersions: "store",
  planCompact: "store", compactStore: "store", undoCompact: "store", migrateStore: "source", previewMigration: "source", rollbackStore: "target", previewRollback: "target", inspectStore: "store", listStoreEntries: "store", getStoreEntry: "store", migrationStatus: "target",
  cleanUp: "target", readStorageFile: "file",
};

/** Functions that take nothing more. */
const ALONE = ["migrationStatus", "readStorageFile"];

function call(name: string): Call {
  return library[name as keyof typeof library] as unknown as Call;
}

/** How a call ends: its error, or null. */
async function failure(name: string, ...args: unknown[]): Promise<unknown> {
  try {
    const result: unknown = await call(name)(...args);
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) for await (const _ of result as AsyncIterable<unknown>);
    return null;
  } catch (error) {
    return error;
  }
}

const ODD: readonly unknown[] = [undefined, null, true, 5, Number.NaN, 5n, Symbol("x"), "", "a\0b", {}, [], [5], new Date(0), new Map(), Promise.resolve("x"), () => "x", Buffer.from("x"), new Uint8Array(3), new URL("file:///x"), /x/, { [Symbol.asyncIterator]: 7 }];

test("every function of the index is here", (t) => {
  const functions = Object.entries(library).filter(([name, value]) => typeof value === "function" && name !== "KgdumpError").map(([name]) => name);
  t.deepEqual(functions.sort(), [...Object.keys(SUBJECTS), "uuidKey"].sort());
});

for (const [name, subject] of Object.entries(SUBJECTS)) {
  test(`${name}: a first argument that is none is refused by its name`, async (t) => {
    for (const odd of ODD) {
      const error = await failure(name, odd, {});
      t.true(error instanceof KgdumpError, `${typeof odd}: ${String(error)}`);
      if (!(error instanceof KgdumpError)) continue;
      t.is(error.code, "USAGE", error.message);
      t.true(error.message.startsWith(`${name}: ${subject} `) || error.message.startsWith(`${name}: ${subject}[0] `), error.message);
    }
  });
}

for (const name of Object.keys(SUBJECTS).filter((one) => !ALONE.includes(one))) {
  test(`${name}: options that are wrong, missing or unknown are refused by their names`, async (t) => {
    const path = join(await temporaryDirectory(t), "nothing");
    const unknown = await failure(name, path, { zzzzzzzzzzzzzzzzzzzz: 1 });
    if (!(unknown instanceof KgdumpError) || unknown.hint === undefined) {
      t.fail(String(unknown));
      return;
    }
    t.is(unknown.message, `${name}: there is no option zzzzzzzzzzzzzzzzzzzz`);
    const options = unknown.hint.replace("there are ", "").split(", ");
    t.true(options.length >= 3 || name === "findVersions" || name === "openDump", unknown.hint);
    t.false(options.includes("seams"));
    for (const option of options) {
      // No option takes these.
      for (const odd of [Symbol("x"), null, /x/, Number.NaN, option === "waitSeconds" ? -1 : 1.5]) {
        const error = await failure(name, path, { ...required(name), [option]: odd });
        t.true(error instanceof KgdumpError && error.code === "USAGE" && error.message.includes(option), `${option}: ${String(error)}`);
      }
    }
    for (const odd of [null, 5, "x", [], new Map()]) {
      const error = await failure(name, path, odd);
      t.true(error instanceof KgdumpError && error.code === "USAGE" && error.message.startsWith(`${name}: options must be an object`), String(error));
    }
    for (const missing of Object.keys(required(name))) {
      const { [missing]: _, ...rest } = required(name);
      const error = await failure(name, path, rest);
      t.true(error instanceof KgdumpError && error.code === "USAGE" && error.message.startsWith(`${name}: ${missing} must be`), String(error));
    }
    const whole = await failure(name, { ...required(name), [SUBJECTS[name] ?? ""]: path });
    t.true(whole instanceof KgdumpError && whole.code === "USAGE" && whole.hint === `write ${name}(${SUBJECTS[name] ?? ""}, { … })`, String(whole));
  });
}

/** Options without which a function can do nothing. */
function required(name: string): Record<string, unknown> {
  if (name === "exportStore") return { output: "/nowhere/x.kgd" };
  if (name === "importDump" || name === "restoreDump" || name === "recoverInto") return { target: "/nowhere/x" };
  if (name === "neighboursOf") return { node: "x" };
  return name === "getEntry" || name === "getStoreEntry" || name === "findVersions" ? { key: "x" } : {};
}

test("a typing mistake is told with what was meant, and what is wrong is shown", async (t) => {
  const told = async (...args: Parameters<typeof failure>): Promise<string> => {
    const error = await failure(...args);
    return error instanceof KgdumpError ? `${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}` : String(error);
  };
  t.is(await told("exportStore", "x", { outptu: "y" }), "exportStore: there is no option outptu (did you mean output?)");
  t.is(await told("exportStore", "x", { output: "y", blockSize: "1MB" }), 'exportStore: blockSize must be a whole number of at least 1, not "1MB"');
  t.is(await told("exportStore", "x", { output: "y", codec: "gzip" }), 'exportStore: codec must be one of "lz4", "zstd", "none", not "gzip"');
  t.is(await told("exportStore", "x", { output: "y", keyspaces: "nodes" }), 'exportStore: keyspaces must be a list of names, not "nodes" (put one name into a list, too: ["nodes"])');
  t.is(await told("exportStore", "x", { output: "y", signal: new AbortController() }), "exportStore: signal must be an AbortSignal, not an AbortController (give the controller's signal)");
  t.is(await told("openDump", Buffer.from("x")), "openDump: input must be a path or a stream of bytes, not a Buffer (bytes in memory are a stream with Readable.from([bytes]) of node:stream)");
  t.is(await told("inspectDump", new URL("file:///x")), "inspectDump: input must be a path, not a URL (turn a file: URL into its path with fileURLToPath of node:url)");
  t.is(await told("inspectDump", Readable.from(["text"])), 'inspectDump: input must be a stream of bytes, not "text" (leave out the stream\'s encoding, so that its bytes stay bytes)');
  t.is(await told("getEntry", "x", { key: "\ud800" }), "getEntry: key is text that can't be written as UTF-8 (give it as bytes)");
  t.is(await told("migrateStore", "x", { settings: { segmentsize: 1 } }), "migrateStore: settings: there is no option segmentsize (did you mean segmentSize?)");
});

test("keys of UUIDs", (t) => {
  t.is(library.uuidKey("node:", "0F8FAD5B-d9cb-469f-a165-70867728950e").toString("hex"), "6e6f64653a0f8fad5bd9cb469fa16570867728950e");
  t.throws(() => library.uuidKey("node:", "0f8fad5b"), { code: "USAGE", message: /^uuidKey: id must be a UUID/ });
  t.throws(() => library.uuidKey(5 as unknown as string, "0f8fad5b-d9cb-469f-a165-70867728950e"), { code: "USAGE", message: /^uuidKey: prefix must be text/ });
});

test("a mode lets the owner in, and is one", async (t) => {
  const target = join(await temporaryDirectory(t), "new");
  for (const mode of [0, 0o77, 0o677, 0o700, 0o777, 0o1000, 448.5]) {
    const error = await failure("importDump", join(target, "no.kgd"), { target, mode });
    t.true(error instanceof KgdumpError, String(error));
    const isOne = mode === 0o700 || mode === 0o777;
    t.is((error as Error).message.startsWith("importDump: mode must be"), !isOne, `${mode.toString(8)}: ${String(error)}`);
  }
});
