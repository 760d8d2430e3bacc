/** A call of the library: what is read, or worked on, comes first, then an object of options. */
import { KgdumpError } from "../errors.js";
import { closest } from "../settings/index.js";
import { type Check, isRecord, wrong } from "./checks.js";

/** A check for each option that there is: one that is left out does not compile. */
export type Checks<T> = { readonly [K in keyof T as Exclude<K, "seams">]-?: Check<T[K]> };

type AnyChecks = ReadonlyMap<string, Check<unknown>>;

function listOf<T extends object>(checks: Checks<T>): AnyChecks {
  return new Map(Object.entries<Check<unknown>>(checks));
}

function checkAll(value: unknown, name: string, checks: AnyChecks, itself: string): Record<string, unknown> {
  if (!isRecord(value)) throw wrong(itself, "an object", value);
  for (const option of Object.keys(value)) {
    if (checks.has(option)) continue;
    const known = [...checks.keys()];
    const near = closest(option, known);
    throw new KgdumpError("USAGE", `${name}: there is no option ${option}`, { hint: near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?` });
  }
  const made: Record<string, unknown> = {};
  for (const [option, check] of checks) {
    const checked = check(value[option], `${name}: ${option}`);
    if (checked !== undefined) made[option] = checked;
  }
  return made;
}

/**
 * Looks at an object of options.
 * @param name of what takes them, for errors
 * @returns the options as operations take them; those that were left out are not there
 * @throws {KgdumpError} USAGE for one that is unknown, missing or wrong
 */
export function checkOptions<T extends object>(value: unknown, name: string, checks: Checks<T>): T {
  return checkAll(value, name, listOf(checks), `${name}: options`) as T;
}

/** A group of options within others. */
export function group<T extends object>(checks: Checks<T>): Check<T> {
  const list = listOf(checks);
  return (value, name) => checkAll(value, name, list, name) as T;
}

/**
 * What looks at the arguments of a function.
 * @param name of the function
 * @param subject what is given before the options
 * @returns all of it, as operations take it; it throws a KgdumpError with USAGE for what is wrong
 */
export function argumentsOf<T extends object>(name: string, subject: keyof T & string, checks: Checks<T>): (given: unknown, options?: unknown) => T {
  const list = listOf(checks);
  const first = list.get(subject);
  const others: AnyChecks = new Map([...list].filter(([option]) => option !== subject));
  return (given, options = {}) => {
    // Somebody put all into one object.
    if (isRecord(given) && subject in given) throw wrong(`${name}: ${subject}`, "the first argument by itself", given, `write ${name}(${subject}, { … })`);
    const checked = first?.(given, `${name}: ${subject}`);
    return { ...checkAll(options, name, others, `${name}: options`), [subject]: checked } as T;
  };
}
