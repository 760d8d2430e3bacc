/** A quota that is used up: libuv does not know that error, so Node gives it without a name. */
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

test("another error without a name stays as it is", (t) => {
  const error = systemError(unnamed(constants.errno.ESTALE), "writing /x");
  t.is(error.code, "IO_FAILED");
  t.regex(error.message, /^writing \/x: Unknown system error/);
});
