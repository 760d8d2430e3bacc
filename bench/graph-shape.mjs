// @ts-check
/**
 * Which nodes and edges the sample graph has, as functions of a seed and of numbers, so that nothing of it is held in
 * memory: a node's incoming edges are found by turning the functions round.
 *
 * Node n has `degree(n)` edges. Its edge number j goes to node (n * STRIDES[j] + j + 1) mod nodes; each stride is made
 * coprime to the number of nodes, so that this is a permutation of the nodes and has an inverse. Every 16th node has one
 * edge more, to one of a few hubs, whose lists of incoming edges are long.
 */

const STRIDES = [1, 7919, 104_729, 15_485_863, 611_953, 32_452_843, 86_028_121, 49_979_687];

/** One of this many nodes belongs to a hub, and there are this many members of each. */
const HUB_EVERY = 16;
const HUB_MEMBERS = 100;

/** Parts of the hashes that tell nodes, edges and so on apart. */
const SALT = { degree: 1, node: 2, edge: 3 };

/**
 * A 32-bit hash of three integers (the finalizer of MurmurHash3, chained; public domain).
 * @param {number} seed
 * @param {number} a
 * @param {number} b
 */
export function hash(seed, a, b) {
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ a) ^ Math.imul(b, 0x85ebca6b)) >>> 0;
}

/** @param {number} h */
function mix(h) {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** @typedef {{ node: number, slot: number }} Edge an edge by the node it starts from and its number there */

export class GraphShape {
  /**
   * @param {number} nodes how many; at least 1, below 2^31
   * @param {number} seed 32-bit integer
   */
  constructor(nodes, seed) {
    this.nodes = nodes;
    this.seed = seed;
    this.hubs = Math.max(1, Math.floor(nodes / (HUB_EVERY * HUB_MEMBERS)));
    this.strides = STRIDES.map((stride) => BigInt(coprimeTo(stride, nodes)));
    this.inverses = this.strides.map((stride) => inverse(stride, BigInt(nodes)));
  }

  /** Edges of a node besides the one to its hub: 0 to 8, 2.6 on average. @param {number} node */
  degree(node) {
    const h = hash(this.seed, node, SALT.degree);
    // Two dice of 0 to 2, and now and then a node that has many.
    return h % 20 === 0 ? 4 + ((h >>> 8) % 5) : ((h >>> 8) % 3) + ((h >>> 16) % 3) + ((h >>> 24) % 2);
  }

  /** Where an edge goes. @param {Edge} edge @returns {number} */
  target({ node, slot }) {
    if (slot === STRIDES.length) return Math.floor(node / HUB_EVERY) % this.hubs;
    return Number((BigInt(node) * (this.strides[slot] ?? 1n) + BigInt(slot + 1)) % BigInt(this.nodes));
  }

  /** @param {number} node @returns {Generator<Edge>} the edges that start from it */
  *outgoing(node) {
    for (let slot = 0; slot < this.degree(node); slot++) yield { node, slot };
    if (node % HUB_EVERY === 0) yield { node, slot: STRIDES.length };
  }

  /** @param {number} node @returns {Generator<Edge>} the edges that end at it */
  *incoming(node) {
    const nodes = BigInt(this.nodes);
    for (const [slot, inverted] of this.inverses.entries()) {
      const from = Number((((BigInt(node) + nodes - (BigInt(slot + 1) % nodes)) % nodes) * inverted) % nodes);
      if (slot < this.degree(from)) yield { node: from, slot };
    }
    if (node >= this.hubs) return;
    for (let from = node * HUB_EVERY; from < this.nodes; from += this.hubs * HUB_EVERY) yield { node: from, slot: STRIDES.length };
  }

  /** @param {number} node @returns {Buffer} 16 bytes, a UUID of version 4 */
  nodeId(node) {
    return this.#uuid(node, SALT.node);
  }

  /** @param {Edge} edge @returns {Buffer} 16 bytes, a UUID of version 4 */
  edgeId({ node, slot }) {
    return this.#uuid(node, SALT.edge + slot);
  }

  /**
   * @param {number} a
   * @param {number} b
   */
  #uuid(a, b) {
    const id = Buffer.allocUnsafe(16);
    for (let word = 0; word < 4; word++) id.writeUInt32BE(hash(this.seed + word + 1, a, b), word * 4);
    id[6] = (id.readUInt8(6) & 0x0f) | 0x40;
    id[8] = (id.readUInt8(8) & 0x3f) | 0x80;
    return id;
  }
}

/** @param {Buffer} id 16 bytes @returns {string} as in 5c3415b4-9bb8-41c3-a22a-2380b2696a1f */
export function uuidText(id) {
  const hex = id.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The next number from `start` on that has no divisor in common with `n`.
 * @param {number} start
 * @param {number} n
 */
function coprimeTo(start, n) {
  let candidate = start;
  while (greatestDivisor(candidate, n) !== 1) candidate++;
  return candidate;
}

/** @param {number} a @param {number} b @returns {number} */
function greatestDivisor(a, b) {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/**
 * The x with a * x = 1 (mod n), by the extended Euclidean algorithm; a and n are coprime.
 * @param {bigint} a
 * @param {bigint} n
 */
function inverse(a, n) {
  let [r, nextR, x, nextX] = [a % n, n, 1n, 0n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [x, nextX] = [nextX, x - quotient * nextX];
  }
  return ((x % n) + n) % n;
}
