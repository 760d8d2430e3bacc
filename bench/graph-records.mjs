// @ts-check
/**
 * The records of the sample graph in the shape of MAYA's store: `node:` and `edge:` with 16 raw UUID bytes, and
 * `node_edges:<uuid text>:outgoing` and `:incoming`; values are JSON. The same seed gives the same records.
 */
import { GraphShape, hash, uuidText } from "./graph-shape.mjs";

/** @typedef {{ key: Buffer, value: Buffer }} SampleRecord */

/** Records that one node brings on average: itself, two lists, and its edges. */
const RECORDS_PER_NODE = 5.7;

const LABELS = ["Person", "Organization", "Concept", "Document", "Event", "Place", "Project", "Function", "Tool", "Memory"];
const RELATIONS = ["KNOWS", "MENTIONS", "PART_OF", "WORKS_FOR", "DEPENDS_ON", "LOCATED_IN", "AUTHORED", "FOLLOWS", "SIMILAR_TO"];
const PROPERTIES = ["name", "summary", "source", "status", "category", "alias", "note", "confidence"];
const WORDS = (
  "agent archive atlas beacon bridge budget café canvas cipher copper delta ember engine entropy fabric forest gradient " +
  "graph harbor horizon index iris kernel lattice ledger lumen market meadow memory model naïve network oracle orbit " +
  "pattern pigment planner policy prism quartz query river saddle schema sensor signal spectrum tensor timber umber " +
  "vector vertex violet wander willow zephyr Zürich 知識 граф"
).split(" ");

/** Times of the sample lie in the two years from here on (seconds since 1970). */
const EPOCH = 1_704_067_200;
const TWO_YEARS = 63_158_400;

const MIB = 1024 * 1024;

/**
 * The graph, record by record; about `records` of them.
 * @param {number} records
 * @param {number} [seed]
 * @returns {Generator<SampleRecord>}
 */
export function* sampleRecords(records, seed = 1) {
  const shape = new GraphShape(Math.max(1, Math.round(records / RECORDS_PER_NODE)), seed);
  for (let node = 0; node < shape.nodes; node++) {
    const id = shape.nodeId(node);
    yield { key: Buffer.concat([Buffer.from("node:"), id]), value: json(nodeValue(id, hash(seed, node, 100))) };
    const outgoing = [];
    for (const edge of shape.outgoing(node)) {
      const edgeId = shape.edgeId(edge);
      const target = uuidText(shape.nodeId(shape.target(edge)));
      outgoing.push(uuidText(edgeId));
      const value = edgeValue(edgeId, uuidText(id), target, hash(seed, node, 200 + edge.slot));
      yield { key: Buffer.concat([Buffer.from("edge:"), edgeId]), value: json(value) };
    }
    const incoming = Array.from(shape.incoming(node), (edge) => uuidText(shape.edgeId(edge)));
    yield { key: Buffer.from(`node_edges:${uuidText(id)}:outgoing`), value: json(outgoing) };
    yield { key: Buffer.from(`node_edges:${uuidText(id)}:incoming`), value: json(incoming) };
  }
  yield* oddRecords(seed);
}

/**
 * Records such as a real store has now and then and a careless tool loses.
 * @param {number} seed
 * @returns {Generator<SampleRecord>}
 */
function* oddRecords(seed) {
  const big = Buffer.alloc(MIB);
  for (let i = 0; i < MIB; i += 4) big.writeUInt32LE(hash(seed, i, 300), i);
  yield { key: Buffer.from("odd:empty-value"), value: Buffer.alloc(0) };
  yield { key: Buffer.from("odd:big-value"), value: big };
  yield { key: Buffer.from([0x00]), value: Buffer.from("key of one zero byte") };
  yield { key: Buffer.from([0xff, 0xff, 0xff, 0xff]), value: Buffer.from("key of 0xff bytes") };
  yield { key: Buffer.from("odd:prefix"), value: Buffer.from("prefix of the next key") };
  yield { key: Buffer.from("odd:prefix:longer"), value: Buffer.from("the previous key is its prefix") };
  yield { key: Buffer.from("odd:line\nbreak and \u001b[31mescape\u001b[0m"), value: Buffer.from("terminal control in a key") };
}

/** @param {unknown} value */
const json = (value) => Buffer.from(JSON.stringify(value));

/**
 * @param {Buffer} id
 * @param {number} h random bits of this node
 */
function nodeValue(id, h) {
  const created = EPOCH + (h % TWO_YEARS);
  return {
    id: uuidText(id),
    label: pick(LABELS, h >>> 3),
    properties: properties(h, 2 + ((h >>> 7) % 4)),
    created_at: created,
    updated_at: created + (hash(h, 1, 0) % 5_000_000),
  };
}

/**
 * @param {Buffer} id
 * @param {string} source
 * @param {string} target
 * @param {number} h random bits of this edge
 */
function edgeValue(id, source, target, h) {
  return {
    id: uuidText(id),
    label: pick(RELATIONS, h >>> 3),
    source,
    target,
    properties: properties(h, (h >>> 7) % 3),
    created_at: EPOCH + (h % TWO_YEARS),
  };
}

/**
 * @param {number} h
 * @param {number} count
 */
function properties(h, count) {
  const list = [];
  for (let i = 0; i < count; i++) {
    const bits = hash(h, i, 1);
    const key = pick(PROPERTIES, bits);
    list.push({ key, value: key === "confidence" ? (bits >>> 8) / 0x1000000 : phrase(bits, key === "name" ? 2 : 3 + (bits % 9)) });
  }
  return list;
}

/**
 * @param {number} h
 * @param {number} words
 */
function phrase(h, words) {
  return Array.from({ length: words }, (_, i) => pick(WORDS, hash(h, i, 2))).join(" ");
}

/**
 * @param {readonly string[]} list
 * @param {number} bits
 */
function pick(list, bits) {
  return list[(bits >>> 0) % list.length] ?? "";
}
