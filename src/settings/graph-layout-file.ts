/**
 * A file that says how a graph lies in a store, in TOML:
 *
 *     [[nodes]]
 *     key = "node:{uuid}"        # what keys are made of; see key-pattern.ts
 *     label = "label"            # paths of fields in a JSON value, with dots: "meta.type"; in lists numbers: "0"
 *     time = "created_at"
 *
 *     [[edges]]
 *     key = "edge:{uuid}"
 *     from = "source"
 *     to = "target"
 *
 *     [[lists]]                  # lists of a node's edges, if there are some
 *     key = "out:{uuid}"
 *     of = "from"                # those that start at the node; "to": those that end there
 *
 *     [[keys]]                   # other keys, which are no part of the graph, so that they are shown as what they are
 *     key = "visit/{time:u64}/{uuid}"
 *
 * Everything that is wrong in it is told at once, each with line and column.
 */
import { readText } from "./read-storage-file.js";
import { formOf, type GraphField, type GraphKeyPart, type GraphLayout, type GraphRecordKind, type GraphRule, layoutOf } from "./graph-layout.js";
import { parseKeyPattern } from "./key-pattern.js";
import { invalid, parseToml } from "./storage-file.js";
import { isTable } from "./storage-schema.js";
import { closest } from "./suggest.js";
import { placeOf, type TomlPath, TomlPlaces } from "./toml-places.js";

const SECTIONS = ["nodes", "edges", "lists", "keys"] as const;
type Section = (typeof SECTIONS)[number];

/** Settings of each section. */
const SETTINGS: Readonly<Record<Section, readonly string[]>> = {
  nodes: ["key", "id", "label", "time", "properties"],
  edges: ["key", "id", "label", "from", "to", "time", "properties"],
  lists: ["key", "of"],
  keys: ["key"],
};
/** What may stand in keys of each section. */
const FIELDS: Readonly<Record<Section, readonly GraphField[]>> = {
  nodes: ["id", "label", "time", "any"],
  edges: ["id", "label", "from", "to", "time", "any"],
  lists: ["id", "any"],
  keys: ["time", "any"],
};
/** Rules that a layout may have: each key is compared with all of them. */
const MOST_RULES = 32;
/** Problems that are told. */
const MOST_TOLD = 100;

/**
 * Reads a layout from a file.
 * @param needsGraph whether one with nothing but [[keys]] is refused
 * @throws {KgdumpError} CONFIG_INVALID with all `problems`; NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function readLayoutFile(file: string, needsGraph = true): Promise<GraphLayout> {
  return parseLayoutFile(await readText(file, { what: "layout", hint: "name a file that says how the graph lies in the store; there are some in examples/graph" }), file, needsGraph);
}

/**
 * Reads the text of a layout.
 * @param file its name, for problems
 * @param needsGraph whether one with nothing but [[keys]] is refused
 * @throws {KgdumpError} CONFIG_INVALID with all `problems`
 */
