/** Looking at a graph by the module of WebAssembly. */
import { KgdumpError } from "../errors.js";
import { MsgpackWriter } from "../format/msgpack/writer.js";
import type { GraphRule, GraphSettings, NativeGraph } from "./addon.js";
import { Module } from "./module.js";
import { otherTurns } from "./module-stats.js";

/** Bits of flags, as native/looking-wasm has them. */
const [NODE_UUIDS, EDGE_UUIDS] = [1, 2] as const;
const PATHS = ["id", "from", "to", "label", "time", "properties"] as const;

/** By directory the module of all graphs that are open, as problems of one are compared with those of another. Without any, its memory is given back. */
const shared = new Map<string, { readonly module: Module; users: number }>();

/** Looks at a graph, as the addon does. */
export class ModuleGraph implements NativeGraph {
  readonly #module: Module;
  readonly #directory: string;
  readonly #builder: number;
  #isOpen = true;

  constructor({ rules, nodeIdsAreUuids, edgeIdsAreUuids, directory, runRecords }: GraphSettings) {
    const found = shared.get(directory);
    const used = found === undefined || found.module.isBroken ? { module: new Module(directory), users: 0 } : found;
    this.#module = used.module;
    this.#directory = directory;
    const length = this.#module.give(layoutFields(rules));
    const flags = (nodeIdsAreUuids ? NODE_UUIDS : 0) | (edgeIdsAreUuids ? EDGE_UUIDS : 0);
    this.#builder = this.#module.call((module) => module.graph_start(length, flags, runRecords ?? 0), false);
    used.users += 1;
    shared.set(directory, used);
  }

  /** Takes in a block. */
  async add(raw: Buffer): Promise<void> {
    await otherTurns();
    const length = this.#module.give(raw);
    this.#module.call((module) => module.graph_add(this.#builder, length));
  }

  /** Looks at all that was added. */
  async finish(hubs?: number): Promise<void> {
    await otherTurns();
    this.#module.call((module) => module.graph_finish(this.#builder, hubs ?? -1));
  }

  /** What was found. */
  async report(before?: NativeGraph): Promise<string> {
    await otherTurns();
    const other = before === undefined ? -1 : this.#numberOf(before);
    return this.#module.text((module) => module.graph_report(this.#builder, other));
  }

  /** Gives memory and files back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (!this.#module.isBroken) this.#module.call((module) => (module.graph_close(this.#builder), 1));
    const used = shared.get(this.#directory);
    if (used?.module !== this.#module) return;
    used.users -= 1;
    if (used.users > 0) return;
    used.module.close();
    shared.delete(this.#directory);
  }

  #numberOf(graph: NativeGraph): number {
    if (graph instanceof ModuleGraph && graph.#module === this.#module) return graph.#builder;
    throw new KgdumpError("INTERNAL", "two graphs that are looked at apart can't be compared");
  }
}

/** A layout as a row of fields, as native/looking-wasm/src/graph.rs says. */
function layoutFields(rules: readonly GraphRule[]): Uint8Array {
  const writer = new MsgpackWriter();
  const put = (...fields: (string | Uint8Array)[]): void => {
    for (const field of fields) writer.bin(typeof field === "string" ? Buffer.from(field) : field);
  };
  for (const rule of rules) {
    put("rule", rule.kind);
    for (const { literal, name = "", form = "" } of rule.key) {
      if (literal === undefined) put("field", name, form);
      else put("literal", literal);
    }
    for (const name of PATHS) {
      const path = rule[name];
      if (path === undefined) continue;
      put("path", name);
      for (const step of path) put("step", step);
    }
  }
  return writer.bytes();
}
