// @ts-check
/**
 * Compares what TypeScript says of an addon with the addon's Rust source: each exported function, class and object, by names, optional or not, and types,
 * so that the two can't drift.
 *
 * napi-rs can generate declarations, but can't know the value of a job that is not run by its own macros, which strings are possible, and what is only read:
 * they would be weaker than those that are written by hand.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { readCrate } from "./addon-types/rust.mjs";
import { inProject } from "./setup/paths.mjs";

/** @typedef {import("./addon-types/rust.mjs").Crate} Crate */
/** @typedef {{ name: string, functions: readonly string[], classes: Readonly<Record<string, string>> }} Addon */

/** Where TypeScript speaks of addons, and which interfaces have an addon's functions, and which that of each class. */
const FILES = ["src/codecs/blocks-addon.ts", "src/engines/rocksdb/addon.ts", "src/engines/sled/addon.ts", "src/crash.ts", "src/operations/disk/acting.ts", "src/operations/disk/attributes.ts", "src/operations/disk/place-lock.ts", "src/operations/disk/system-calls.ts", "src/looking/addon.ts"];
/** @type {readonly Addon[]} */
const ADDONS = [
  { name: "blocks", functions: ["BlocksAddon", "Addon", "UserAddon", "LockAddon", "CrashAddon", "AttributesAddon", "LookingAddon"], classes: { BlockPacker: "NativePacker", BlockUnpacker: "NativeUnpacker", StatsBuilder: "NativeStats", EntrySearch: "NativeSearch", GraphBuilder: "NativeGraph" } },
  { name: "rocksdb", functions: ["NativeRocksdb"], classes: {} },
  { name: "sled", functions: ["NativeSled"], classes: {} },
];

/**
 * The differences between what TypeScript says and what the addons export, a line each.
 * @param {(source: string) => string} [change] what a test does to Rust's sources before
 * @returns {Promise<string[]>}
 */
export async function wrongAddonTypes(change = (source) => source) {
  const { checker, interfaces } = declarations();
  const named = (/** @type {string} */ name) => interfaces.filter((node) => node.name.text === name).map((node) => checker.getTypeAtLocation(node));
  const wrong = [];
  for (const { name, functions, classes } of ADDONS) {
    const crate = readCrate((await sourcesOf(name)).map(change));
    wrong.push(...new Comparison(checker, crate, name).addon(functions.flatMap(named), Object.entries(classes).flatMap(([type, given]) => named(given).map((one) => /** @type {const} */ ([type, one])))));
  }
  return wrong;
}

/** @typedef {{ checker: ts.TypeChecker, interfaces: readonly ts.InterfaceDeclaration[] }} Declarations */
/** @type {Declarations | undefined} */
let known;

/** @returns {Declarations} */
function declarations() {
  if (known !== undefined) return known;
  const program = ts.createProgram(FILES.map((file) => inProject(file)), { strict: true, exactOptionalPropertyTypes: false, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2023, types: ["node"], typeRoots: [inProject("node_modules", "@types")], noEmit: true, skipLibCheck: true });
  const interfaces = FILES.flatMap((file) => (program.getSourceFile(inProject(file))?.statements ?? []).flatMap((node) => (ts.isInterfaceDeclaration(node) ? [node] : [])));
  known = { checker: program.getTypeChecker(), interfaces };
  return known;
}

/** The sources of an addon, and what it shares with the others. @param {string} addon @returns {Promise<string[]>} */
export async function sourcesOf(addon) {
  const directories = [addon, "shared"].map((name) => inProject("native", name, "src"));
  const files = await Promise.all(directories.map(async (directory) => (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".rs")).sort().map((name) => join(directory, name))));
  return Promise.all(files.flat().map((file) => readFile(file, "utf8")));
}

/** Compares one addon. */
class Comparison {
  /** @type {ts.TypeChecker} */ #checker;
  /** @type {Crate} */ #crate;
  #addon;
  /** @type {string[]} */ #wrong = [];
  /** Pairs of a class or an object and its type that were compared. @type {Map<string, Set<ts.Type>>} */ #seen = new Map();

  /** @param {ts.TypeChecker} checker @param {Crate} crate @param {string} addon */
  constructor(checker, crate, addon) {
    this.#checker = checker;
    this.#crate = crate;
    this.#addon = addon;
  }

