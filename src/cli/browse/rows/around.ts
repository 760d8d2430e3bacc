/** What is around a node, with the keys by which its nodes are looked at. */
import type { Lookup } from "../../../operations/relations/lookup.js";
import { neighboursIn, nodeKey } from "../../../operations/relations/neighbours.js";
import type { GraphLayout } from "../../../settings/graph-layout.js";
import type { Around } from "./rows.js";

/** Nodes that are shown around one. */
const LIMIT = 200;

/** Finds the neighbours of a node. @throws {KgdumpError} as neighboursIn */
export async function aroundIn(lookup: Lookup, layout: GraphLayout, node: Uint8Array): Promise<Around> {
  const found = await neighboursIn(lookup, { node, layout, depth: 1, limit: LIMIT });
  return { ...found, keys: found.nodes.map(({ id, missing }) => (missing ? null : nodeKey(layout, id))) };
}
