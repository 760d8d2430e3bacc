/** The part of the addon for blocks that looks at graphs, as native/blocks/src/graph exports it; lint compares the two. */
import { tmpdir } from "node:os";
import { asBuffer, fromAddon, loadAddon } from "../../addon.js";
import type { GraphLayout } from "../../settings/graph-layout.js";

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

/** A graph that is looked at: add all blocks, finish, then ask for reports as often as you like. */
export interface NativeGraph {
  add(raw: Buffer): Promise<void>;
  finish(hubs?: number): Promise<void>;
  report(before?: NativeGraph): Promise<string>;
  close(): void;
}

interface GraphAddon {
  readonly GraphBuilder: new (settings: NativeSettings) => NativeGraph;
}

/** Begins to look at a graph. @throws {KgdumpError} ADDON_MISSING */
export function startGraph({ rules, nodeIdsAreUuids, edgeIdsAreUuids }: GraphLayout, runRecords: number | undefined): Promise<NativeGraph> {
  const list = (path: readonly string[] | undefined): string[] | undefined => (path === undefined ? undefined : [...path]);
  return fromAddon(
    () =>
      new (loadAddon("blocks") as GraphAddon).GraphBuilder({
        rules: rules.map(({ kind, key, id, from, to, label, time, properties }) => ({
          kind, key: key.map((part) => ("literal" in part ? { literal: asBuffer(part.literal) } : part)),
          id: list(id), from: list(from), to: list(to), label: list(label), time: list(time), properties: list(properties),
        })),
        nodeIdsAreUuids, edgeIdsAreUuids, directory: tmpdir(), runRecords,
      }),
  );
}
