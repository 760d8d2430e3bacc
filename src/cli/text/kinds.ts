/** Kinds of values as a person reads them; those with a question mark are guesses. */
import type { ValueKind } from "../../operations/stats/results.js";

/** What each kind is called. */
export const KIND_NAMES: Readonly<Record<ValueKind, string>> = {
  deleted: "deleted", empty: "empty", "json-object": "JSON object", "json-array": "JSON array", "json-other": "JSON", text: "text", "integer-8": "1 byte", "integer-16": "2 bytes",
  "integer-32": "4 bytes", "integer-64": "8 bytes", uuid: "UUID", msgpack: "msgpack", protobuf: "protobuf?", bincode: "bincode?", binary: "binary",
};
