/**
 * How keyspaces of a dump and trees of sled are named. Sled's default tree, `__sled__default`, is the keyspace `default`, as RocksDB's
 * default family is; every other tree is the keyspace of the same name, save those that would be taken for another: they stand behind
 * `__sled__tree:`.
 */
import { KgdumpError } from "../../errors.js";
import { DEFAULT_KEYSPACE, type KeyspaceInfo } from "../store.js";

const DEFAULT_TREE = Buffer.from("__sled__default");
const DEFAULT_NAME = Buffer.from(DEFAULT_KEYSPACE);
const BEHIND = Buffer.from("__sled__tree:");

/**
 * The tree that a keyspace is: sled's default tree for `default`, the tree `default` for `__sled__tree:default`, else the tree of the same name.
 * @throws {KgdumpError} STORE_UNSUPPORTED for sled's own name of its default tree, which would mix two keyspaces
 */
export function treeOf(keyspace: Uint8Array): Uint8Array {
  if (DEFAULT_NAME.equals(keyspace)) return DEFAULT_TREE;
  if (DEFAULT_TREE.equals(keyspace)) {
    throw new KgdumpError("STORE_UNSUPPORTED", `sled keeps the name ${DEFAULT_TREE.toString()} for its default tree`, {
      keyspace,
      hint: "give the keyspace another name in the target",
    });
  }
  const name = Buffer.from(keyspace.buffer, keyspace.byteOffset, keyspace.byteLength);
  const rest = startsWith(name, BEHIND) ? name.subarray(BEHIND.length) : name;
  return isEscaped(rest) ? rest : keyspace;
}

/** The keyspace that a tree is. */
export function keyspaceOf(tree: Buffer): Buffer {
  if (DEFAULT_TREE.equals(tree)) return DEFAULT_NAME;
  return isEscaped(tree) ? Buffer.concat([BEHIND, tree]) : tree;
}

/** A keyspace as sled tells of it: it counts by walking through everything, and so is not asked. */
export function uncounted(name: Uint8Array): KeyspaceInfo {
  return { name, comparator: "bytewise", estimatedEntries: 0, estimatedBytes: 0 };
}

/** Whether a tree's name would be taken for another's in a dump. */
export function isEscaped(tree: Buffer): boolean {
  return DEFAULT_NAME.equals(tree) || startsWith(tree, BEHIND);
}

function startsWith(name: Buffer, prefix: Buffer): boolean {
  return name.subarray(0, prefix.length).equals(prefix);
}
