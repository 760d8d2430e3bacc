/** Looking at the graph in blocks. */
import { tmpdir } from "node:os";
import { asBuffer, fromAddon } from "../../addon.js";
import type { GraphRule as NativeRule, GraphSettings, NativeGraph } from "../../looking/addon.js";
import { looking } from "../../looking/looking.js";
import type { GraphLayout, GraphRule } from "../../settings/graph-layout.js";

/** Looks at a graph: add all blocks, finish, then ask for reports as often as you like. */
export class GraphBuilder {
  readonly #native: NativeGraph;

  private constructor(native: NativeGraph) {
    this.#native = native;
  }

  /** @param runRecords records that are sorted in memory @throws {KgdumpError} ADDON_MISSING */
  static async start(layout: GraphLayout, runRecords: number | undefined): Promise<GraphBuilder> {
    const settings = graphSettings(layout, tmpdir(), runRecords);
    return new GraphBuilder(await fromAddon(() => new (looking().GraphBuilder)(settings)));
  }

  /** Takes in a block; its bytes may be used again when this has settled, and the next one may be given before. */
  async add(raw: Uint8Array): Promise<void> {
    await fromAddon(() => this.#native.add(asBuffer(raw)));
  }

  /** Looks at all that was added. @param hubs nodes with the most edges to name; without it only problems are looked for */
  async finish(hubs: number | undefined): Promise<void> {
    await fromAddon(() => this.#native.finish(hubs));
  }

  /** What was found. @param before problems that it has too are not new */
  async report(before: GraphBuilder | null): Promise<unknown> {
    return JSON.parse(await fromAddon(() => this.#native.report(before === null ? undefined : before.#native))) as unknown;
  }

  /** Gives memory and disk back. */
  close(): void {
    this.#native.close();
  }
}

/** A layout as what looks at graphs takes it. @param directory where temporary files go */
export function graphSettings({ rules, nodeIdsAreUuids, edgeIdsAreUuids }: GraphLayout, directory: string, runRecords?: number): GraphSettings {
  return { rules: rules.map(nativeRule), nodeIdsAreUuids, edgeIdsAreUuids, directory, runRecords };
}

function nativeRule({ kind, key, id, from, to, label, time, properties }: GraphRule): NativeRule {
  const list = (path: readonly string[] | undefined): string[] | undefined => (path === undefined ? undefined : [...path]);
  return {
    kind,
    key: key.map((part) => ("literal" in part ? { literal: asBuffer(part.literal) } : part)),
    id: list(id), from: list(from), to: list(to), label: list(label), time: list(time), properties: list(properties),
  };
}
