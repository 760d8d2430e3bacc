/** Temporary files that this process is writing: whatever ends it before its operations could clean up removes them. */
import { rmSync } from "node:fs";

const files = new Set<string>();

/** A temporary file is made at this path. */
export function beginTemporary(path: string): void {
  files.add(path);
}

/** It got its final name, or was removed. */
export function endTemporary(path: string): void {
  files.delete(path);
}

/** Removes them all, at once; what can't be removed is left to the next run. */
export function removeTemporaries(): void {
  for (const path of files) {
    try {
      rmSync(path, { force: true });
    } catch {
      // The process ends now.
    }
  }
  files.clear();
}
