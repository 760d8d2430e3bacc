/** What `import` and `restore` have in common: how they get at their dump, and how they end. */
import type { Places } from "../../operations/disk/acting.js";
import type { LoadingOptions, LoadingResult } from "../../operations/import/options.js";
import type { Context } from "../context.js";
import { inputsOf, refuseFileAsTarget } from "../inputs.js";
import { type AccessFlags, accessOf } from "../options.js";
import { type Json, jsonDocument } from "../render/json/json.js";
import { mapOf, type Mapping } from "../text/byte-text.js";
import { escapeText } from "../text/escape.js";

/** Their flags. */
export interface LoadingFlags extends AccessFlags {
  readonly input?: string[];
  /** False with `--no-verify`. */
  readonly verify: boolean;
  readonly map?: Mapping[];
  readonly columnFamily?: Uint8Array[];
  readonly excludeColumnFamily?: Uint8Array[];
  readonly maxBlockSize?: number;
  readonly allowGaps?: boolean;
}

/**
 * What the operation is asked for, but for what each command has of its own. From then on root works as the user in whose hands the places are.
 * @throws {KgdumpError} USAGE, PERMISSION_DENIED
 */
export async function loadingOptions(context: Context, command: "import" | "restore", target: string, flags: LoadingFlags, places: Places): Promise<LoadingOptions> {
  const access = accessOf(flags);
  context.workOn(places);
  await refuseFileAsTarget(command, target, flags.input);
  return {
    target,
    input: inputsOf(flags.input, `kgdump ${command} ${escapeText(target)} -i graph.kgd`, context),
    map: mapOf(flags.map),
    keyspaces: flags.columnFamily,
    excludeKeyspaces: flags.excludeColumnFamily,
    verify: flags.verify,
    maxBlockSize: flags.maxBlockSize,
    ...access,
    onWarning: context.onWarning,
    signal: context.signal,
  };
}

/**
 * Shows what became of the dump.
 * @param shown makes the result's JSON, and its text
 * @throws {KgdumpError} RECOVERY_INCOMPLETE when entries are missing in the dump, and that is not allowed
 */
export async function showLoaded(context: Context, result: LoadingResult, { allowGaps }: LoadingFlags, shown: { readonly json: Json; readonly text: () => string }): Promise<void> {
  context.complete();
  for (const warning of result.warnings) context.warn(warning);
  if (context.json) await context.out.write(jsonDocument(shown.json));
  else context.tellResult(shown.text(), shown.json);
  await context.out.flush();
  if (allowGaps === true) return;
  const { requireNoGaps } = await import("../../operations/dump/salvaged.js");
  requireNoGaps(result.missing, result.target);
}
