import test from "ava";
import { parseBytes, parseMapping } from "#src/cli/text/byte-text.js";
import { KgdumpError } from "#src/errors.js";

const hex = (text: string): string => Buffer.from(parseBytes(text, "--prefix")).toString("hex");

for (const [typed, expected] of [
  ["node:", "6e6f64653a"],
  ["", ""],
  ["hex:6E6f", "6e6f"],
  ["hex:", ""],
  ["text:hex:00", "6865783a3030"],
  ["text:a\\x00", "615c783030"],
  ["a\\x00b\\xFF", "610062ff"],
  ["\\\\x00", "5c783030"],
  ["\\u{e9}\\u{1f600}", "c3a9f09f9880"],
  ["é", "c3a9"],
  ["\\u{fffd}", "efbfbd"],
  ["HEX:00", "4845583a3030"],
] as const) {
  test(`'${typed}' is read as ${expected || "nothing"}`, (t) => {
    t.is(hex(typed), expected);
  });
}

for (const typed of ["hex:6", "hex:6g", "hex: 6e", "\\x0", "\\n", "a\\", "\\u{}", "\\u{110000}", "\\u{d800}", "\\u{1234567}", "a\ufffd"]) {
  test(`'${typed}' is refused with the option's name and a hint`, (t) => {
    const error = t.throws(() => parseBytes(typed, "--prefix"), { instanceOf: KgdumpError });
    t.is(error.code, "USAGE");
    t.regex(error.message, /^--prefix /);
    t.truthy(error.hint);
  });
}

test("a mapping is split at its first equals sign", (t) => {
  const pair = parseMapping("a\\x3db=c=d");
  t.deepEqual(pair, { from: new Uint8Array(Buffer.from("a=b")), to: new Uint8Array(Buffer.from("c=d")) });
});

for (const typed of ["nodes", "=tree", "nodes="]) {
  test(`mapping '${typed}' is refused`, (t) => {
    t.is(t.throws(() => parseMapping(typed), { instanceOf: KgdumpError }).code, "USAGE");
  });
}
