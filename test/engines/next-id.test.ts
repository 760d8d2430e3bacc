/** The id that a dump carries for sled's counter: any that the counter can have, and nothing else. */
import test from "ava";
import { NEXT_ID, nextIdOf } from "#src/engines/next-id.js";

const carried = (text: string): string | undefined => nextIdOf({ source: { options: new Map([[NEXT_ID, text]]) } });

test("ids of 64 bits are carried, whatever their length", (t) => {
  for (const id of ["0", "2000000", "9999999999999999999", "10000000000000000000", "18446744073709551615"]) t.is(carried(id), id);
  for (const other of ["18446744073709551616", "99999999999999999999", "-1", "1e3", "", "0x10", "1.5", " 1"]) t.is(carried(other), undefined, other);
  t.is(nextIdOf({ source: {} }), undefined);
});
