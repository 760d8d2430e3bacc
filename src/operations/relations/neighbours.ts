/** The neighbourhood of a node: found by the lists of its edges, or by edges whose keys begin with it; only what is shown is read. */
import { KgdumpError } from "../../errors.js";
import { type GraphLayout, MAYA_LAYOUT } from "../../settings/graph-layout.js";
import { type Lookup, type LookupOptions, openLookup } from "./lookup.js";
import { fieldsOf, keyWith, parseValue, ruleOf, say, uuidText } from "./records.js";

/** Where, from where, and how far. */
export interface NeighboursOptions extends LookupOptions {
  /** The node: its id, or its key. */
  readonly node: Uint8Array;
  readonly layout?: GraphLayout | undefined;
  /** Edges from the node; default 1. */
  readonly depth?: number | undefined;
  /** Nodes that are named; default 20. */
  readonly limit?: number | undefined;
}

/** A node of a neighbourhood. */
export interface NeighbourNode {
  readonly id: string;
  readonly label: string | null;
  /** An edge names it, but it is not there. */
  readonly missing: boolean;
  /** Edges between it and the node where it began. */
  readonly depth: number;
  /** Its edges that are not among `edges`, as the limit was reached; null when nobody looked. */
  readonly hidden: number | null;
}

/** An edge of a neighbourhood, between two of its nodes. */
export interface NeighbourEdge {
  readonly id: string;
  readonly label: string | null;
  /** Places in `nodes`. */
  readonly from: number;
  readonly to: number;
}

/** What is around a node. */
export interface Neighbourhood {
  /** The node where it began first; the nearest before others. */
  readonly nodes: readonly NeighbourNode[];
  /** In the order in which they were found: each one either leads to a new node or between two that are known. */
  readonly edges: readonly NeighbourEdge[];
  /** Edges that are named by a list, but are not there or can't be read. */
  readonly missingEdges: number;
}

/** The most edges of one node that are looked for by their keys. */
const MOST_EDGES = 10_000;
const [DEPTH, LIMIT] = [1, 20];

/**
 * Walks from a node along its edges, in both directions.
 * @throws {KgdumpError} NOT_FOUND for a node that is not there, USAGE for a layout that does not lead from a node to its edges; and what opening throws
 */
export async function neighboursOf(options: NeighboursOptions): Promise<Neighbourhood> {
  await using lookup = await openLookup(options);
  // Awaited here, as the dump is closed when this returns.
  return await neighboursIn(lookup, options);
}

/**
 * The same of what is open already.
 * @throws {KgdumpError} as neighboursOf, but for opening
 */
export async function neighboursIn(lookup: Lookup, { node, layout = MAYA_LAYOUT, depth = DEPTH, limit = LIMIT, signal }: Pick<NeighboursOptions, "node" | "layout" | "depth" | "limit" | "signal">): Promise<Neighbourhood> {
  return new Walk(lookup, layout, limit, signal).run(node, depth);
}

/** The key of a node's entry; null when the layout does not tell it from the id. */
export function nodeKey(layout: GraphLayout, id: string): Uint8Array | null {
  const rule = ruleOf(layout, "node");
  return rule === null ? null : keyWith(rule, "id", id, true);
}

interface End { readonly edge: string; readonly known: { readonly from: string | null; readonly to: string | null; readonly label: string | null } | null }

interface Node {
  id: string;
  label: string | null;
  missing: boolean;
  depth: number;
  hidden: number | null;
}

class Walk {
  readonly #lookup: Lookup;
  readonly #layout: GraphLayout;
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  readonly #nodes: Node[] = [];
  readonly #places = new Map<string, number>();
  readonly #edges = new Map<string, NeighbourEdge>();
  /** Edges that lists name, and that are not there: each once, though it stands in the lists of two nodes. */
  readonly #missing = new Set<string>();

  constructor(lookup: Lookup, layout: GraphLayout, limit: number, signal: AbortSignal | undefined) {
    this.#lookup = lookup;
    this.#layout = layout;
    this.#limit = limit;
    this.#signal = signal;
  }

