/** What the system says of moving directories, in words. */
import { hasCode, KgdumpError, systemError } from "../../errors.js";

/**
 * Why a store can't be moved.
 * @param error what the system said
 */
export function moveError(error: unknown, from: string, to: string): KgdumpError {
  if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) {
    return new KgdumpError("TARGET_EXISTS", `something created ${to} while ${from} was being moved there`, { cause: error, path: to, hint: "look at what made it, then run this again" });
  }
  return immovable(error, from, to) ?? systemError(error, `moving ${from} to ${to}`, { path: to });
}

/** Why a directory can't be moved at all, nor exchanged with another one; null when the system says something else. */
export function immovable(error: unknown, from: string, to: string): KgdumpError | null {
  if (hasCode(error, "EBUSY")) {
    return new KgdumpError("TARGET_EXISTS", `${from} or ${to} is a mount point, which can't be moved`, { cause: error, path: from, hint: "let the store be a directory within the mounted one" });
  }
  if (!hasCode(error, "EXDEV")) return null;
  return new KgdumpError("IO_FAILED", `${from} can't be moved to ${to}: it is a directory of a container's image, or they are on two file systems`, {
    cause: error,
    path: from,
    hint: "let a copy take the store's place, which can be moved (cp -a STORE COPY && rm -r STORE && mv COPY STORE), then run this again",
  });
}
