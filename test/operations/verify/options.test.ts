/** `verify --options`: options of stores and dumps side by side. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { compareOptions } from "#src/operations/verify/options.js";
import { requireEqual } from "#src/operations/verify/results.js";
import { verifyDump, verifyStore } from "#src/operations/verify/verify.js";
import { kgdump } from "../../cli/support/run.js";
import { temporaryDirectory } from "../../support/temporary.js";

const ENTRIES = encodeEntries([{ key: Buffer.from("a"), value: Buffer.from("1") }]);

async function made(directory: string, name: string, options: string, databaseOptions = "", families = ["default", "nodes"]): Promise<string> {
  const path = join(directory, name);
  await using sink = await createRocksdbSink(path, { families: families.map((family) => ({ name: family, options })), databaseOptions });
  for (const family of families) await sink.apply(Buffer.from(family), ENTRIES, "overwrite");
  await sink.flush();
  return path;
}

/** Changes the text of a store's OPTIONS. */
async function edit(store: string, change: (text: string) => string): Promise<void> {
  const name = (await readdir(store)).filter((file) => file.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  const path = join(store, name);
  await writeFile(path, change(await readFile(path, "latin1")), "latin1");
}

async function restored(t: ExecutionContext): Promise<{ directory: string; store: string; dump: string; copy: string }> {
  const directory = await temporaryDirectory(t);
  const store = await made(directory, "store", "num_levels=5;ttl=777;compression_opts={level=3}", "max_background_jobs=7");
  const [dump, copy] = [join(directory, "a.kgd"), join(directory, "copy")];
  await exportStore({ store, output: dump });
  await restoreDump({ target: copy, input: dump });
  return { directory, store, dump, copy };
}

test("a restored store has all options of the original, as store and as dump", async (t) => {
  const { store, dump, copy } = await restored(t);
  for (const { stores, warnings } of [await verifyStore({ store, against: copy, options: true }), await verifyDump({ input: dump, against: copy, options: true })]) {
    t.like(stores[0], { equal: true, options: { differences: [], versions: { first: "10.10.1", store: "10.10.1" } } });
    t.true((stores[0]?.options?.compared ?? 0) > 200);
    t.deepEqual(warnings, []);
  }
  t.is((await verifyStore({ store, against: copy })).stores[0]?.options, null, "not asked for");
});

test("each option that differs is told with both values", async (t) => {
  const { store, copy } = await restored(t);
  await edit(copy, (text) => text.replace("max_background_jobs=7", "max_background_jobs=8").replace(/ttl=777/, "ttl=778").replace(/\n\s*num_levels=5/, ""));
  const verification = await verifyStore({ store, against: copy, options: true });
  t.deepEqual(
    verification.stores[0]?.options?.differences.map(({ keyspace, option, first, store: other }) => [keyspace === null ? null : Buffer.from(keyspace).toString(), option, first, other]),
    [[null, "max_background_jobs", "7", "8"], ["default", "num_levels", "5", null], ["default", "ttl", "777", "778"]],
  );
  t.throws(() => { requireEqual(verification); }, { code: "VERIFY_DIFFERENCE", message: /3 other options$/ });
});

test("families that only one has, another order, other versions and no OPTIONS are told", async (t) => {
  const directory = await temporaryDirectory(t);
  const one = await made(directory, "one", "");
  const other = await made(directory, "other", "comparator=rocksdb.ReverseBytewiseComparator", "", ["nodes", "more"]);
  const { stores: [found] } = await verifyStore({ store: one, against: await made(directory, "two", "", "", ["default", "more"]), options: true });
  t.deepEqual(found?.options?.differences.map(({ keyspace, option, first, store }) => [Buffer.from(keyspace ?? "").toString(), option, first, store]), [["nodes", "family", "there", null], ["more", "family", null, "there"]]);
  await t.throwsAsync(verifyStore({ store: one, against: other, options: true }), { code: "STORE_UNSUPPORTED" });
  const older = await made(directory, "older", "");
  await edit(older, (text) => text.replace("rocksdb_version=10.10.1", "rocksdb_version=7.10.2").replace(/\n\s*track_and_verify_wals=\w+/, ""));
  const { stores: [with7], warnings } = await verifyStore({ store: one, against: older, options: true });
  t.true(with7?.equal);
  t.deepEqual(warnings, ["OPTIONS were written by RocksDB 10.10.1 and 7.10.2: options that only one of them knows are not compared: track_and_verify_wals"]);
  for (const name of await readdir(older)) if (name.startsWith("OPTIONS-")) await writeFile(join(older, name), "");
  const untold = await verifyStore({ store: one, against: older, options: true });
  t.true(untold.warnings.some((warning) => warning.includes("the options of the database are not compared, as the store does not record them")));
  const two = await verifyStore({ store: one, against: [one, older], options: true });
  t.deepEqual(two.warnings.filter((warning) => warning.includes("options of the database")).map((warning) => warning.startsWith(`${older}: `)), [true], "of several stores it is told of which");
});

test("sled has no such options, and --options says what differs on the command line", async (t) => {
  const { directory, store, dump, copy } = await restored(t);
  const [sled, second] = [join(directory, "sled"), join(directory, "b.kgd")];
  await importDump({ target: sled, input: dump });
  await exportStore({ store: sled, output: second });
  await t.throwsAsync(verifyDump({ input: dump, against: sled, options: true }), { code: "USAGE" });
  await t.throwsAsync(verifyStore({ store: sled, against: copy, options: true }), { code: "USAGE" });
  await edit(copy, (text) => text.replaceAll("ttl=777", "ttl=5"));
  const told = await kgdump(["verify", store, "--against", copy, "--options"]);
  t.is(told.code, 4);
  t.regex(told.stdout.toString(), /different: 2 options of/);
  t.regex(told.stdout.toString(), /nodes.*ttl.*777.*5/);
  const { code, stdout } = await kgdump(["verify", dump, "--against", copy, "--options", "--json"]);
  t.is(code, 4);
  t.like((JSON.parse(stdout.toString()) as { verified: { stores: { options: { differences: object[] } }[] } }).verified.stores[0]?.options.differences[0], { option: "ttl", first: "777", store: "5" });
  t.is((await kgdump(["verify", store, "--options"])).code, 2);
});

test("families in another order differ, also where nothing tells of their options", async (t) => {
  const facts = (order: "bytewise" | "reverse-bytewise") => ({ engine: "rocksdb", path: null, source: undefined, families: [{ name: Buffer.from("nodes"), order, settings: new Map<string, string>() }] });
  const { differences } = await compareOptions(facts("bytewise"), facts("reverse-bytewise"), (name) => name);
  t.deepEqual(differences, [{ keyspace: Buffer.from("nodes"), option: "order", first: "bytewise", store: "reverse-bytewise" }]);
  t.deepEqual((await compareOptions(facts("bytewise"), facts("bytewise"), (name) => name)).differences, []);
});

test("where a side does not record all options, what both tell is compared, and which side does not is told of the database and each family", async (t) => {
  const whole = new Map([["rocksdb.optionsVersion", "10.10.1"], ["rocksdb.options", "max_open_files=1"], ["rocksdb.familyOptions", "compression=kZSTD\nnum_levels=7"]]);
  const all = { source: whole, settings: new Map([["options", "ttl=5"], ["times", "stripped"]]) };
  const some = { source: undefined, settings: new Map([["compression", "kNoCompression"], ["ttl", "5"], ["times", "kept"]]) };
  const facts = ({ source, settings }: typeof all | typeof some) => ({ engine: "rocksdb", path: null, source, families: [{ name: Buffer.from("nodes"), order: "bytewise" as const, settings }] });
  const compare = (first: typeof all | typeof some, store: typeof all | typeof some) => compareOptions(facts(first), facts(store), (name) => name);
  for (const [first, store, lacks] of [[all, some, "the store does"], [some, all, "the first does"], [some, some, "both do"]] as const) {
    const { compared, differences, warnings } = await compare(first, store);
    const [one, other] = [first, store].map((side) => (side === all ? "kZSTD" : "kNoCompression"));
    t.deepEqual(differences.map(({ option, ...values }) => [option, values.first, values.store]), one === other ? [] : [["compression", one, other]]);
    t.deepEqual([compared, warnings], [3, [`the options of the database are not compared, as ${lacks} not record them`, `of family "nodes" only 2 options are compared, as ${lacks} not record all of them`]]);
  }
  t.like(await compare(all, all), { compared: 5, differences: [], warnings: [] });
});

test("an option that only one side has is told, of whichever side, at whatever place among the others", async (t) => {
  const lines = (names: readonly string[]): string => names.map((name) => `${name}=1`).join("\n");
  /** All options but one, which is of the database or of a family: its own, or one that all families have. */
  const facts = (without: string) => {
    const all = (kind: string): string => lines(["a", "m", "z"].map((place) => `${kind}_${place}`).filter((name) => name !== without));
    const source = new Map([["rocksdb.optionsVersion", "10.10.1"], ["rocksdb.options", all("database")], ["rocksdb.familyOptions", all("common")]]);
    return { engine: "rocksdb", path: null, source, families: ["first", "last"].map((name) => ({ name: Buffer.from(name), order: "bytewise" as const, settings: new Map([["options", all(name)]]) })) };
  };
  const told = async (first: string, store: string) => (await compareOptions(facts(first), facts(store), (name) => name)).differences.map(({ keyspace, option, ...values }) => [keyspace === null ? null : Buffer.from(keyspace).toString(), option, values.first, values.store]);
  for (const [kind, of] of [["database", [null]], ["common", ["first", "last"]], ["first", ["first"]], ["last", ["last"]]] as const) {
    for (const name of ["a", "m", "z"].map((place) => `${kind}_${place}`)) {
      t.deepEqual(await told(name, ""), of.map((family) => [family, name, null, "1"]), `the first lacks ${name}`);
      t.deepEqual(await told("", name), of.map((family) => [family, name, "1", null]), `the store lacks ${name}`);
    }
  }
  t.deepEqual(await told("", ""), []);
});

test("families that were renamed are compared with those that they became, also where two have changed names", async (t) => {
  const facts = (families: Readonly<Record<string, string>>) => ({ engine: "rocksdb", path: null, source: undefined, families: Object.entries(families).map(([name, ttl]) => ({ name: Buffer.from(name), order: "bytewise" as const, settings: new Map([["ttl", ttl]]) })) });
  const first = facts({ default: "1", left: "2", right: "3", last: "4" });
  const names: Readonly<Record<string, string>> = { default: "graph", left: "right", right: "left" };
  const nameOf = (name: Uint8Array): Uint8Array => Buffer.from(names[Buffer.from(name).toString()] ?? Buffer.from(name).toString());
  const told = async (store: Readonly<Record<string, string>>) => (await compareOptions(first, facts(store), nameOf)).differences.map(({ keyspace, option, ...values }) => [Buffer.from(keyspace ?? "").toString(), option, values.first, values.store]);
  t.deepEqual(await told({ graph: "1", right: "2", left: "3", last: "4" }), []);
  t.deepEqual(await told({ graph: "5", right: "6", left: "7", last: "8" }), [["default", "ttl", "1", "5"], ["left", "ttl", "2", "6"], ["right", "ttl", "3", "7"], ["last", "ttl", "4", "8"]]);
  t.deepEqual(await told({ default: "1", right: "2", last: "4" }), [["default", "family", "there", null], ["right", "family", "there", null], ["default", "family", null, "there"]]);
});

test("a copy whose families have other names has the options of the original, and the command says so", async (t) => {
  const { directory, store, dump } = await restored(t);
  const renamed = join(directory, "renamed");
  const [args, map] = [["--options", "--map", "nodes=graph"], new Map([["nodes", "graph"]])] as const;
  await restoreDump({ target: renamed, input: dump, map });
  for (const verification of [await verifyStore({ store, against: renamed, map, options: true }), await verifyDump({ input: dump, against: renamed, map, options: true })]) {
    t.like(verification.stores[0], { equal: true, options: { differences: [] } });
    t.notThrows(() => { requireEqual(verification); });
  }
  for (const input of [store, dump]) {
    const { code, stderr } = await kgdump(["verify", input, "--against", renamed, ...args]);
    t.is(code, 0, stderr);
  }
});
