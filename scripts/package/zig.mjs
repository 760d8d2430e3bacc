// @ts-check
/** Zig, which links for another platform, or for an older glibc than that of this machine. */
import { delimiter, join } from "node:path";
import { fromPypi } from "./pypi.mjs";

/**
 * The directories with `cargo-zigbuild` and `zig`, for PATH.
 * @returns {Promise<string>}
 * @throws {import("../setup/setup-error.mjs").SetupError} when it can't be installed
 */
export async function zigPrograms() {
  const entry = await fromPypi("zig");
  return [join(entry, "bin"), join(entry, "ziglang")].join(delimiter);
}
