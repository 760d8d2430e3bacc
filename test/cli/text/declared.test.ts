import test from "ava";
import { parseBytes } from "#src/cli/text/byte-text.js";
import { declareKeys } from "#src/cli/text/declared.js";
import { formatBytes } from "#src/cli/text/escape.js";
import { parseLayoutFile } from "#src/settings/graph-layout-file.js";
import fc from "../../support/properties.js";

const UUID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const UUID_HEX = UUID.replaceAll("-", "");

function shownBy(patterns: readonly string[], key: Uint8Array): string {
  declareKeys(parseLayoutFile(patterns.map((pattern) => `[[keys]]\nkey = '${pattern}'\n`).join(""), "x.toml", false));
  try {
    return formatBytes(key);
  } finally {
    declareKeys({ name: "declared", rules: [], nodeIdsAreUuids: false, edgeIdsAreUuids: false });
  }
}

/** Patterns, a key in hex, and how it is shown. */
const KEYS = [
  [["v/{u64}/{uuid}"], `762f00000000000000252f${UUID_HEX}`, `v/{u64:37}/{${UUID}}`],
  [["v{time:u64}{u64}"], "76000001930000000000000000000000ff", "v{ms:2024-11-06T05:43:40.288Z}{u64:255}"],
  [["v{u64}"], "76ffffffffffffffff", "v{u64:18446744073709551615}"],
  [["{u64}"], "6162636465666768", "{u64:7017280452245743464}"],
  [["{text}\\x00{u64}"], "e79fa5000000000000000001", "知\\x00{u64:1}"],
  [["{text}\\x00{u64}"], "ff27000000000000000001", "\\xff\\x27\\x00{u64:1}"],
  [["a{text}b{u64}"], "61626200000000000000ff", "abb{u64:255}"],
  // The first that fits.
  [["{u64}{u64}", "{uuid}"], UUID_HEX, "{u64:1121305442246149791}{u64:11629825335581250830}"],
  [["{uuid}", "{u64}{u64}"], UUID_HEX, `{${UUID}}`],
  // Others are shown as ever: too short, too long, another text, no text where there is to be one, nothing that stands in braces.
  [["v/{u64}"], "762f000000000000", "hex:762f000000000000"],
  [["v/{u64}"], "762f000000000000002500", "hex:762f000000000000002500"],
  [["w/{u64}"], "762f0000000000000025", "v/{u64:37}"],
  [["{text}\\x00{u64}"], "000000000000000001", "hex:000000000000000001"],
  [["{u64}{text}"], "6162636465666768", "abcdefgh"],
  [["n{text}"], "6e01", "n\\x01"],
  [["n:{uuid-text}"], `6e3a${Buffer.from(UUID).toString("hex")}`, `n:${UUID}`],
  // Text that would be read back as something else.
  [["{text}}{u64}"], "7b7536343a317d0000000000000001", "\\x7bu64:1}{u64:1}"],
  [["hex:{u64}"], "6865783a0000000000000001", "\\x68ex:{u64:1}"],
] as const;

for (const [patterns, hex, shown] of KEYS) {
  test(`${patterns.join(" or ")}: ${hex} is ${shown}, and read back`, (t) => {
    t.is(shownBy(patterns, Buffer.from(hex, "hex")), shown);
    t.is(Buffer.from(parseBytes(shown, "--get")).toString("hex"), hex);
  });
}

test("whatever is declared, what is shown of a key is read back as that key", (t) => {
  const part = fc.constantFrom("{uuid}", "{u64}", "{uuid-text}", "{text}", "{time:u64}", "{", "u64:1", "}", "a", "hex:", "\\x00", "\\xff", "\\\\", "'", "é");
  const bytes = fc.oneof(fc.constantFrom("{", "u64:1", "}", "a", "hex:", "\0", "\\", "é", UUID).map((text) => Buffer.from(text)), fc.constantFrom(8, 16).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })));
  let declared = 0;
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.array(bytes, { maxLength: 5 }), (parts, pieces) => {
      const pattern = parts.map((one) => one.replace(/^\{$/, "\\{").replace("'", "\\x27")).join("");
      const key = new Uint8Array(Buffer.concat(pieces));
      let shown;
      try {
        shown = shownBy([pattern], key);
      } catch {
        return; // It is no pattern.
      }
      if (shown !== formatBytes(key)) declared += 1;
      t.is(Buffer.from(parseBytes(shown, "--get")).toString("hex"), Buffer.from(key).toString("hex"), `${pattern}: ${shown}`);
    }),
    { numRuns: 2000 },
  );
  t.true(declared > 0);
});
