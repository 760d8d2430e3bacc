/** The tree of keyspaces and prefixes: opening, closing, moving in it. */
import type { BrowsedKeyspace, BrowsedPrefixes, Place } from "./rows/rows.js";
import type { Tree, TreeNode } from "./state.js";

/** The tree before anything was opened. */
export function newTree(keyspaces: readonly BrowsedKeyspace[]): Tree {
  const nodes = keyspaces.map(({ name, entries, estimated }, keyspace): TreeNode => ({ keyspace, prefix: new Uint8Array(0), depth: 0, label: name, entries, estimated, state: "closed" }));
  return { nodes, cursor: 0, top: 0 };
}

/** The node with the cursor. */
export function nodeAt({ nodes, cursor }: Tree): TreeNode | undefined {
  return nodes[cursor];
}

/** Whether two places are the same part. */
export function samePlace(one: Place, other: Place): boolean {
  return one.keyspace === other.keyspace && Buffer.compare(one.prefix, other.prefix) === 0;
}

/** A tree with another state of the node with the cursor. */
export function marked(tree: Tree, state: TreeNode["state"]): Tree {
  return { ...tree, nodes: tree.nodes.map((node, at) => (at === tree.cursor ? { ...node, state } : node)) };
}

/** Puts prefixes below the node that they are within; one without any is a leaf. */
export function withPrefixes(tree: Tree, place: Place, { prefixes }: BrowsedPrefixes): Tree {
  const at = tree.nodes.findIndex((node) => samePlace(node, place) && node.state === "loading");
  const parent = tree.nodes[at];
  if (parent === undefined) return tree;
  const below = prefixes.map(({ prefix, entries, estimated }): TreeNode => ({ keyspace: place.keyspace, prefix, depth: parent.depth + 1, label: prefix.subarray(parent.prefix.length), entries, estimated, state: "closed" }));
  const nodes = tree.nodes.toSpliced(at, 1, { ...parent, state: below.length === 0 ? "leaf" : "open" }, ...below);
  return { ...tree, nodes, cursor: tree.cursor > at ? tree.cursor + below.length : tree.cursor };
}

/** Takes away what is below the node with the cursor. */
export function closed(tree: Tree): Tree {
  const node = nodeAt(tree);
  if (node === undefined) return tree;
  const end = tree.nodes.findIndex((other, at) => at > tree.cursor && other.depth <= node.depth);
  const below = (end === -1 ? tree.nodes.length : end) - tree.cursor - 1;
  return marked({ ...tree, nodes: tree.nodes.toSpliced(tree.cursor + 1, below) }, "closed");
}

/** The place of the node that this one is below of; its own when there is none. */
export function parentOf({ nodes, cursor }: Tree): number {
  const depth = nodes[cursor]?.depth ?? 0;
  const above = nodes.findLastIndex((node, at) => at < cursor && node.depth < depth);
  return above === -1 ? cursor : above;
}
