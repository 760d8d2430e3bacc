/** How a graph lies in a store: which keys are its nodes, edges and lists, and where ids, labels and times stand in keys and values. */

/** How something is written in a key: 16 bytes of a UUID, its text in lower case, 8 bytes of a big-endian number, or text up to what follows. */
export type GraphForm = "uuid" | "uuid-text" | "u64" | "text";

/** What stands at a place of a key; `any` does not matter. */
export type GraphField = "id" | "from" | "to" | "label" | "time" | "any";

/** A part of a key: bytes that are always the same, or a field. */
export type GraphKeyPart = { readonly literal: Uint8Array } | { readonly name: GraphField; readonly form: GraphForm };

/** What a record of the graph is: lists name the edges that start at a node, or those that end there. */
export type GraphRecordKind = "node" | "edge" | "outgoing" | "incoming";

/** One kind of record. Paths lead to fields of a value that is JSON. */
export interface GraphRule {
  readonly kind: GraphRecordKind;
  readonly key: readonly GraphKeyPart[];
  readonly id?: readonly string[] | undefined;
  readonly from?: readonly string[] | undefined;
  readonly to?: readonly string[] | undefined;
  readonly label?: readonly string[] | undefined;
  readonly time?: readonly string[] | undefined;
  /** A list of objects with `key`, a string, and `value`. */
  readonly properties?: readonly string[] | undefined;
}

/** How a graph lies in a store. */
export interface GraphLayout {
  /** "maya": the built-in one. */
  readonly name: "maya" | "declared";
  readonly rules: readonly GraphRule[];
  /** Other keys, which are only shown as what they are made of. */
  readonly keys?: readonly (readonly GraphKeyPart[])[] | undefined;
  /** Every id of a node is a UUID, and so is every id of an edge. */
  readonly nodeIdsAreUuids: boolean;
  readonly edgeIdsAreUuids: boolean;
}

/** A layout of these rules. */
export function layoutOf(name: GraphLayout["name"], rules: readonly GraphRule[]): GraphLayout {
  return { name, rules, nodeIdsAreUuids: areUuids(rules.flatMap(nodeForms)), edgeIdsAreUuids: areUuids(rules.filter(({ kind }) => kind === "edge").map((rule) => formOf(rule, "id"))) };
}

/** How a field is written in keys; null when it is not there. */
export function formOf({ key }: GraphRule, name: GraphField): GraphForm | null {
  for (const part of key) if ("name" in part && part.name === name) return part.form;
  return null;
}

/** How ids of nodes are written in the keys of a rule; null for one whose id stands in the value. */
function nodeForms(rule: GraphRule): (GraphForm | null)[] {
  if (rule.kind !== "edge") return [formOf(rule, "id")];
  return [formOf(rule, "from"), formOf(rule, "to")].filter((form) => form !== null);
}

/** In a value a UUID is a text like any other, so that keys tell. */
function areUuids(forms: readonly (GraphForm | null)[]): boolean {
  return forms.length > 0 && forms.every((form) => form === "uuid" || form === "uuid-text");
}

const literal = (text: string): GraphKeyPart => ({ literal: Buffer.from(text) });
const field = (name: GraphField, form: GraphForm): GraphKeyPart => ({ name, form });

/**
 * MAYA's layout, whatever the keyspace:
 *
 *     node:{uuid}                           JSON {id, label, properties: [{key, value}], created_at, updated_at}
 *     edge:{uuid}                           JSON {id, label, source, target, properties, created_at}
 *     node_edges:{uuid-text}:outgoing       JSON list of the ids of edges that start at the node
 *     node_edges:{uuid-text}:incoming       the same of those that end at it
 */
export const MAYA_LAYOUT: GraphLayout = layoutOf("maya", [
  { kind: "node", key: [literal("node:"), field("id", "uuid")], id: ["id"], label: ["label"], time: ["created_at"], properties: ["properties"] },
  { kind: "edge", key: [literal("edge:"), field("id", "uuid")], id: ["id"], label: ["label"], from: ["source"], to: ["target"], time: ["created_at"], properties: ["properties"] },
  { kind: "outgoing", key: [literal("node_edges:"), field("id", "uuid-text"), literal(":outgoing")] },
  { kind: "incoming", key: [literal("node_edges:"), field("id", "uuid-text"), literal(":incoming")] },
]);
