// @ts-check
/** Temporary directories of the tests of scripts, which run without what TypeScript makes of test/support. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes an empty directory that is removed when the test ends, however it ends.
 * @param {import("ava").ExecutionContext} t
 */
export async function temporaryDirectory(t) {
  const path = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
