/** Errors of the system that libuv does not know, such as a quota that is used up: Node gives them without a name. */
import { constants } from "node:os";
import test from "ava";
import { systemError } from "#src/errors.js";

/** The error as Node throws it. */
function unnamed(errno: number): Error {
  const name = `Unknown system error -${errno}`;
  return Object.assign(new Error(`${name}: ${name}, fsync`), { errno: -errno, code: name, syscall: "fsync" });
}

test("a quota that is used up is no space", (t) => {
  const error = systemError(unnamed(constants.errno.EDQUOT), "writing /x");
  t.is(error.code, "NO_SPACE");
  t.is(error.exitCode, 5);
  t.is(error.message, "writing /x: disk quota exceeded (EDQUOT)");
});

test("a file system that is gone", (t) => {
  const error = systemError(unnamed(constants.errno.ESTALE), "writing /x", { hint: "make room" });
  t.deepEqual([error.code, error.message, error.hint], ["IO_FAILED", "writing /x: stale file handle (ESTALE)", "the file system that it was on is gone: mount it again"]);
});

test("another error without a name stays as it is", (t) => {
  const error = systemError(unnamed(constants.errno.EMULTIHOP), "writing /x");
  t.is(error.code, "IO_FAILED");
  t.regex(error.message, /^writing \/x: Unknown system error/);
});
