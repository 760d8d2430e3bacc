/** What `--version` says. */
import { VERSION } from "../version.js";

/**
 * The version; when verbose, also of what it runs on, and which native code there is.
 * @throws {KgdumpError} USAGE when the environment makes no sense
 */
export async function versionText(verbose: boolean): Promise<string> {
  if (!verbose) return `kgdump ${VERSION}\n`;
  const { versions, platform, arch } = process;
  const { nativeParts } = await import("../operations/run/native-code.js");
  const parts = (await nativeParts()).map(({ name, place, without, why }) => `${name}: ${place ?? `${without}: ${why ?? ""}`}\n`);
  return `kgdump ${VERSION}\nNode ${versions.node} (V8 ${versions.v8}, zlib ${versions.zlib}) on ${platform} ${arch}\n${parts.join("")}`;
}
