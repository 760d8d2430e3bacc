// @ts-check
/** The platforms that packages are made for, and what each is called by those who need to know. */

/**
 * @typedef {object} Platform
 * @property {string} name in the names of packages, as `src/prebuilt.ts` has it
 * @property {string} target Rust's name
 * @property {string} os as Node and npm have it
 * @property {string} cpu
 * @property {"glibc" | "musl" | null} libc as npm has it; null where there is but one
 * @property {string} tools what the names of g++ and objdump for it begin with, on Linux x64
 * @property {import("../setup/release-library.mjs").ReleaseBinary} rocksdb the library of RocksDB's release
 */

/** The oldest glibc that the packages may need: that of Debian 10, RHEL 8 and their like. */
export const OLDEST_GLIBC = "2.28";

/** @type {Readonly<Record<string, Platform>>} */
export const PLATFORMS = {
  "linux-x64-gnu": platform("linux-x64-gnu", "x86_64-unknown-linux-gnu", "linux64", "librocksdbjni-linux64.so"),
  "linux-arm64-gnu": platform("linux-arm64-gnu", "aarch64-unknown-linux-gnu", "linux64", "librocksdbjni-linux-aarch64.so"),
  "linux-x64-musl": platform("linux-x64-musl", "x86_64-unknown-linux-musl", "linux64-musl", "librocksdbjni-linux64-musl.so"),
  "darwin-x64": platform("darwin-x64", "x86_64-apple-darwin", "osx", "librocksdbjni-osx-x86_64.jnilib"),
  "darwin-arm64": platform("darwin-arm64", "aarch64-apple-darwin", "osx", "librocksdbjni-osx-arm64.jnilib"),
};

/**
 * @param {string} name
 * @param {string} target
 * @param {import("../setup/release-library.mjs").Classifier} classifier
 * @param {string} file
 * @returns {Platform}
 */
function platform(name, target, classifier, file) {
  const [os = "", cpu = "", libc] = name.split("-");
  const tools = os === "linux" && cpu === "arm64" ? "aarch64-linux-gnu-" : "";
  return { name, target, tools, os, cpu, libc: libc === undefined ? null : libc === "musl" ? "musl" : "glibc", rocksdb: { classifier, file } };
}
