/** What a store holds, to be compared with another one. */
import type { EntrySource } from "../../../engines/store.js";
import { nameText } from "../../entries/keyspaces.js";
import type { KeyspaceDigest } from "../../entries/store-scan.js";
import type { OnProgress } from "../../run/progress.js";
import { StoreReference } from "../../verify/reference.js";

/** Number and digest of the entries of each keyspace, by its name in hexadecimal. */
export type Digests = ReadonlyMap<string, string>;

/** Those of a store, all of which is read. @throws {KgdumpError} STORE_*, IO_FAILED @throws the signal's reason when it aborts */
export async function digestsOf(source: EntrySource, options: { readonly onProgress?: OnProgress | undefined; readonly signal?: AbortSignal | undefined }): Promise<Digests> {
  const reference = new StoreReference(source, options);
  for await (const { blocks } of reference.keyspaces()) while ((await blocks.next()).done !== true) continue;
  return hexDigests(reference.digests());
}

/** Those of what was read already. */
export function hexDigests(keyspaces: readonly KeyspaceDigest[]): Digests {
  return new Map(keyspaces.map(({ name, entries, digest }) => [Buffer.from(name).toString("hex"), `${entries.toString()} ${digest}`]));
}

/** Name of the first keyspace in which two stores differ, as text; null when there is none. */
export function firstDifference(one: Digests, other: Digests): string | null {
  const found = [...new Set([...one.keys(), ...other.keys()])].find((name) => one.get(name) !== other.get(name));
  return found === undefined ? null : nameText(Buffer.from(found, "hex"));
}
