// @ts-check
/** Types as users of the library write them: by the names that it exports, and by what they consist of where they have none. */
import ts from "typescript";
import { docsOf, oneLine, targetOf } from "./tsdoc.mjs";

/** Names that need no export: those of JavaScript and Node. */
const KNOWN = new Set(["AbortSignal", "AsyncDisposable", "AsyncGenerator", "AsyncIterable", "Buffer", "Date", "Error", "Promise", "Readonly", "ReadonlyMap", "Record", "Uint8Array", "Writable"]);

/** Our own types that make one type of another: what they are made of has the name. */
const WRAPPERS = new Set(["Public", "Shown", "Options"]);

/** Deeper is not told. */
const DEEPEST = 4;

/** Prints types. */
export class Printer {
  /** Names in types that are neither exported nor known. @type {Set<string>} */
  unknown = new Set();
  #checker;
  #exported;
  /** Exported names of unions, by what they consist of: where a union has another member beside, TypeScript forgets its name. @type {Map<string, string>} */
  #unions = new Map();

  /**
   * @param {ts.TypeChecker} checker
   * @param {ReadonlyMap<string, ts.Symbol>} exported
   */
  constructor(checker, exported) {
    this.#checker = checker;
    this.#exported = new Set(exported.keys());
    for (const [name, symbol] of exported) {
      const target = targetOf(checker, symbol);
      const type = (target.flags & ts.SymbolFlags.TypeAlias) === 0 ? undefined : checker.getDeclaredTypeOfSymbol(target);
      if (type?.isUnion()) this.#unions.set(this.#parts(type, 0).sort().join(" | "), name);
    }
  }

  /** @param {ts.Type} type @param {number} [depth] @returns {string} */
  type(type, depth = 0) {
    const name = this.#nameOf(type);
    if (name !== null) return name;
    if (type.isUnion()) return this.#union(type, depth);
    if (type.isStringLiteral()) return JSON.stringify(type.value);
    if (type.isNumberLiteral()) return String(type.value);
    if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return this.#checker.typeToString(type);
    const [element] = this.#checker.isArrayType(type) ? this.#checker.getTypeArguments(/** @type {ts.TypeReference} */ (type)) : [];
    if (element !== undefined) return `readonly ${this.#bracketed(element, depth)}[]`;
    const [call] = type.getCallSignatures();
    if (call !== undefined) return `(${call.parameters.map((one) => this.#parameter(one, depth)).join(", ")}) => ${this.type(call.getReturnType(), depth + 1)}`;
    return this.#known(type, depth) ?? this.#inline(type, depth);
  }

  /** A type as the source has it, where that names nothing but what is known; else what it consists of. @param {ts.TypeNode} node @param {ts.Type} type */
  written(node, type) {
    const text = oneLine(node.getText()).replace(/^\| /, "");
    const names = [...text.matchAll(/\b[A-Z]\w*|\btypeof\b/g)].map(([name]) => name);
    return names.every((name) => this.#exported.has(name) || KNOWN.has(name)) || !type.isUnion() ? text : this.#parts(type, 0).join(" | ");
  }

  /** @param {string} name @param {ts.Signature} signature */
  call(name, signature) {
    return `${name}(${signature.parameters.map((one) => this.#parameter(one, 0)).join(", ")}): ${this.type(signature.getReturnType())}`;
  }

  /** @param {ts.Symbol} parameter @param {number} depth */
  #parameter(parameter, depth) {
    const declaration = parameter.valueDeclaration;
    const named = declaration !== undefined && ts.isParameter(declaration) ? (declaration.type?.getText() ?? "") : "";
    const isOptional = declaration !== undefined && ts.isParameter(declaration) && (declaration.questionToken !== undefined || declaration.initializer !== undefined);
    if (this.#exported.has(named)) return `${parameter.name}${isOptional ? "?" : ""}: ${named}`;
    return `${parameter.name}${isOptional ? "?" : ""}: ${this.given(this.#checker.getTypeOfSymbol(parameter), isOptional, depth)}`;
  }

  /** A type without the `undefined` that its being optional says. @param {ts.Type} type @param {boolean} isOptional @param {number} [depth] */
  given(type, isOptional, depth = 0) {
    const text = this.type(type, depth);
    return isOptional ? text.replace(/ \| undefined$/, "") : text;
  }

  /** The exported name of a type. @param {ts.Type} type @returns {string | null} */
  #nameOf(type) {
    const alias = type.aliasSymbol?.name;
    if (alias !== undefined && this.#exported.has(alias)) return alias;
    const [made] = type.aliasTypeArguments ?? [];
    if (alias !== undefined && WRAPPERS.has(alias) && made !== undefined) {
      const inner = made.aliasSymbol?.name ?? made.symbol?.name ?? "";
      return this.#exported.has(inner) ? inner : null;
    }
    const own = type.symbol?.name;
    if (own === undefined || !this.#exported.has(own)) return null;
    return `${own}${this.#argumentsOf(type, 0)}`;
  }

  /** @param {ts.Type} type @param {number} depth @returns {string} */
  #argumentsOf(type, depth) {
    const reference = /** @type {ts.TypeReference} */ (type);
    const own = (type.flags & ts.TypeFlags.Object) !== 0 && reference.target !== undefined ? this.#checker.getTypeArguments(reference) : [];
    const told = type.symbol?.name === "Buffer" || type.symbol?.name === "Uint8Array" ? [] : own.filter((one) => (one.flags & ts.TypeFlags.TypeParameter) === 0);
    // Generators and iterables: what they yield.
    const kept = /^Async(?:Generator|Iterable)$/.test(type.symbol?.name ?? "") ? told.slice(0, 1) : told;
    return kept.length === 0 ? "" : `<${kept.map((one) => this.type(one, depth)).join(", ")}>`;
  }

  /** A type of JavaScript or Node. @param {ts.Type} type @param {number} depth @returns {string | null} */
  #known(type, depth) {
    const name = type.symbol?.name ?? "";
    if (KNOWN.has(name)) return `${name}${this.#argumentsOf(type, depth)}`;
    const index = type.getStringIndexType();
    if (index !== undefined && type.getProperties().length === 0) return `Record<string, ${this.type(index, depth)}>`;
    return null;
  }

