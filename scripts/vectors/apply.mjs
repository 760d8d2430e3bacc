// @ts-check
/** Sets of a dump and the deltas that are applied to it, with what comes of them. */
import { build, encodeEntries, layOut, sha256 } from "./dump.mjs";
import { block, entry, gap, keyspace } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Entry} Entry */
/** @typedef {import("./dump.mjs").Header} Header */
/** @typedef {import("./dump.mjs").Item} Item */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {Record<string, string | null>} Pairs values by key; null removes it */
/** @typedef {{ entries: Pairs, order?: "bytewise" | "reverse-bytewise", items?: Item[] }} Held a keyspace: what it holds, or what is changed in it; the items instead of the blocks of that */
/** @typedef {Record<string, Held>} State keyspaces by name */
/** @typedef {{ changes: State, leadsTo: State, header?: Partial<Header>, from?: State, wrong?: { entries?: number, digest?: Buffer } }} Delta `from` is what its base says, when that is not the state before it; `wrong` goes into the result of its first keyspace */
/** @typedef {{ name: string, description: string, base: State, baseHeader?: Partial<Header>, deltas: Delta[], reorder?: (dumps: Buffer[]) => Buffer[], code?: "DELTA_BASE_DIFFERENT" | "DUMP_DIGEST_MISMATCH" | "DUMP_TRUNCATED" | "DUMP_CHECKSUM_MISMATCH" }} Applied */

const ids = ["5f1d7a3c-2b64-4e0a-9c1f-6a8d3e52b407", "0b7e4d92-5c1a-4f36-8d0e-91a2b3c4d5e6", "7c9e6679-7425-40de-944b-e07fc1f90ae7"];
const STRANGER = "11111111-2222-4333-8444-555555555555";

/** Names and keys are written as Latin-1, so that each byte can be had. @param {string} text */
const bytes = (text) => Buffer.from(text, "latin1");

/** @param {Held} held @returns {Entry[]} */
function sorted({ entries, order = "bytewise" }) {
  const list = Object.entries(entries).map(([key, value]) => ({ key: bytes(key), value: value === null ? null : bytes(value) }));
  list.sort((a, b) => Buffer.compare(a.key, b.key));
  return order === "bytewise" ? list : list.reverse();
}

/** @param {State} state */
const described = (state) => Object.entries(state).map(([name, held]) => ({ name: bytes(name), entries: sorted(held).length, digest: sha256(encodeEntries(sorted(held))) }));

/** @param {State} state @param {(name: string) => { entries: number, digest: Buffer } | undefined} result */
const keyspaces = (state, result) =>
  Object.entries(state).map(([name, held]) => {
    const entries = sorted(held);
    const found = result(name);
    return keyspace(bytes(name), held.items ?? (entries.length === 0 ? [] : [block(entries)]), { order: held.order ?? "bytewise", ...(found === undefined ? {} : { result: found }) });
  });

/** @param {Model} model */
const dump = (model) => {
  const { frames, version } = build(model);
  return layOut(frames, version).bytes;
};

/** The dumps of a set, and its JSON. @param {Applied} set @returns {{ dumps: Buffer[], json: object }} */
export function makeApplied({ name, description, base, baseHeader = {}, deltas, reorder = (all) => all, code }) {
  const dumps = [dump({ header: { id: ids[0] ?? "", ...baseHeader }, keyspaces: keyspaces(base, () => undefined) })];
  let before = base;
  for (const [place, { changes, leadsTo, header = {}, from = before, wrong = {} }] of deltas.entries()) {
    const results = new Map(described(leadsTo).map(({ name: own, entries, digest }, at) => [own.toString("latin1"), { entries, digest, ...(at === 0 ? wrong : {}) }]));
    const own = { id: ids[place + 1] ?? "", kind: "delta", base: { id: ids[place] ?? "", keyspaces: described(from) }, ...header };
    dumps.push(dump({ header: own, keyspaces: keyspaces(changes, (each) => results.get(each)) }));
    before = leadsTo;
  }
  const result = Object.entries(before).map(([own, held]) => ({ name: bytes(own).toString("hex"), order: held.order ?? "bytewise", entries: sorted(held).map(({ key, value }) => [key.toString("hex"), value?.toString("hex") ?? null]) }));
  const ordered = reorder(dumps);
  const files = ordered.map((_, place) => `${name}.${String(place)}.kgd`);
  return { dumps: ordered, json: { description, dumps: files, ...(code === undefined ? { result } : { code }) } };
}

