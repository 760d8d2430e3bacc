/** The package with Zstandard's own library as native code, where it can be loaded. */
import { nativeCodeIsOff } from "../addon.js";
import { KgdumpError } from "../errors.js";

const PACKAGE = "@mongodb-js/zstd";

/** What it does, off the main thread. */
export interface ZstdBinding {
  compress(raw: Buffer, level: number): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/**
 * Loads it.
 * @throws {KgdumpError} ADDON_MISSING when it is not there, or not for this platform
 */
export async function loadZstd(): Promise<ZstdBinding> {
  const off = nativeCodeIsOff(`what compresses with zstd (${PACKAGE})`);
  if (off !== undefined) throw off;
  try {
    // The package's own entry (1.2.2) forgets the level on its way to the bindings, so the bindings are called themselves.
    return await import("@mongodb-js/zstd/bindings.js");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new KgdumpError("ADDON_MISSING", `compressing with zstd needs the package ${PACKAGE}, which can't be loaded: ${reason ?? ""}`, { cause, hint: `\`npm install ${PACKAGE}@1.2.2\` gets it; dumps are read without, and lz4 compresses as well` });
  }
}

/** The same; null where it is missing. @throws {KgdumpError} USAGE when the environment makes no sense */
export async function nativeZstd(): Promise<ZstdBinding | null> {
  return loadZstd().catch((error: unknown) => {
    if (error instanceof KgdumpError && error.code === "ADDON_MISSING") return null;
    throw error;
  });
}
