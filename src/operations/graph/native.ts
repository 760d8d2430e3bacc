/** The part of the addon for blocks that looks at graphs, as native/blocks/src/graph exports it; lint compares the two. */
import { tmpdir } from "node:os";
import { asBuffer, fromAddon, loadAddon } from "../../addon.js";
import type { GraphLayout, GraphRule } from "../../settings/graph-layout.js";

interface NativePart {
  readonly literal?: Buffer | undefined;
  readonly name?: string | undefined;
  readonly form?: string | undefined;
}

interface NativeRule {
  readonly kind: string;
  readonly key: NativePart[];
  readonly id?: string[] | undefined;
  readonly from?: string[] | undefined;
  readonly to?: string[] | undefined;
  readonly label?: string[] | undefined;
  readonly time?: string[] | undefined;
  readonly properties?: string[] | undefined;
}

interface NativeSettings {
  readonly rules: NativeRule[];
  readonly nodeIdsAreUuids: boolean;
  readonly edgeIdsAreUuids: boolean;
  /** Where temporary files go. */
  readonly directory: string;
  /** Records that are sorted in memory, instead of 16 MiB of them. */
  readonly runRecords?: number | undefined;
}

interface NativeGraph {
  add(raw: Buffer): Promise<void>;
  finish(hubs?: number): Promise<void>;
  report(before?: NativeGraph): Promise<string>;
  close(): void;
}

interface GraphAddon {
  readonly GraphBuilder: new (settings: NativeSettings) => NativeGraph;
}

/** Looks at a graph: add all blocks, finish, then ask for reports as often as you like. */
export class GraphBuilder {
  readonly #native: NativeGraph;

  private constructor(native: NativeGraph) {
    this.#native = native;
  }

  /** @param runRecords records that are sorted in memory @throws {KgdumpError} ADDON_MISSING */
  static async start({ rules, nodeIdsAreUuids, edgeIdsAreUuids }: GraphLayout, runRecords: number | undefined): Promise<GraphBuilder> {
    const settings: NativeSettings = { rules: rules.map(nativeRule), nodeIdsAreUuids, edgeIdsAreUuids, directory: tmpdir(), runRecords };
    return new GraphBuilder(await fromAddon(() => new (loadAddon("blocks") as GraphAddon).GraphBuilder(settings)));
  }

  /** Takes in a block; its bytes may be used again when this has settled. */
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

function nativeRule({ kind, key, id, from, to, label, time, properties }: GraphRule): NativeRule {
  const list = (path: readonly string[] | undefined): string[] | undefined => (path === undefined ? undefined : [...path]);
  return {
    kind,
    key: key.map((part) => ("literal" in part ? { literal: asBuffer(part.literal) } : part)),
    id: list(id), from: list(from), to: list(to), label: list(label), time: list(time), properties: list(properties),
  };
}
