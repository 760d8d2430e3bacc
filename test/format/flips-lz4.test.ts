import test from "ava";
import { flipEveryBit, tenKilobytes } from "./support/exhaustive.js";

// A file for each codec, so that they run at the same time.
test("lz4: every single flipped bit of 10 KB is an error with a code", async (t) => {
  t.timeout(600_000);
  await flipEveryBit(t, await tenKilobytes("lz4"));
});
