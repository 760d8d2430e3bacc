import test from "ava";
import { readSize } from "#src/settings/size.js";

test("each unit is what it says, in any case, and what is no size is none", (t) => {
  const units = { "": 1, B: 1, k: 1024, KiB: 1024, kB: 1000, M: 1024 ** 2, MiB: 1024 ** 2, MB: 1000 ** 2, G: 1024 ** 3, GiB: 1024 ** 3, GB: 1000 ** 3 };
  for (const [unit, bytes] of Object.entries(units)) {
    for (const text of [`3${unit}`, ` 3 ${unit.toLowerCase()} `, `3${unit.toUpperCase()}`]) t.is(readSize(text), 3 * bytes, text);
    t.is(readSize(`2.5${unit}`), 2.5 * bytes, unit);
  }
  for (const text of ["", "M", "-1", "1e3", "1 T", "1.M", "0x10", "1M1"]) t.is(readSize(text), null, text);
});
