/** Transactions of a store that wait for their commit or rollback: a migration leaves them out for good, so it must be told to. */
import type { PreparedTransaction, StoreInfo } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";

/** How many are named. */
const MOST_NAMED = 5;

const MIGRATE = "let the program that owns the store commit them or roll them back, then migrate again; --discard-prepared leaves them out";

/**
 * Refuses a store with undecided transactions, unless they are to be left out.
 * @param hint what to do; default: that of a migration
 * @throws {KgdumpError} STORE_PREPARED
 */
export function refusePrepared({ path, preparedTransactions: waiting = [] }: StoreInfo, { discardPrepared, hint = MIGRATE }: { readonly discardPrepared?: boolean | undefined; readonly hint?: string }): void {
  if (waiting.length === 0 || discardPrepared === true) return;
  const named = waiting.slice(0, MOST_NAMED).map(shown).join(", ");
  const more = waiting.length > MOST_NAMED ? `, and ${String(waiting.length - MOST_NAMED)} more` : "";
  throw new KgdumpError("STORE_PREPARED", `${path} has transactions that are prepared and neither committed nor rolled back: ${named}${more}`, {
    path,
    hint,
  });
}

function shown({ name, operations }: PreparedTransaction): string {
  const text = Buffer.from(name).toString("latin1").replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${text}" (${String(operations)} operations)`;
}
