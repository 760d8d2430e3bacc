/** What is said of a path at which nothing is: the same path with the name that was meant, whichever part of it is wrong. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { missingHint, similarPath } from "#src/operations/disk/missing.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a mistake in any part of a path is found, and what follows it is kept", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (...names: string[]): string => join(directory, ...names);
  await mkdir(at("services", "maya"), { recursive: true });
  for (const [wrong, right] of [[["servics"], ["services"]], [["servics", "maya"], ["services", "maya"]], [["servics", "maya", "graph"], ["services", "maya", "graph"]], [["services", "mya", "graph"], ["services", "maya", "graph"]]] as const) {
    t.is(await similarPath(at(...wrong)), at(...right));
    t.is(await missingHint(at(...wrong)), `did you mean ${at(...right)}?`);
  }
  t.is(await similarPath(at("something", "else")), null);
  t.is(await missingHint(at("something")), "check the path, and that its volume is mounted");
  t.regex(await missingHint(at("something", "else")), /: \S+something does not exist either$/);
});