export function parseLayoutFile(text: string, file: string, needsGraph = true): GraphLayout {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  return new Reader(plain, file, parseToml(plain, file)).read(needsGraph);
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #document: Readonly<Record<string, unknown>>;
  readonly #places: TomlPlaces;
  readonly #problems: { readonly offset: number; readonly message: string }[] = [];

  constructor(text: string, file: string, document: Readonly<Record<string, unknown>>) {
    this.#text = text;
    this.#file = file;
    this.#document = document;
    this.#places = new TomlPlaces(text);
  }

  read(needsGraph: boolean): GraphLayout {
    for (const name of Object.keys(this.#document)) this.#known([name], name, SECTIONS, "section");
    const rules = (["nodes", "edges", "lists"] as const).flatMap((section) => this.#tables(section).flatMap(([table, path]) => this.#rule(section, table, path)));
    const keys = this.#tables("keys").map(([table, path]) => this.#pattern("keys", table, path)).filter((pattern) => pattern !== null);
    const edges = rules.filter(({ kind }) => kind === "edge");
    if (this.#problems.length === 0) {
      const showsKeysOnly = !needsGraph && rules.length === 0 && keys.length > 0;
      if (edges.length === 0 && !showsKeysOnly) this.#problem([], "there are no [[edges]], without which there is no graph");
      const lists = rules.some(({ kind }) => kind === "outgoing" || kind === "incoming");
      if (lists && !edges.every((rule) => hasField(rule, "id"))) this.#problem(["lists"], "lists name edges by their ids, which the [[edges]] here do not have");
      if (rules.length + keys.length > MOST_RULES) this.#problem([], `there are more than ${String(MOST_RULES)} sections`);
    }
    if (this.#problems.length === 0) return { ...layoutOf("declared", rules), keys };
    const told = this.#problems.toSorted((a, b) => a.offset - b.offset).slice(0, MOST_TOLD).map(({ offset, message }) => ({ ...placeOf(this.#text, offset), message }));
    throw invalid(this.#file, told, this.#problems.length);
  }

  /** The tables of a section, and where they stand. */
  #tables(section: Section): (readonly [Readonly<Record<string, unknown>>, TomlPath])[] {
    const given = this.#document[section];
    if (given === undefined) return [];
    if (!Array.isArray(given)) {
      this.#problem([section], `${section} must be written as [[${section}]]`);
      return [];
    }
    return given.flatMap((table: unknown, index) => (isTable(table) ? [[table, [section, index]] as const] : this.#problem([section, index], `${section} must be written as [[${section}]]`)));
  }

  /** What the keys of a table are made of; null when something is wrong with it. */
  #pattern(section: Section, table: Readonly<Record<string, unknown>>, path: TomlPath): GraphKeyPart[] | null {
    const before = this.#problems.length;
    for (const [name, value] of Object.entries(table)) {
      this.#known([...path, name], name, SETTINGS[section], `setting of [[${section}]]`);
      if (typeof value !== "string" || value === "") this.#problem([...path, name], `${name} must be a text`);
    }
    if (!("key" in table)) this.#problem(path, `[[${section}]] needs a key`);
    if (this.#problems.length > before) return null;
    const pattern = parseKeyPattern(table.key as string, FIELDS[section]);
    if (typeof pattern !== "string") return pattern;
    this.#problem([...path, "key"], pattern);
    return null;
  }

  #rule(section: Section, table: Readonly<Record<string, unknown>>, path: TomlPath): GraphRule[] {
    const pattern = this.#pattern(section, table, path);
    if (pattern === null) return [];
    const text = (name: string): string | undefined => table[name] as string | undefined;
    const names = (name: string): readonly string[] | undefined => text(name)?.split(".");
    const kind = this.#kind(section, text("of"), path);
    const rule: GraphRule = { kind, key: pattern, id: names("id"), label: names("label"), from: names("from"), to: names("to"), time: names("time"), properties: names("properties") };
    this.#check(section, rule, path);
    return [rule];
  }

  #kind(section: Section, of: string | undefined, path: TomlPath): GraphRecordKind {
    if (section === "nodes") return "node";
    if (section === "edges") return "edge";
    if (of !== "from" && of !== "to") this.#problem(of === undefined ? path : [...path, "of"], 'of must be "from", for lists of the edges that start at a node, or "to", for those that end there');
    return of === "to" ? "incoming" : "outgoing";
  }

  #check(section: Section, rule: GraphRule, path: TomlPath): void {
    for (const name of ["from", "to", "label", "time"] as const) {
      if (formOf(rule, name) !== null && rule[name] !== undefined) this.#problem([...path, name], `${name} stands in the key already`);
    }
    if (section === "edges") {
      for (const name of ["from", "to"] as const) if (!hasField(rule, name)) this.#problem(path, `[[edges]] needs ${name}: a path in the value, or {${name}} in the key`);
    } else if (section === "nodes" && !hasField(rule, "id")) this.#problem(path, "[[nodes]] needs an id: a path in the value, or one in the key, such as {uuid} or {text}");
    else if (section === "lists" && formOf(rule, "id") === null) this.#problem([...path, "key"], "the key of a list has the id of its node, such as {uuid} or {text}");
  }

  #known(path: TomlPath, name: string, known: readonly string[], what: string): void {
    if (known.includes(name)) return;
    const guess = closest(name, known);
    this.#problem(path, `unknown ${what} "${name}"; ${guess === undefined ? `there are ${known.join(", ")}` : `did you mean "${guess}"?`}`);
  }

  #problem(path: TomlPath, message: string): never[] {
    this.#problems.push({ offset: path.length === 0 ? 0 : this.#places.key(path), message });
    return [];
  }
}

function hasField(rule: GraphRule, name: "id" | "from" | "to"): boolean {
  return formOf(rule, name) !== null || rule[name] !== undefined;
}
