/** What holds when a migration ends after the new store got its place, and before all was done: told with whatever ended it. */
import { engineTitle } from "../../../engines/registry.js";
import { KgdumpError, withDetails } from "../../../errors.js";
import { occupantOf } from "../../disk/places.js";
import { shellWord } from "../../disk/shell-word.js";
import { directionOf } from "../direction.js";
import type { Journal } from "../journal.js";

/** Is told that the new store has its place: its path, and what holds, in words, when the migration ends now. */
export type OnInPlace = (path: string, holds: string) => void;

/** What holds behind the switch, and what each command does then. */
export function inPlaceText(journal: Journal): string {
  const { target, step, keyspaces, delta } = journal;
  const left = [
    ...(step === "switching" ? ["the end of the switch"] : []),
    ...(step === "confirming" && keyspaces === null ? ["reading the original once more, whole"] : []),
    ...(step === "confirming" && delta !== null ? ["the delta of what had changed since the dump"] : []),
  ];
  const missing = left.length === 0 ? "" : `; ${left.join(" and ")} ${left.length === 1 ? "is" : "are"} not done yet`;
  const path = shellWord(target);
  const running = step === "switching" ? "" : " and its service can run";
  return (
    `the ${engineTitle(directionOf(journal).to)} store is in place at ${target}${running}${missing}: the same \`kgdump migrate\` again does the rest${step === "switching" ? "" : ", also while the service runs"}; ` +
    `\`kgdump status ${path}\` shows how far it is, and \`kgdump rollback ${path}\` puts the original back`
  );
}

/** An error with what holds in its hint. One that says how the stores differ, and what is not an error of kgdump's own, stays as it is. */
export function withInPlace(error: unknown, journal: Journal): unknown {
  if (!(error instanceof KgdumpError) || error.code === "VERIFY_DIFFERENCE") return error;
  const text = inPlaceText(journal);
  return withDetails(error, { hint: error.hint === undefined ? text : `${error.hint}; ${text}` });
}

/** The same for an error of the switch itself, when the new store has its place although not all was done. */
export async function withSwitched(error: unknown, journal: Journal): Promise<unknown> {
  const found = await occupantOf(journal.target).catch(() => null);
  return found === directionOf(journal).to ? withInPlace(error, journal) : error;
}