  /** @param {ts.Type} type @param {number} depth */
  #inline(type, depth) {
    const properties = this.#checker.getPropertiesOfType(type);
    if (properties.length === 0) return "object";
    if (depth >= DEEPEST) {
      this.unknown.add(type.symbol?.name ?? this.#checker.typeToString(type));
      return "object";
    }
    return `{ ${properties.map((one) => `${one.name}${isOptional(one) ? "?" : ""}: ${this.given(this.#checker.getTypeOfSymbol(one), isOptional(one), depth + 1)}`).join("; ")} }`;
  }

  /** @param {ts.UnionType} type @param {number} depth */
  #union(type, depth) {
    const parts = this.#parts(type, depth);
    const empty = parts.filter((one) => one === "undefined" || one === "null").sort();
    const own = parts.filter((one) => one !== "undefined" && one !== "null");
    const name = this.#unions.get([...own].sort().join(" | "));
    return [...(name === undefined ? own : [name]), ...empty].join(" | ");
  }

  /** What a union consists of, each once. @param {ts.UnionType} type @param {number} depth */
  #parts({ types }, depth) {
    const isBoolean = (/** @type {ts.Type} */ one) => (one.flags & ts.TypeFlags.BooleanLiteral) !== 0;
    const booleans = types.filter(isBoolean).map((one) => this.#checker.typeToString(one));
    return [...new Set([...types.filter((one) => !isBoolean(one)).map((one) => this.#bracketed(one, depth)), ...(booleans.length === 2 ? ["boolean"] : booleans)])];
  }

  /** @param {ts.Type} type @param {number} depth */
  #bracketed(type, depth) {
    const text = this.type(type, depth);
    return / (?:\||=>) /.test(text) && !/^(?:\{.*\}|\w+<.*>)$/.test(text) ? `(${text})` : text;
  }
}

/** @param {ts.Symbol} symbol */
const isOptional = (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0;

/**
 * The signature of a function; undefined for what is none.
 * @param {ts.TypeChecker} checker
 * @param {ts.Symbol} symbol
 */
export function callOf(checker, symbol) {
  const target = targetOf(checker, symbol);
  if ((target.flags & ts.SymbolFlags.Function) === 0) return undefined;
  return checker.getTypeOfSymbol(target).getCallSignatures()[0];
}

/**
 * What a type, a class or a constant consists of: as code, or as a list of its members.
 * @param {ts.TypeChecker} checker
 * @param {Printer} printer
 * @param {ts.Symbol} symbol
 * @returns {{ code: string, members: { name: string, written: string, said: string }[] }}
 */
export function membersOf(checker, printer, symbol) {
  const target = targetOf(checker, symbol);
  const isValue = (target.flags & ts.SymbolFlags.Variable) !== 0;
  const type = isValue ? checker.getTypeOfSymbol(target) : checker.getDeclaredTypeOfSymbol(target);
  const alias = target.declarations?.find(ts.isTypeAliasDeclaration);
  const isPlain = type.isUnion() || type.getCallSignatures().length > 0 || (type.flags & ts.TypeFlags.Object) === 0 && !type.isIntersection();
  if (isPlain && isValue) return { code: `const ${symbol.name}: ${printer.type(type)}`, members: [] };
  if (alias !== undefined && isPlain) return { code: `type ${symbol.name} = ${printer.written(alias.type, type)}`, members: [] };
  const members = checker.getPropertiesOfType(type).filter((one) => isShown(one, type)).map((one) => member(checker, printer, one));
  return { code: "", members };
}

/** Members of an Error, of JavaScript's own and of symbols say nothing new. @param {ts.Symbol} member @param {ts.Type} type */
function isShown(member, type) {
  const own = member.declarations?.some((declaration) => !/node_modules/.test(declaration.getSourceFile().fileName)) ?? true;
  return !member.name.startsWith("__") && (own || !type.isClassOrInterface());
}

/**
 * @param {ts.TypeChecker} checker
 * @param {Printer} printer
 * @param {ts.Symbol} symbol
 */
function member(checker, printer, symbol) {
  const type = checker.getTypeOfSymbol(symbol);
  const [call] = (symbol.flags & ts.SymbolFlags.Method) === 0 ? [] : type.getCallSignatures();
  const { text, notes } = docsOf(checker, symbol);
  const written = call === undefined ? `${symbol.name}${isOptional(symbol) ? "?" : ""}: ${printer.given(type, isOptional(symbol))}` : printer.call(symbol.name, call);
  const said = symbol.name.endsWith("Text") ? "The same as text." : [text, ...notes.map((note) => `${note[0]?.toUpperCase() ?? ""}${note.slice(1)}.`)].join(" ");
  return { name: symbol.name, written, said: said.trim() };
}
