/** What `--version` says. */
import { VERSION } from "../version.js";

/** The version; when verbose, also of what it runs on. */
export function versionText(verbose: boolean): string {
  if (!verbose) return `kgdump ${VERSION}\n`;
  const { versions, platform, arch } = process;
  return `kgdump ${VERSION}\nNode ${versions.node} (V8 ${versions.v8}, zlib ${versions.zlib}) on ${platform} ${arch}\n`;
}