  /**
   * @param {readonly ts.Type[]} functions interfaces that have the addon's functions
   * @param {readonly (readonly [string, ts.Type])[]} classes those that JavaScript makes by `new`
   */
  addon(functions, classes) {
    const told = new Map(functions.flatMap((type) => type.getProperties().map((symbol) => /** @type {const} */ ([symbol.name, symbol]))));
    for (const [name, symbol] of told) {
      const rust = this.#crate.functions.get(name);
      if (rust !== undefined) this.#method(rust, symbol, name);
      else if (!classes.some(([type]) => type === name)) this.#say(name, "no function of Rust's has this name");
    }
    for (const name of this.#crate.functions.keys()) if (!told.has(name)) this.#say(name, "TypeScript does not know this function");
    for (const [name, type] of classes) this.#classOf(name, type, name);
    for (const name of [...this.#crate.classes.keys()]) if (!this.#seen.has(name) && (this.#crate.classes.get(name)?.size ?? 0) > 0) this.#say(name, "TypeScript does not know this class");
    return this.#wrong;
  }

  /** @param {string} where @param {string} what */
  #say(where, what) {
    this.#wrong.push(`native/${this.#addon}: ${where}: ${what}`);
  }

  /** @param {import("./addon-types/rust.mjs").RustFunction} rust @param {ts.Symbol} symbol @param {string} where */
  #method({ parameters, result, getter }, symbol, where) {
    const type = this.#checker.getTypeOfSymbol(symbol);
    if (getter) return this.#value(result, type, where, "value");
    const [signature] = type.getCallSignatures();
    if (signature === undefined) return this.#say(where, "it is a function");
    const given = signature.getParameters();
    if (given.length !== parameters.length) return this.#say(where, `it takes ${parameters.map(({ name }) => name).join(", ") || "nothing"}, and TypeScript says ${given.map(({ name }) => name).join(", ") || "nothing"}`);
    for (const [index, parameter] of parameters.entries()) {
      const one = given[index];
      if (one === undefined) continue;
      const declared = one.valueDeclaration;
      const isOptional = declared !== undefined && ts.isParameter(declared) && declared.questionToken !== undefined;
      this.#value(parameter.type, this.#checker.getTypeOfSymbol(one), `${where}(${parameter.name})`, "parameter", isOptional);
    }
    this.#value(result, signature.getReturnType(), where, "value");
  }

  /** @param {string} name @param {ts.Type} type @param {string} where */
  #classOf(name, type, where) {
    if (this.#isSeen(name, type)) return;
    const methods = this.#crate.classes.get(name) ?? new Map();
    const told = type.getProperties();
    for (const symbol of told) {
      const rust = methods.get(symbol.name);
      if (rust === undefined) this.#say(`${where}.${symbol.name}`, `the class ${name} has no such member`);
      else this.#method(rust, symbol, `${name}.${symbol.name}`);
    }
    for (const member of methods.keys()) if (!told.some((symbol) => symbol.name === member)) this.#say(`${name}.${member}`, "TypeScript does not know this member");
  }

  /** @param {string} name @param {ts.Type} type */
  #isSeen(name, type) {
    const seen = this.#seen.get(name) ?? new Set();
    this.#seen.set(name, seen);
    if (seen.has(type)) return true;
    seen.add(type);
    return false;
  }

  /** @param {string} name @param {ts.Type} type @param {string} where */
  #object(name, type, where) {
    if (this.#isSeen(name, type)) return;
    const fields = this.#crate.objects.get(name) ?? new Map();
    const told = type.getProperties();
    for (const symbol of told) {
      const field = fields.get(symbol.name);
      if (field === undefined) {
        this.#say(`${where}.${symbol.name}`, `the object ${name} has no such field`);
        continue;
      }
      this.#value(field, this.#checker.getTypeOfSymbol(symbol), `${name}.${symbol.name}`, "field", (symbol.flags & ts.SymbolFlags.Optional) !== 0);
    }
    for (const field of fields.keys()) if (!told.some((symbol) => symbol.name === field)) this.#say(`${name}.${field}`, "TypeScript does not know this field");
  }

  /**
   * @param {string} rust @param {ts.Type} given @param {string} where
   * @param {"value" | "field" | "parameter"} place of an Option nothing comes as null, but a field is left out
   * @param {boolean} [optional]
   */
  #value(rust, given, where, place, optional = false) {
    const inner = /^Option<&?(.*)>$/.exec(rust)?.[1];
    if (rust === "()") {
      if ((given.flags & ts.TypeFlags.Void) === 0) this.#say(where, `it gives nothing, and TypeScript says ${this.#checker.typeToString(given)}`);
      return;
    }
    const parts = given.isUnion() ? given.types : [given];
    const has = (/** @type {ts.TypeFlags} */ flag) => parts.some((part) => (part.flags & flag) !== 0);
    const lacks = optional || has(ts.TypeFlags.Undefined);
    const right = inner === undefined ? !lacks && !has(ts.TypeFlags.Null) : place === "value" ? has(ts.TypeFlags.Null) && !lacks : lacks && !has(ts.TypeFlags.Null);
    const type = this.#checker.getNonNullableType(given);
    if (!right || !this.#isOf(inner ?? rust, type, where)) this.#say(where, `it is ${rust}, and TypeScript says ${this.#checker.typeToString(given)}${optional ? " or nothing" : ""}`);
  }

  /** @param {string} rust @param {ts.Type} type @param {string} where @returns {boolean} */
  #isOf(rust, type, where) {
    const isOnly = (/** @type {ts.TypeFlags} */ flag) => (type.isUnion() ? type.types : [type]).every((part) => (part.flags & flag) !== 0);
    const [, outer = rust, argument = ""] = /^(\w+)<(.*)>$/.exec(rust) ?? [];
    const name = type.getSymbol()?.name ?? "";
    switch (outer) {
      case "bool": return isOnly(ts.TypeFlags.BooleanLike);
      case "String": return isOnly(ts.TypeFlags.StringLike);
      case "BigInt": return isOnly(ts.TypeFlags.BigIntLike);
      case "Buffer": case "Uint8Array": return name === "Buffer" || name === "Uint8Array";
      case "f64": case "i64": case "u32": case "i32": case "u8": return isOnly(ts.TypeFlags.NumberLike);
      case "HashMap": return argument === "String, String" && type.getStringIndexType() === this.#checker.getStringType();
      case "Promise": case "Vec": {
        const isRight = outer === "Promise" ? name === "Promise" : this.#checker.isArrayType(type);
        const [of] = this.#checker.getTypeArguments(/** @type {ts.TypeReference} */ (type));
        if (!isRight || of === undefined) return false;
        this.#value(argument, of, `${where}${outer === "Vec" ? "[]" : ""}`, "value");
        return true;
      }
      default:
    }
    if (this.#crate.objects.has(outer)) this.#object(outer, type, where);
    else if (this.#crate.classes.has(outer)) this.#classOf(outer, type, where);
    else return false;
    return true;
  }
}
