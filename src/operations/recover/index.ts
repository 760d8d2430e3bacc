/** Recovering a damaged store. */
export type { StoreLoss } from "../../engines/salvage.js";
export { recoverInto, type RecoverIntoOptions } from "./recover-into.js";
export { recoverStore, type RecoverStoreOptions, type RecoverStoreResult, requireWholeStore, type SalvagedKeyspace } from "./recover-store.js";
