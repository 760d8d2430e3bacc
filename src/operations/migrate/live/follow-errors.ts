/** What may be wrong while a copy is brought up to date. */
import type { EntrySource } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { nameText } from "../../entries/keyspaces.js";

/** The copy is not what it should be. */
export function different(name: Uint8Array, what: string): KgdumpError {
  return new KgdumpError("VERIFY_DIFFERENCE", `the new store is wrong in "${nameText(name)}": ${what}`, {
    keyspace: name,
    hint: "nothing was switched: check the disk and the memory of this machine, then migrate again",
  });
}

/** The original is not what the new store was made equal to, which is in place already. */
export function notCarriedOver(name: Uint8Array, what: string): KgdumpError {
  return new KgdumpError("VERIFY_DIFFERENCE", what, { keyspace: name, hint: "the new store is in place without that change: stop the service, and go back with kgdump rollback" });
}

/** Whether a keyspace has any entry. */
export async function hasEntries(store: EntrySource, name: Uint8Array, { signal }: { readonly signal?: AbortSignal | undefined }): Promise<boolean> {
  for await (const block of store.scan(name, { blockSize: 4096, limit: 1, signal })) {
    block.release();
    return true;
  }
  return false;
}

/** A keyspace that had no entries, and so no tree, has some. */
export function filled(name: Uint8Array): KgdumpError {
  return new KgdumpError("USAGE", `"${nameText(name)}", which had no entries, has some now, and --map gave its tree to another one`, {
    keyspace: name,
    hint: "migrate again, and give it a tree of its own with --map",
  });
}

/** A keyspace was recreated. */
export function otherOrder(name: Uint8Array): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", `"${nameText(name)}" was recreated with a different key order while the store was copied`, {
    keyspace: name,
    hint: "nothing was switched: migrate again",
  });
}
