/** Small graphs in MAYA's layout, whole or with something wrong, and a plain check of them to compare with. */
import { join } from "node:path";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries, type KeyOrder } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { GraphCheck, type GraphReport } from "#src/operations/graph/index.js";

/** Entries by their key, each byte a character. */
export type Entries = Map<string, Buffer>;

/** The 16 bytes of a node's or an edge's id. */
export function idOf(number: number): Buffer {
  const id = Buffer.alloc(16, 0xa0);
  id.writeUInt32BE(number, 12);
  return id;
}

/** The text of a UUID. */
export function textOf(id: Buffer): string {
  const hex = id.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Keys as MAYA makes them. */
export const keys = {
  node: (number: number) => Buffer.concat([Buffer.from("node:"), idOf(number)]).toString("latin1"),
  edge: (number: number) => Buffer.concat([Buffer.from("edge:"), idOf(number)]).toString("latin1"),
  list: (number: number, direction: "outgoing" | "incoming") => `node_edges:${textOf(idOf(number))}:${direction}`,
};

/** Values as MAYA makes them. */
export const values = {
  node: (number: number, more: Record<string, unknown> = {}) =>
    Buffer.from(JSON.stringify({ id: textOf(idOf(number)), label: "Person", properties: [{ key: "name", value: "Zoë" }], created_at: 1, updated_at: 2, ...more })),
  edge: (number: number, source: number, target: number, more: Record<string, unknown> = {}) =>
    Buffer.from(JSON.stringify({ id: textOf(idOf(number)), label: "KNOWS", source: textOf(idOf(source)), target: textOf(idOf(target)), properties: [], created_at: 1, ...more })),
  list: (edges: readonly number[]) => Buffer.from(JSON.stringify(edges.map((edge) => textOf(idOf(edge))))),
};

/** A whole graph: edge number i + 1000 goes as `edges[i]` says. */
export function graphOf(nodes: number, edges: readonly (readonly [source: number, target: number])[]): Entries {
  const entries: Entries = new Map();
  for (let node = 0; node < nodes; node++) {
    entries.set(keys.node(node), values.node(node));
    const listed = (end: 0 | 1): number[] => edges.flatMap((ends, index) => (ends[end] === node ? [index + 1000] : []));
    entries.set(keys.list(node, "outgoing"), values.list(listed(0)));
    entries.set(keys.list(node, "incoming"), values.list(listed(1)));
  }
  for (const [index, [source, target]] of edges.entries()) entries.set(keys.edge(index + 1000), values.edge(index + 1000, source, target));
  entries.set("other:\x00", Buffer.from("no JSON"));
  return entries;
}

/** A block of the entries in byte order. */
export function blockOf(entries: Entries): Uint8Array {
  const list = [...entries].map(([key, value]) => ({ key: Buffer.from(key, "latin1"), value }));
  return encodeEntries(list.sort((a, b) => Buffer.compare(a.key, b.key)));
}

/** Makes a RocksDB store of entries, and a dump of it; by default in one family, in byte order. */
export async function storeOf(directory: string, name: string, entries: Entries | Readonly<Record<string, Entries>>, comparator: KeyOrder = "bytewise"): Promise<{ store: string; dump: string }> {
  const [store, dump] = [join(directory, name), join(directory, `${name}.kgd`)];
  const families = Object.entries(entries instanceof Map ? { default: entries } : entries);
  const sink = await createRocksdbSink(store, { families: families.filter(([family]) => family !== "default").map(([family]) => ({ name: family, comparator })) });
  for (const [family, content] of families) {
    await sink.createKeyspace(Buffer.from(family));
    await sink.apply(Buffer.from(family), blockOf(content), "overwrite");
  }
  await sink.flush();
  await sink.close();
  await exportStore({ store, output: dump, blockSize: 4096 });
  return { store, dump };
}

/** Checks graphs, each of them as one keyspace or as several. @param before compared with this one */
export async function check(keyspaces: readonly Entries[], before: readonly Entries[] | null = null, runRecords?: number): Promise<GraphReport> {
  await using first = new GraphCheck({ runRecords });
  await using own = new GraphCheck({ runRecords });
  for (const entries of before ?? []) await first.add(blockOf(entries));
  for (const entries of keyspaces) await own.add(blockOf(entries));
  await first.finish();
  await own.finish();
  return await own.report(before === null ? null : first);
}

/** Counts by kind, and how many of them are new. */
export function found(report: GraphReport): Record<string, [count: number, newProblems: number]> {
  return Object.fromEntries(report.kinds.map(({ kind, count, newProblems }) => [kind, [count, newProblems]]));
}
