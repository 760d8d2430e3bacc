import test from "ava";
import type { Journal } from "#src/operations/migrate/journal.js";
import { inPlaceText } from "#src/operations/migrate/switch/in-place.js";

const END = "`kgdump status /kg` shows how far it is, and `kgdump rollback /kg` puts the original back";
const REST = "the same `kgdump migrate` again does the rest";
const SERVICE = "the sled store is in place at /kg and its service can run";

test("what is not done yet is told, and whether the service can run already", (t) => {
  const table: readonly (readonly [step: Journal["step"], compared: boolean, delta: string | null, text: string])[] = [
    ["switching", true, null, `the sled store is in place at /kg; the end of the switch is not done yet: ${REST}; ${END}`],
    ["switching", false, "/d", `the sled store is in place at /kg; the end of the switch is not done yet: ${REST}; ${END}`],
    ["confirming", false, null, `${SERVICE}; reading the original once more, whole is not done yet: ${REST}, also while the service runs; ${END}`],
    ["confirming", true, "/d", `${SERVICE}; the delta of what had changed since the dump is not done yet: ${REST}, also while the service runs; ${END}`],
    ["confirming", false, "/d", `${SERVICE}; reading the original once more, whole and the delta of what had changed since the dump are not done yet: ${REST}, also while the service runs; ${END}`],
    ["done", true, "/d", `${SERVICE}: ${REST}, also while the service runs; ${END}`],
  ];
  for (const [step, compared, delta, text] of table) {
    t.is(inPlaceText({ version: 1, target: "/kg", step, keyspaces: compared ? [] : null, delta } as unknown as Journal), text);
  }
});
