/** A time that is given, so that the same input gives the same bytes. */
import { KgdumpError } from "../../errors.js";

/** The time that SOURCE_DATE_EPOCH names; null when it names none. @throws {KgdumpError} USAGE for one that is no number */
export function sourceDateEpoch(): Date | null {
  const text = process.env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return null;
  if (!/^\d{1,12}$/.test(text)) {
    throw new KgdumpError("USAGE", "SOURCE_DATE_EPOCH is not a whole number of seconds", {
      hint: "set it to seconds since 1970, or unset it",
    });
  }
  return new Date(Number(text) * 1000);
}
