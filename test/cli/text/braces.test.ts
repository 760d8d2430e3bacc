import test from "ava";
import { parseBytes } from "#src/cli/text/byte-text.js";
import { formatBytes } from "#src/cli/text/escape.js";
import { jsonBytes } from "#src/cli/render/json/json.js";

/** What a key is made of, in hex or as text before `+`, how it is shown, and what JSON says of its end. */
const KEYS = [
  ["user:+0000000000000025", "user:{u64:37}", { integer: "37" }],
  ["user:+0000000000000000", "user:{u64:0}", { integer: "0" }],
  ["user:+0000ffffffffffff", "user:{u64:281474976710655}", { integer: "281474976710655" }],
  ["a/b|+00000005", "a/b|{u32:5}", { integer: "5" }],
  ["x#+00ffffff", "x#{u32:16777215}", { integer: "16777215" }],
  ["+0000000000000025", "{u64:37}", { integer: "37" }],
  // 2001-09-09 to the end of 2099.
  ["event/+000000e8d4a51000", "event/{ms:2001-09-09T01:46:40.000Z}", { time: "2001-09-09T01:46:40.000Z" }],
  ["event/+000000e8d4a50fff", "event/{u64:999999999999}", { integer: "999999999999" }],
  ["event/+000003bb2cc3d7ff", "event/{ms:2099-12-31T23:59:59.999Z}", { time: "2099-12-31T23:59:59.999Z" }],
  ["event/+000003bb2cc3d800", "event/{u64:4102444800000}", { integer: "4102444800000" }],
  ["n:+0f8fad5bd9cb469fa16570867728950e", "n:{0f8fad5b-d9cb-469f-a165-70867728950e}", { uuid: "0f8fad5b-d9cb-469f-a165-70867728950e" }],
  ["n/+0f8fad5bd9cb069fa16570867728950e", "n/{0f8fad5b-d9cb-069f-a165-70867728950e}", { uuid: "0f8fad5b-d9cb-069f-a165-70867728950e" }],
  ["+0f8fad5bd9cb469fa16570867728950e", "{0f8fad5b-d9cb-469f-a165-70867728950e}", { uuid: "0f8fad5b-d9cb-469f-a165-70867728950e" }],
  // None of these: too large a number, no separator, no prefix of text, four bytes alone, text.
  ["user:+0001000000000000", "user:\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00", {}],
  ["x#+01000000", "hex:782301000000", {}],
  ["user+0000000000000025", "user\\x00\\x00\\x00\\x00\\x00\\x00\\x00%", {}],
  ["ab\x01:+0000000000000025", "hex:6162013a0000000000000025", {}],
  ["+00000025", "hex:00000025", {}],
  ["+0f8fad5bd9cb069fa16570867728950e", "hex:0f8fad5bd9cb069fa16570867728950e", {}],
] as const;

for (const [parts, shown, told] of KEYS) {
  test(`${shown} is shown, in JSON too, and read back`, (t) => {
    const [prefix = "", raw = ""] = parts.split("+");
    const key = Buffer.concat([Buffer.from(prefix), Buffer.from(raw, "hex")]);
    t.is(formatBytes(key), shown);
    t.is(Buffer.from(parseBytes(shown, "--get")).toString("hex"), key.toString("hex"));
    t.deepEqual(jsonBytes(key), { hex: key.toString("hex"), ...told });
  });
}

for (const [typed, hex] of [
  ["{U64:37}x", "000000000000002578"],
  ["{u64:18446744073709551615}", "ffffffffffffffff"],
  ["a{u32:4294967295}:{u64:1}", "61ffffffff3a0000000000000001"],
  ["{ms:1970-01-01T00:00:00Z}", "0000000000000000"],
  ["{u8:1}", "7b75383a317d"],
  ["\\x7bu64:1}", "7b7536343a317d"],
] as const) {
  test(`'${typed}' is read as ${hex}`, (t) => {
    t.is(Buffer.from(parseBytes(typed, "--get")).toString("hex"), hex);
  });
}

for (const typed of ["{u64:18446744073709551616}", "{u32:4294967296}", "{ms:2026-13-01T00:00:00Z}", "{ms:1969-12-31T23:59:59Z}"]) {
  test(`'${typed}' is no number or time, and is refused`, (t) => {
    t.is(t.throws(() => parseBytes(typed, "--get")).message, `--get '${typed}': there is no such number or time as ${typed}`);
  });
}
