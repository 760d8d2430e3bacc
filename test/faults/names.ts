/** Names in directories. */
import { lstat } from "node:fs/promises";

/** Whether something has this name. */
export async function nameIsThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
