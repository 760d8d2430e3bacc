/** What `--version` says. */
import { VERSION } from "../version.js";

/**
 * The version of kgdump, and of what it works with; when verbose, a line for each, with where its native code is.
 * @throws {KgdumpError} USAGE when the environment makes no sense
 */
export async function versionText(verbose: boolean): Promise<string> {
  const { versions, platform, arch } = process;
  const { nativeParts } = await import("../operations/run/native-code.js");
  const parts = (await nativeParts()).map(({ name, version, ...part }) => ({ ...part, name: version === null ? name : `${name} ${version}` }));
  if (!verbose) return `kgdump ${VERSION}\n${[...parts.map(({ name, place, without }) => (place === null ? `${name} ${without}` : name)), `Node ${versions.node}`].join(", ")} on ${platform} ${arch}\n`;
  const lines = parts.map(({ name, place, without, why }) => `${name}: ${place ?? `${without}: ${why ?? ""}`}\n`);
  return `kgdump ${VERSION}\nNode ${versions.node} (V8 ${versions.v8}, zlib ${versions.zlib}) on ${platform} ${arch}\n${lines.join("")}`;
}