const abc = () => ({ default: { entries: { a: "1", b: "2", c: "3" } } });
/** One delta over a, b and c. @param {string} name @param {string} description @param {State} changes @param {State} leadsTo @param {Partial<Delta & Applied>} [more] @returns {Applied} */
const one = (name, description, changes, leadsTo, { header, from, wrong, ...more } = {}) => {
  const delta = { changes, leadsTo, ...(header === undefined ? {} : { header }), ...(from === undefined ? {} : { from }), ...(wrong === undefined ? {} : { wrong }) };
  return { name, description, base: abc(), deltas: [delta], ...more };
};
const changed = () => one("", "", { default: { entries: { b: "two" } } }, { default: { entries: { a: "1", b: "two", c: "3" } } });
/** @param {string} name @param {string} description @param {Partial<Delta & Applied>} more */
const refused = (name, description, more) => ({ code: /** @type {const} */ ("DELTA_BASE_DIFFERENT"), ...one(name, description, changed().deltas[0]?.changes ?? {}, changed().deltas[0]?.leadsTo ?? {}, more) });
const differs = /** @type {const} */ ({ code: "DUMP_DIGEST_MISMATCH" });

/** @type {Applied[]} */
export const APPLIED = [
  one("nothing", "a delta in which nothing changed", { default: { entries: {} } }, abc()),
  one("put-and-removed", "an entry that is replaced, one that is added and one that is removed", { default: { entries: { a: null, b: "two", bb: "new" } } }, { default: { entries: { b: "two", bb: "new", c: "3" } } }),
  one("ends", "entries before the first and behind the last", { default: { entries: { "": "least", ÿÿ: "" } } }, { default: { entries: { "": "least", a: "1", b: "2", c: "3", ÿÿ: "" } } }),
  one("emptied", "a keyspace all of whose entries are removed", { default: { entries: { a: null, b: null, c: null } } }, { default: { entries: {} } }),
  one("removal-of-nothing", "a removal of a key that is not there", { default: { entries: { b: "two", x: null } } }, { default: { entries: { a: "1", b: "two", c: "3" } } }),
  one("new", "new keyspaces: with entries, without, and with a removal, which changes nothing", { default: { entries: {} }, "": { entries: {} }, new: { entries: { m: "1", n: null } } }, { ...abc(), "": { entries: {} }, new: { entries: { m: "1" } } }),
  one("dropped", "keyspaces that only the base has", { default: { entries: {} } }, abc(), { base: { ...abc(), gone: { entries: { x: "1" } }, "\x00\xff": { entries: {} } } }),
  one("dropped-and-new", "one keyspace is dropped, and another one with the same content is new", { other: { entries: { a: "1", b: "2", c: "3" } } }, { other: { entries: { a: "1", b: "2", c: "3" } } }),
  one("reverse", "a keyspace in reverse order", { down: { order: "reverse-bytewise", entries: { b: "1", a: null } } }, { down: { order: "reverse-bytewise", entries: { c: "3", b: "1" } } }, { base: { down: { order: "reverse-bytewise", entries: { a: "1", c: "3" } } } }),
  one("no-keyspaces", "a store that lost its only keyspace", {}, {}),
  { name: "two", description: "two deltas, one on top of the other, with a keyspace that comes and goes", base: abc(), deltas: [{ changes: { default: { entries: { b: null } }, passing: { entries: { x: "1" } } }, leadsTo: { default: { entries: { a: "1", c: "3" } }, passing: { entries: { x: "1" } } } }, { changes: { default: { entries: { b: "again" } } }, leadsTo: { default: { entries: { a: "1", b: "again", c: "3" } } } }] },
  one("filtered", "a delta of the part of a store that its base holds, too", { default: { entries: { b: "two" } } }, { default: { entries: { a: "1", b: "two" } } }, { baseHeader: { filter: "to=c" }, base: { default: { entries: { a: "1", b: "2" } } }, header: { filter: "to=c" } }),
  one("on-salvaged", "a delta that builds on what is left in a salvaged dump", { default: { entries: { d: "4" } } }, { default: { entries: { a: "1", d: "4" } } }, { baseHeader: { salvaged: { id: null } }, base: { default: { entries: { a: "1" }, items: [block([entry("a", "1")]), gap("a", null)] } } }),
  one("salvaged-whole", "a salvaged delta that lacks nothing", { default: { entries: { b: "two" } } }, { default: { entries: { a: "1", b: "two", c: "3" } } }, { header: { salvaged: { id: null } } }),
  one("salvaged-lost", "a salvaged delta in whose gap a change is missing", { default: { entries: { b: "two" }, items: [gap(null, "b"), block([entry("b", "two")])] } }, { default: { entries: { b: "two", c: "3" } } }, { header: { salvaged: { id: null } }, ...differs }),
  one("result-digest", "a result with another digest", { default: { entries: { b: "two" } } }, { default: { entries: { a: "1", b: "two", c: "3" } } }, { wrong: { digest: sha256(Buffer.from("something else")) }, ...differs }),
  one("result-entries", "a result with another number of entries", { default: { entries: { b: "two" } } }, { default: { entries: { a: "1", b: "two", c: "3" } } }, { wrong: { entries: 4 }, ...differs }),
  refused("base-id", "a delta of another dump with the same content", { header: { base: { id: STRANGER, keyspaces: described(abc()) } } }),
  refused("base-digest", "a base with another value", { from: { default: { entries: { a: "1", b: "2", c: "4" } } } }),
  refused("base-entries", "a base with another number of entries", { header: { base: { id: ids[0] ?? "", keyspaces: described(abc()).map((each) => ({ ...each, entries: 4 })) } } }),
  refused("base-lacks", "a base without a keyspace that the dump has", { base: { ...abc(), more: { entries: {} } }, from: abc() }),
  refused("base-has-more", "a base with an empty keyspace that the dump does not have", { from: { ...abc(), more: { entries: {} } } }),
  refused("base-name", "a base whose keyspace has another name", { from: { Default: abc().default } }),
  { ...one("order", "a keyspace of one entry that is in another order in the dump", { default: { entries: { b: "two" } } }, { default: { entries: { b: "two" } } }, { base: { default: { order: "reverse-bytewise", entries: { b: "2" } } }, from: { default: { entries: { b: "2" } } } }), code: "DELTA_BASE_DIFFERENT" },
  { ...refused("base-cut", "a dump that is cut behind its last entry: nothing is applied to it, and nothing of it is left", {}), reorder: ([base = Buffer.alloc(0), ...deltas]) => [base.subarray(0, -31), ...deltas], code: "DUMP_TRUNCATED" },
  { ...refused("delta-damaged", "a delta with a flipped bit in its footer, behind all that it changes", {}), reorder: ([base = Buffer.alloc(0), delta = Buffer.alloc(0)]) => [base, Buffer.concat([delta.subarray(0, -32), Buffer.of((delta.at(-32) ?? 0) ^ 1), delta.subarray(-31)])], code: "DUMP_CHECKSUM_MISMATCH" },
  { ...refused("twice", "a delta that is applied for the second time", {}), reorder: ([base = Buffer.alloc(0), delta = Buffer.alloc(0)]) => [base, delta, delta] },
  { ...refused("full-behind", "a full dump behind a full dump", {}), reorder: ([base = Buffer.alloc(0)]) => [base, base] },
  { ...refused("no-base", "a delta without the dump that it builds on", {}), reorder: (dumps) => dumps.slice(1) },
];