  async run(node: Uint8Array, depth: number): Promise<Neighbourhood> {
    const start = this.#idOf(node);
    // Its edges are looked for meanwhile.
    const [ends] = await Promise.all([depth > 0 ? this.#edgesOf(start) : [], this.#add([start], 0)]);
    for (let at = 0; at < this.#nodes.length; at += 1) {
      const from = this.#nodes[at];
      if (from === undefined || from.depth >= depth) break;
      this.#signal?.throwIfAborted();
      await this.#look(from, at, at === 0 ? ends : await this.#edgesOf(from.id));
    }
    if (this.#nodes[0]?.missing === true && this.#edges.size === 0) throw new KgdumpError("NOT_FOUND", `there is no node ${JSON.stringify(start)}`, { hint: "kgdump graph names the nodes with the most edges" });
    return { nodes: this.#nodes, edges: [...this.#edges.values()], missingEdges: this.#missing.size };
  }

  /** The id that was meant: a key of a node has it in it. */
  #idOf(given: Uint8Array): string {
    const rule = ruleOf(this.#layout, "node");
    const inKey = rule === null ? undefined : fieldsOf(rule, given)?.get("id");
    if (inKey !== undefined && (rule?.key.length ?? 0) > 1) return inKey;
    const text = Buffer.from(given).toString("utf8");
    if (!this.#layout.nodeIdsAreUuids) return text;
    if (given.length === 16) return uuidText(given);
    const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.exec(text)?.[0].toLowerCase();
    if (uuid === undefined) throw new KgdumpError("USAGE", `${JSON.stringify(text)} is no id of a node, which are UUIDs here`, { hint: "write one such as 00095ffb-6bd4-45db-afdb-65be8a5835a6, or the key of a node as it is shown" });
    return uuid;
  }

  /** Adds nodes that are not there yet, as far as there is room. */
  async #add(ids: readonly string[], depth: number): Promise<void> {
    const added = [...new Set(ids)].filter((id) => !this.#places.has(id)).slice(0, Math.max(0, this.#limit - this.#nodes.length));
    const found = await Promise.all(added.map((id) => this.#node(id)));
    for (const [index, id] of added.entries()) {
      this.#places.set(id, this.#nodes.length);
      this.#nodes.push({ id, label: found[index]?.label ?? null, missing: found[index] === null, depth, hidden: null });
    }
  }

  async #node(id: string): Promise<{ readonly label: string | null } | null> {
    const rule = ruleOf(this.#layout, "node");
    if (rule === null) return { label: null };
    const key = keyWith(rule, "id", id, true);
    // Its key has more than the id: whether it is there would take reading everything.
    if (key === null) return { label: null };
    const value = await this.#lookup.get(key);
    return value === null ? null : { label: say(rule, fieldsOf(rule, key), parseValue(value), "label") };
  }

  async #look(node: Node, at: number, all: readonly End[]): Promise<void> {
    // An edge from a node to itself stands in both lists.
    const ends = [...new Map(all.map((end) => [end.edge, end])).values()].filter(({ edge }) => !this.#edges.has(edge) && !this.#missing.has(edge));
    const room = Math.max(0, this.#limit - this.#nodes.length);
    // With no more room an edge may still lead to a node that is known.
    const looked = ends.slice(0, room > 0 ? room : this.#limit);
    const records = await Promise.all(looked.map(({ edge, known }) => (known === null ? this.#edge(edge) : Promise.resolve(known))));
    const readable = records.flatMap((record, index) => {
      const { from = null, to = null, label = null } = record ?? {};
      const id = looked[index]?.edge ?? "";
      if (from !== null && to !== null) return [{ id, from, to, label }];
      this.#missing.add(id);
      return [];
    });
    await this.#add(readable.map(({ from, to }) => (from === node.id ? to : from)), node.depth + 1);
    let hidden = ends.length - looked.length;
    for (const { id, from, to, label } of readable) {
      const [source, target] = [this.#places.get(from), this.#places.get(to)];
      if (source === undefined || target === undefined) hidden += 1;
      else this.#edges.set(id, { id, label, from: source, to: target });
    }
    const told = this.#nodes[at];
    if (told !== undefined) told.hidden = hidden;
  }

  /** The edges of a node: those that start there first. */
  async #edgesOf(id: string): Promise<End[]> {
    const sides = await Promise.all([this.#side(id, "outgoing", "from"), this.#side(id, "incoming", "to")]);
    if (sides.every((side) => side === null)) {
      throw new KgdumpError("USAGE", "the layout does not lead from a node to its edges", { hint: "give it [[lists]], or [[edges]] whose keys begin with {from} or {to}" });
    }
    return sides.flatMap((side) => side ?? []);
  }

  async #side(id: string, kind: "outgoing" | "incoming", name: "from" | "to"): Promise<End[] | null> {
    const list = ruleOf(this.#layout, kind);
    const key = list === null ? null : keyWith(list, "id", id, true);
    if (key !== null) {
      const value = await this.#lookup.get(key);
      const edges: unknown = value === null ? [] : parseValue(value);
      return Array.isArray(edges) ? edges.filter((edge) => typeof edge === "string").map((edge) => ({ edge: this.#layout.edgeIdsAreUuids ? edge.toLowerCase() : edge, known: null })) : [];
    }
    const found: End[] = [];
    let isKnown = false;
    for (const rule of this.#layout.rules.filter((one) => one.kind === "edge")) {
      const prefix = keyWith(rule, name, id, false);
      if (prefix === null) continue;
      isKnown = true;
      for (const entry of await this.#lookup.startingWith(prefix, MOST_EDGES)) {
        const fields = fieldsOf(rule, entry.key);
        const value = parseValue(entry.value);
        const [from, to, label] = [say(rule, fields, value, "from"), say(rule, fields, value, "to"), say(rule, fields, value, "label")];
        if (fields !== null && (name === "from" ? from : to) === id) found.push({ edge: say(rule, fields, value, "id") ?? Buffer.from(entry.key).toString("utf8"), known: { from, to, label } });
      }
    }
    return isKnown ? found : null;
  }

  async #edge(id: string): Promise<End["known"]> {
    const rule = ruleOf(this.#layout, "edge");
    const key = rule === null ? null : keyWith(rule, "id", id, true);
    const value = rule === null || key === null ? null : await this.#lookup.get(key);
    if (rule === null || key === null || value === null) return null;
    const [fields, parsed] = [fieldsOf(rule, key), parseValue(value)];
    const lower = (text: string | null): string | null => (this.#layout.nodeIdsAreUuids ? (text?.toLowerCase() ?? null) : text);
    return { from: lower(say(rule, fields, parsed, "from")), to: lower(say(rule, fields, parsed, "to")), label: say(rule, fields, parsed, "label") };
  }
}
