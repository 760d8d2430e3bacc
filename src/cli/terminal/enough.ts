/**
 * How the reader of a pipe tells the writer that it had enough. The system tells a writer only that nobody reads any more: that a reader was killed looks the
 * same. The word is the sticky bit in the mode of the pipe, which both ends see, and which means nothing there. A pipe with a name is a file of somebody's, and
 * is left as it is; nor is there such a word where /proc is missing, or through a program between the two.
 */
import { fchmodSync, fstatSync, readlinkSync } from "node:fs";

const ENOUGH = 0o1000;

/** The exit code of a command whose reader had enough: that of a program which SIGPIPE ended. It is not 0, as less was written than there is. */
export const HAD_ENOUGH = 141;

/** Tells the writer of a pipe, before it is closed, that no more is wanted. */
export function sayEnough(fd: number): void {
  try {
    if (isNameless(fd)) fchmodSync(fd, (fstatSync(fd).mode & 0o7777) | ENOUGH);
  } catch {
    // The pipe was made by another user: its writer is told what it would be told else.
  }
}

/** Whether the reader of a pipe said, before it closed it, that it had enough. */
export function saidEnough(fd: number): boolean {
  try {
    return isNameless(fd) && (fstatSync(fd).mode & ENOUGH) !== 0;
  } catch {
    return false;
  }
}

function isNameless(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd.toString()}`).startsWith("pipe:");
}
