/** What is said of a salvaged dump: how many entries are missing where that is known, and no number where it is not. */
import test from "ava";
import { addMissing, missingText, requireNoGaps, salvagedWarnings } from "#src/operations/dump/salvaged.js";

test("a sum of which a part is not known is not known", (t) => {
  t.is(addMissing(3, 4), 7);
  t.is(addMissing(null, 4), null);
  t.is(addMissing(3, null), null);
});

test("places and entries are told as they are", (t) => {
  t.is(missingText({ gaps: 1, entries: 3574 }), "3,574 entries are missing in one place");
  t.is(missingText({ gaps: 2, entries: 1 }), "1 entry is missing in 2 places");
  t.is(missingText({ gaps: 2, entries: null }), "entries are missing in 2 places");
});

test("a dump without gaps is no less than a whole one; with gaps it is", (t) => {
  t.notThrows(() => { requireNoGaps({ gaps: 0, entries: 0 }, "/store"); });
  t.throws(() => { requireNoGaps({ gaps: 1, entries: null }, "/store"); }, { code: "RECOVERY_INCOMPLETE" });
  t.deepEqual(salvagedWarnings({ salvaged: null }, { gaps: 0, entries: 0 }), []);
  t.regex(salvagedWarnings({ salvaged: { dumpId: null } }, { gaps: 0, entries: 0 })[0] ?? "", /no entry is known to be missing/);
});
