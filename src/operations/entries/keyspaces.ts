/** Choosing keyspaces by name, and naming them in messages. */
import { nameSet } from "../../engines/by-name.js";
import { KgdumpError } from "../../errors.js";
import { nameText } from "../../name-text.js";
import { closest } from "../../settings/suggest.js";

export { ByName, byName, nameSet } from "../../engines/by-name.js";
export { nameText } from "../../name-text.js";

/** A keyspace's name as text, or as the bytes that it is. */
export type KeyspaceName = string | Uint8Array;

/** The bytes of a keyspace's name. */
export function nameBytes(name: KeyspaceName): Uint8Array {
  return typeof name === "string" ? Buffer.from(name, "utf8") : name;
}

/** Whether two keyspace names are the same bytes. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The error for a name that is none of those that there are. */
export function unknownKeyspace(wanted: Uint8Array, names: readonly Uint8Array[]): KgdumpError {
  const near = closest(nameText(wanted), names.map(nameText));
  return new KgdumpError("KEYSPACE_UNKNOWN", `there is no keyspace "${nameText(wanted)}"`, {
    keyspace: wanted,
    hint: `${near === undefined ? "" : `did you mean ${near}? `}There are: ${names.map(nameText).join(", ") || "none"}`.replace(/^T/, "t"),
  });
}

/** Which keyspaces to take. Without `only` all are taken. */
export interface KeyspaceSelection {
  readonly only?: readonly KeyspaceName[] | undefined;
  readonly except?: readonly KeyspaceName[] | undefined;
}

/**
 * Tells for each of the given names whether it is selected.
 * @param names names of the keyspaces that there are
 * @throws {KgdumpError} KEYSPACE_UNKNOWN when the selection names one that is not there, or leaves none
 */
export function selectKeyspaces(names: readonly Uint8Array[], selection: KeyspaceSelection): boolean[] {
  const only = selection.only?.map(nameBytes);
  const except = (selection.except ?? []).map(nameBytes);
  const known = nameSet(names);
  const unknown = [...(only ?? []), ...except].find((wanted) => !known.has(wanted));
  if (unknown !== undefined) throw unknownKeyspace(unknown, names);
  const [wanted, unwanted] = [only === undefined ? null : nameSet(only), nameSet(except)];
  const selected = names.map((name) => wanted?.has(name) !== false && !unwanted.has(name));
  if (names.length > 0 && !selected.includes(true)) {
    throw new KgdumpError("KEYSPACE_UNKNOWN", "every keyspace is excluded", { hint: "leave out one --exclude-keyspace" });
  }
  return selected;
}
