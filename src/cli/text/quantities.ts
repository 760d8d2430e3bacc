/** Sizes, counts, rates and durations: read as a person types them, written as a person reads them. */
import prettyBytes from "pretty-bytes";
import { formatCount } from "../../counts.js";
import { KgdumpError } from "../../errors.js";
import { readSize, SIZE_HINT } from "../../settings/size.js";
import { escapeText } from "./escape.js";

/**
 * Reads a size in bytes, such as `4MiB`, `512k`, `1.5 MB`.
 * @param text what was typed
 * @param what the option, for the error
 * @param max the largest size allowed
 * @throws {KgdumpError} USAGE for anything else, for a size below one byte, a part of a byte, or more than `max`
 */
export function parseSize(text: string, what: string, max = Number.MAX_SAFE_INTEGER): number {
  const bytes = readSize(text);
  if (bytes === null) throw new KgdumpError("USAGE", `${what} '${escapeText(text)}' is not a size`, { hint: SIZE_HINT });
  if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > max) {
    throw new KgdumpError("USAGE", `${what} '${escapeText(text)}' is not a whole number of bytes from 1 to ${max.toString()}`, {
      hint: "for example 4MiB",
    });
  }
  return bytes;
}

/**
 * Reads a whole number.
 * @param text what was typed
 * @param what the option, for the error
 * @param range smallest and largest number allowed
 * @throws {KgdumpError} USAGE for anything else
 */
export function parseCount(text: string, what: string, range: { min: number; max?: number } = { min: 1 }): number {
  const max = range.max ?? Number.MAX_SAFE_INTEGER;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < range.min || number > max) {
    const bounds = range.max === undefined ? `of at least ${range.min.toString()}` : `from ${range.min.toString()} to ${max.toString()}`;
    throw new KgdumpError("USAGE", `${what} '${escapeText(text)}' is not a whole number ${bounds}`, {
      ...(/^\d+$/.test(text) ? {} : { hint: `write plain digits, such as ${String(Math.min(1000, max))}` }),
    });
  }
  return number;
}

/** A date, and a time of day with or without its zone. What else `Date` takes, such as `1 2030`, it takes for a day that nobody meant. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Reads a time: seconds since 1970, a date, or `now`. @returns seconds since 1970; NaN, which is refused later, for what is no time */
export function parseTime(text: string): number {
  if (text === "now") return Math.floor(Date.now() / 1000);
  if (/^\d{1,12}$/.test(text)) return Number(text);
  return DATE.test(text) ? Math.floor(Date.parse(text) / 1000) : Number.NaN;
}

/** A count and its noun, such as `1 entry` or `2 entries`. */
export function formatNumberOf(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A size in bytes to three digits, such as `223 MB`. */
export function formatSize(bytes: number): string {
  return prettyBytes(bytes);
}

/** A size that is a power of two at heart, such as `1 MiB`. */
export function formatBlockSize(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

/** A rate in bytes a second, or a dash when no time has passed. */
export function formatRate(bytes: number, seconds: number): string {
  return seconds > 0 ? `${prettyBytes(bytes / seconds)}/s` : "-";
}

/** How big `part` is, in percent of `whole`; a dash when there is no whole. */
export function formatPercent(part: number, whole: number): string {
  return whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : "-";
}

/** A duration, such as `0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "-";
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (number: number): string => number.toString().padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60).toString()} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60).toString()} h ${two(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24).toString()} d ${two(hours % 24)} h`;
}

/** A count in a few characters, such as `999`, `9.46k`, `946k`, `1.23M`. */
export function formatShortCount(count: number): string {
  const units = ["", "k", "M", "G", "T"];
  let [value, unit] = [count, 0];
  // What would be rounded to 1000 is 1 of the next unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(Math.round(value));
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)}${units[unit] ?? ""}`;
}

/** A count, or an estimate of one in no more digits than it is worth, such as `about 9.46k`. */
export function formatAbout(count: number, estimated: boolean): string {
  return estimated ? `about ${formatShortCount(count)}` : formatCount(count);
}

/** How long ago a time was, in its largest unit, such as `3 days ago`; null for one that is still to come. */
export function formatAge(time: Date, now = new Date()): string | null {
  const seconds = (now.getTime() - time.getTime()) / 1000;
  if (seconds < 0) return null;
  const [one, name] = ([[365.25 * 86_400, "year"], [30.44 * 86_400, "month"], [86_400, "day"], [3600, "hour"], [60, "minute"]] as const).find(([unit]) => seconds >= unit) ?? [1, null];
  return name === null ? "a moment ago" : `${formatNumberOf(Math.floor(seconds / one), name, `${name}s`)} ago`;
}

/** An estimate of a time to come, no finer than it can be: `about 8 s`, `about 40 s`, `about 3 min`, `about 2 h 10 min`. */
export function formatTimeLeft(seconds: number): string {
  const near = (value: number, step: number): number => Math.max(step, Math.round(value / step) * step);
  if (seconds < 19.5) return `about ${String(near(seconds, 1))} s`;
  if (seconds < 57.5) return `about ${String(near(seconds, 5))} s`;
  const minutes = seconds < 19.5 * 60 ? near(seconds / 60, 1) : near(seconds / 60, 5);
  if (minutes < 60) return `about ${String(minutes)} min`;
  const coarse = near(seconds / 60, 10);
  const hours = Math.floor(coarse / 60);
  return hours >= 24 ? `about ${String(Math.round(hours / 24))} d` : `about ${String(hours)} h${coarse % 60 === 0 ? "" : ` ${String(coarse % 60)} min`}`;
}
