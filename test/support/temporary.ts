/** Temporary directories of tests, removed when the test ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** Makes an empty directory that is removed when the test ends, however it ends. */
export async function temporaryDirectory(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
