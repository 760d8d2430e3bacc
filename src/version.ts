/** The program's own version. */
import { readFileSync } from "node:fs";

/** Version of kgdump, as package.json has it. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** What a dump's header says about who wrote it. */
export const PRODUCER = `kgdump ${VERSION}`;
