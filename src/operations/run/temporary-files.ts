/** Temporary files that this process is writing: whatever ends it before its operations could clean up removes them. */

const files = new Map<string, (path: string) => void>();

/** A temporary file is made at this path. @param remove removes it at once, if it is there */
export function beginTemporary(path: string, remove: (path: string) => void): void {
  files.set(path, remove);
}

/** It got its final name, or was removed. */
export function endTemporary(path: string): void {
  files.delete(path);
}

/** Removes them all, at once; what can't be removed is left to the next run. */
export function removeTemporaries(): void {
  for (const [path, remove] of files) {
    try {
      remove(path);
    } catch {
      // The process ends now.
    }
  }
  files.clear();
}
