/** The packages with kgdump's addons, one for each platform: their names, and what to say where one is missing. */
import { closeSync, openSync, readSync } from "node:fs";
import { KgdumpError, systemHint } from "./errors.js";

/** The addons that there are: folders in native/, and the middles of their packages' names. */
export const ADDONS = ["blocks", "rocksdb", "sled"] as const;
/** One of them. */
export type AddonName = (typeof ADDONS)[number];

/** What needs each addon. */
const NEEDED_BY: Readonly<Record<AddonName, string>> = { rocksdb: "RocksDB stores need", sled: "sled stores need", blocks: "making dumps and stores needs" };

/** This platform in the names of packages, such as linux-x64-gnu. */
export function platformName(): string {
  const { platform, arch } = process;
  const kind = { linux: usesMusl() ? ["musl"] : ["gnu"], win32: ["msvc"] }[platform as string] ?? [];
  return [platform, arch, ...kind].join("-");
}

/** Whether this Node is linked to musl, as its loader's name tells. Node's own report, which tells it too, takes 30 ms. */
function usesMusl(): boolean {
  if (process.platform !== "linux") return false;
  const program = openSync(process.execPath, "r");
  try {
    return loaderOf((length, offset) => {
      const bytes = Buffer.alloc(length);
      readSync(program, bytes, 0, length, offset);
      return bytes;
    }).includes("/ld-musl-");
  } finally {
    closeSync(program);
  }
}

/** Bytes of a file's head, in it the marks of 64 bits and of little-endian numbers, and a segment that names a loader (elf(5)). */
const [ELF_HEAD, LITTLE_64, INTERPRETER] = [64, "\x7fELF\x02\x01", 3] as const;

/** The path of the loader that a program names, wherever in it the name stands; "" where there is none. @param read bytes of the program */
export function loaderOf(read: (length: number, offset: number) => Buffer): string {
  const head = read(ELF_HEAD, 0);
  if (!head.toString("latin1").startsWith(LITTLE_64)) return "";
  const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)];
  const segments = read(size * count, Number(head.readBigUInt64LE(32)));
  for (let at = 0; at < segments.length; at += size) {
    if (segments.readUInt32LE(at) === INTERPRETER) return read(Number(segments.readBigUInt64LE(at + 32)), Number(segments.readBigUInt64LE(at + 8))).toString("latin1");
  }
  return "";
}

/** The package that has an addon for this platform. */
export function packageOf(addon: AddonName): string {
  return `@kgdump/${addon}-${platformName()}`;
}

/** Where an addon was looked for. */
export interface AddonPlaces {
  /** Packages that there are, and their versions. */
  readonly prebuilt: Readonly<Record<string, string>>;
  /** This platform in their names. */
  readonly platform: string;
  /** Packages of the same addon that are installed, for other platforms. */
  readonly found: readonly string[];
  /** Folder whose node_modules has kgdump; null when it is installed for all of the system. */
  readonly root: string | null;
  /** Where a clone's build would be. */
  readonly built: string;
}

/** The error for an addon that is in none of its places: which package is missing, why, and the command that gets it. */
export function missingAddon(addon: AddonName, { prebuilt, platform, found: [other], root, built }: AddonPlaces): KgdumpError {
  const prefix = `@kgdump/${addon}-`;
  const platforms = Object.keys(prebuilt).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  if (platforms.length === 0) return new KgdumpError("ADDON_MISSING", `the ${addon} addon was not built yet`, { path: built, hint: "run `npm run setup` in kgdump's folder" });
  const need = NEEDED_BY[addon];
  if (!platforms.includes(platform)) {
    const libc = platform.endsWith("-musl") ? " (musl is the C library of Alpine Linux)" : "";
    const hint = `use one of ${platforms.join(", ")}, or \`npm run setup\` in a clone of kgdump, which needs Rust and a C++ compiler; dumps are read without`;
    return new KgdumpError("ADDON_MISSING", `${need} a package for ${platform}${libc}, and there is none`, { hint });
  }
  const own = `${prefix}${platform}`;
  const why = other === undefined ? "npm leaves it out with --omit=optional, or when package-lock.json was made on another system" : `${other} is there, as node_modules was made on another system`;
  return new KgdumpError("ADDON_MISSING", `${need} the package ${own}, which is not installed: ${why}`, { hint: `${installing(own, prebuilt, root)} gets it; dumps are read without` });
}

/** The command that installs a package. */
function installing(name: string, prebuilt: AddonPlaces["prebuilt"], root: string | null): string {
  const wanted = `${name}@${prebuilt[name] ?? ""}`;
  return root === null ? `\`npm install -g ${wanted}\`` : `\`npm install ${wanted}\` in ${root}`;
}

/** What helps, by what the system's loader says of an addon (dlopen(3)). */
const LOADER_SAYS: readonly (readonly [RegExp, string])[] = [
  [/version `(GLIBC|GLIBCXX|CXXABI)_[\d.]+' not found/, "this system's C or C++ library is older than the addon needs: use a newer system, or `npm run setup` in a clone of kgdump here; dumps are read without"],
  [/libstdc\+\+\.so/, "install the C++ library (`apt install libstdc++6`); dumps are read without"],
  [/failed to map segment/, "the file system that it lies on lets nothing be run (noexec): install kgdump on another; dumps are read without"],
];

/** The error for an addon that is there and can't be loaded. @param error what Node threw */
export function unloadableAddon(addon: AddonName, error: unknown, { path, prebuilt, root }: Pick<AddonPlaces, "prebuilt" | "root"> & { readonly path: string }): KgdumpError {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `the ${addon} addon can't be loaded: ${reason}`;
  if (reason.includes("Too many open files")) return new KgdumpError("IO_FAILED", message, { cause: error, path, hint: systemHint("EMFILE") });
  const own = packageOf(addon);
  const again = Object.hasOwn(prebuilt, own) && path.includes(own) ? `${installing(own, prebuilt, root)} installs it again; dumps are read without` : "run `npm run setup` in kgdump's folder";
  return new KgdumpError("ADDON_MISSING", message, { cause: error, path, hint: LOADER_SAYS.find(([said]) => said.test(reason))?.[1] ?? again });
}
