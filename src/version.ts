/** What the program's own package.json says. */
import { readFileSync } from "node:fs";

interface OwnPackage {
  readonly version: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const OWN = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as OwnPackage;

/** Version of kgdump, as package.json has it. */
export const VERSION: string = OWN.version;

/** What a dump's header says about who wrote it. */
export const PRODUCER = `kgdump ${VERSION}`;

/** Packages with native code, made for one platform each, and their versions. A clone has none: it builds its own. */
export const PREBUILT: Readonly<Record<string, string>> = OWN.optionalDependencies ?? {};
