export * from "./codec.js";
export * from "./key-order.js";
export * from "./limits.js";
export type * from "./types.js";
