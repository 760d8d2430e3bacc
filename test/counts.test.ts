import test from "ava";
import fc from "./support/properties.js";
import { formatCount } from "#src/counts.js";

test("a count has its thousands apart, as the language data of the system writes it", (t) => {
  t.is(formatCount(945_893), "945,893");
  t.is(formatCount(12345678901234567890n), "12,345,678,901,234,567,890");
  fc.assert(fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.bigInt()), (count) => formatCount(count) === count.toLocaleString("en-US")));
});
