/** Settings of an import from the environment: below flags, above the storage.toml. */
import { KgdumpError } from "../errors.js";
import { readSize, SIZE_HINT } from "./size.js";
import { type SledNumber, type SledSettings, wrongNumber } from "./sled-settings.js";

/** The variables that an import looks at; an empty one counts as not set. */
export const SETTING_VARIABLES = [
  "KGDUMP_CONFIG",
  "KGDUMP_CACHE_CAPACITY",
  "KGDUMP_COMPRESSION",
  "KGDUMP_COMPRESSION_LEVEL",
  "KGDUMP_FLUSH_EVERY_MS",
  "KGDUMP_SEGMENT_SIZE",
] as const;

type Variable = (typeof SETTING_VARIABLES)[number];

const ON = ["1", "true", "yes", "on", "zstd"];
const OFF = ["0", "false", "no", "off", "none"];

/** What the environment says. */
export interface EnvironmentSettings {
  /** The storage.toml to read. */
  readonly config: string | undefined;
  readonly settings: SledSettings;
}

/**
 * Reads the settings in an environment.
 * @throws {KgdumpError} USAGE with the name of the variable
 */
export function environmentSettings(env: Readonly<Record<string, string | undefined>>): EnvironmentSettings {
  const get = (name: Variable): string | undefined => (env[name] === "" ? undefined : env[name]);
  const number = (variable: Variable, name: SledNumber, read: (text: string) => number | null, hint: string): number | undefined => {
    const text = get(variable);
    if (text === undefined) return undefined;
    const value = read(text);
    const wrong = value === null ? "is not of the right form" : wrongNumber(name, value);
    if (value !== null && wrong === null) return value;
    throw new KgdumpError("USAGE", `the environment variable ${variable}, '${text}', ${wrong ?? ""}`, { hint });
  };
  const digits = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null);
  return {
    config: get("KGDUMP_CONFIG"),
    settings: {
      cacheCapacity: number("KGDUMP_CACHE_CAPACITY", "cacheCapacity", readSize, SIZE_HINT),
      compression: switchOf("KGDUMP_COMPRESSION", get("KGDUMP_COMPRESSION")),
      compressionLevel: number("KGDUMP_COMPRESSION_LEVEL", "compressionLevel", digits, "write a level from 1 to 22, such as 5"),
      flushEveryMs: number("KGDUMP_FLUSH_EVERY_MS", "flushEveryMs", digits, "write milliseconds, such as 1000"),
      segmentSize: number("KGDUMP_SEGMENT_SIZE", "segmentSize", readSize, SIZE_HINT),
    },
  };
}

function switchOf(variable: Variable, text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase();
  if (word === undefined) return undefined;
  if (ON.includes(word)) return true;
  if (OFF.includes(word)) return false;
  throw new KgdumpError("USAGE", `the environment variable ${variable}, '${text ?? ""}', is neither on nor off`, { hint: "write true or false" });
}

/** Settings of which the first that has one counts, for each on its own. */
export function layered(...layers: readonly SledSettings[]): SledSettings {
  const first = <Name extends keyof SledSettings>(name: Name): SledSettings[Name] => layers.find((layer) => layer[name] !== undefined)?.[name];
  return {
    cacheCapacity: first("cacheCapacity"),
    compression: first("compression"),
    compressionLevel: first("compressionLevel"),
    flushEveryMs: first("flushEveryMs"),
    segmentSize: first("segmentSize"),
  };
}
