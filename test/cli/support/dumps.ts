/** Dumps for tests that need no store. */
import { writeFile } from "node:fs/promises";
import { loadCodec } from "#src/codecs/index.js";
import { type CodecName, type DumpHeader, DumpWriter, encodeEntries, FORMAT_VERSION, type KeyOrder, packBlock } from "#src/format/index.js";

/** A keyspace to write: its entries in its order, as text or bytes. */
export interface SampleKeyspace {
  readonly name: string | Uint8Array;
  readonly comparator?: KeyOrder;
  readonly entries: readonly (readonly [key: string | Uint8Array, value: string | Uint8Array])[];
}

/** How to write a sample. */
export interface SampleOptions {
  readonly codec?: CodecName;
  readonly entriesPerBlock?: number;
  /** End with an abort frame of this reason. */
  readonly abort?: string;
}

/** The bytes of a dump. */
export async function sampleDump(keyspaces: readonly SampleKeyspace[], options: SampleOptions = {}): Promise<Buffer> {
  const { codec: codecName = "lz4", entriesPerBlock = 2 } = options;
  const codec = await loadCodec(codecName);
  const header: DumpHeader = {
    formatVersion: FORMAT_VERSION,
    dumpId: "00000000-0000-4000-8000-00000000cafe",
    createdAt: new Date("2026-01-02T03:04:05.678Z"),
    producer: "kgdump test",
    kind: "full",
    base: null,
    salvaged: null,
    source: { engine: "rocksdb", version: "10.10.1", databaseId: "db-id", sequenceNumber: 18446744073709551615n },
    codec: codecName,
    blockSize: 1024 * 1024,
    keyspaces: keyspaces.map(({ name, comparator = "bytewise", entries }) => ({
      name: Buffer.from(name),
      comparator,
      estimatedEntries: entries.length,
      estimatedBytes: 0,
    })),
    filter: null,
  };
  const writer = new DumpWriter(header);
  const chunks = [...writer.start()];
  for (const [index, { entries }] of keyspaces.entries()) {
    chunks.push(...writer.startKeyspace(index));
    for (let at = 0; at < entries.length; at += entriesPerBlock) {
      const part = entries.slice(at, at + entriesPerBlock).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
      const raw = encodeEntries(part);
      const sum = (lengths: number[]): number => lengths.reduce((total, length) => total + length, 0);
      chunks.push(
        ...writer.block({
          entries: part.length,
          keyBytes: sum(part.map(({ key }) => key.length)),
          valueBytes: sum(part.map(({ value }) => value.length)),
          firstKey: part[0]?.key ?? Buffer.alloc(0),
          lastKey: part.at(-1)?.key ?? Buffer.alloc(0),
          raw,
          ...(await packBlock(codec, raw)),
        }),
      );
    }
    chunks.push(...writer.endKeyspace());
  }
  chunks.push(...(options.abort === undefined ? writer.finish() : writer.abort(options.abort)));
  return Buffer.concat(chunks);
}

/** UUID bytes behind `node:`, as MAYA has them. */
export const UUID_KEY = Buffer.concat([Buffer.from("node:"), Buffer.from("0f8fad5bd9cb469fa16570867728950e", "hex")]);

/** A small graph with the odd keys and values that real ones have. */
export const GRAPH: readonly SampleKeyspace[] = [
  {
    name: "default",
    entries: [
      [Buffer.from([0]), "zero"],
      ["a\nkey\x1b[31m", "esc\x1b[0m"],
      [UUID_KEY, '{ "id": "0f8fad5b", "label": "Per\u202eson" }'],
      ["node_edges:a:incoming", '["x"]'],
      ["node_edges:b:outgoing", ""],
      [Buffer.from([0xff, 0xff]), Buffer.from("00ff00ff", "hex")],
    ],
  },
  { name: "nodes\x1b]0;x\x07", entries: [["k1", "v1"], ["k2", "v2"], ["k3", "v3"]] },
  { name: "empty", entries: [] },
];

/** Writes the graph to a file. */
export async function writeGraph(path: string, options: SampleOptions = {}): Promise<Buffer> {
  const dump = await sampleDump(GRAPH, options);
  await writeFile(path, dump);
  return dump;
}
