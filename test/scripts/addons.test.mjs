// @ts-check
/** What TypeScript says of the addons' functions and classes is what they export: no more, and no less. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import test from "ava";
import ts from "typescript";
import { inProject } from "../../scripts/setup/paths.mjs";

/** @typedef {{ name: string, files: readonly string[], functions: readonly string[], classes: Readonly<Record<string, string>> }} Addon */

/** Which interfaces have an addon's functions, and which that of each class. @type {readonly Addon[]} */
const ADDONS = [
  {
    name: "blocks",
    files: ["src/codecs/blocks-addon.ts", "src/operations/disk/system-calls.ts", "src/operations/disk/acting.ts", "src/operations/disk/place-lock.ts", "src/crash.ts", "src/operations/disk/attributes.ts"],
    functions: ["BlocksAddon", "Addon", "UserAddon", "LockAddon", "CrashAddon", "AttributesAddon"],
    classes: { BlockPacker: "NativePacker", BlockUnpacker: "NativeUnpacker" },
  },
  {
    name: "sled",
    files: ["src/engines/sled/addon.ts", "src/engines/store.ts"],
    functions: ["NativeSled"],
    classes: {
      SledScan: "NativeSledScan", SledFileScan: "NativeSledScan", SledLoader: "NativeSledLoader", SledFollower: "NativeSledFollower", SledStore: "NativeSledStore",
      SledFiles: "NativeSledFiles", SledSalvage: "NativeSledSalvage", SledLock: "StoreLock",
    },
  },
  {
    name: "rocksdb",
    files: ["src/engines/rocksdb/addon.ts", "src/engines/store.ts"],
    functions: ["NativeRocksdb"],
    classes: { RocksScan: "NativeScan", RocksStore: "NativeStore", RocksSink: "NativeSink", RocksNewStore: "NativeNewStore", RocksSalvage: "NativeSalvage", StoreLock: "StoreLock" },
  },
];

/** Members of each interface of some files. @param {readonly string[]} files @returns {Promise<Map<string, Set<string>>>} */
async function interfacesIn(files) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const file of files) {
    const source = ts.createSourceFile(file, await readFile(inProject(...file.split("/")), "utf8"), ts.ScriptTarget.Latest, true);
    for (const node of source.statements) {
      if (!ts.isInterfaceDeclaration(node)) continue;
      const members = new Set(node.members.flatMap((member) => (member.name === undefined ? [] : [member.name.getText()])));
      // Pick<Other, "a" | "b">: what is taken of another.
      for (const clause of node.heritageClauses ?? []) for (const [, name = ""] of clause.getText().matchAll(/"(\w+)"/g)) members.add(name);
      found.set(node.name.text, members);
    }
  }
  return found;
}

for (const { name, files, functions, classes } of ADDONS) {
  test(`the addon for ${name} exports what TypeScript says`, async (t) => {
    /** @type {Record<string, { prototype?: object }>} */
    const addon = createRequire(import.meta.url)(inProject("native", name, "build", `kgdump_${name}.node`));
    const interfaces = await interfacesIn(files);
    const methodsOf = (/** @type {{ prototype?: object } | undefined} */ exported) => Object.getOwnPropertyNames(exported?.prototype ?? {}).filter((member) => member !== "constructor");
    const membersOf = (/** @type {string} */ type) => [...(interfaces.get(type) ?? [])];
    for (const [exported, type] of Object.entries(classes)) t.deepEqual(methodsOf(addon[exported]).sort(), membersOf(type).sort(), `${exported} and ${type}`);
    const isClass = (/** @type {string} */ key) => Object.hasOwn(classes, key) || methodsOf(addon[key]).length > 0 || /^[A-Z]/.test(key);
    const told = functions.flatMap(membersOf).filter((member) => !isClass(member));
    t.deepEqual([...new Set(told)].sort(), Object.keys(addon).filter((key) => !isClass(key)).sort());
    const unknown = Object.keys(addon).filter((key) => methodsOf(addon[key]).length > 0 && !Object.hasOwn(classes, key));
    // Scans of what is salvaged have one method, told where they are made.
    t.deepEqual(unknown.filter((key) => !key.endsWith("SalvageScan")), []);
  });
}
