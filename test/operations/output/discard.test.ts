/** A stream that was discarded keeps no process waiting. */
import { PassThrough } from "node:stream";
import test from "ava";
import { openOutput } from "#src/operations/output/output.js";

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("what waits for a reader's farewell ends with it", async (t) => {
  const before = timers();
  const stream = new PassThrough();
  stream.resume();
  const output = await openOutput(stream, { force: false });
  await output.write([Buffer.from("some")]);
  await output.discard(() => [Buffer.from("last words")]);
  t.is(timers(), before);
  t.true(stream.destroyed);
});
