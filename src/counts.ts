/** Counts as a person reads them, in results and in warnings alike. */

/**
 * A count with thousands apart, such as `945,893`. By hand: `toLocaleString` loads the language data of the system, which takes
 * longer than most commands.
 */
export function formatCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(?:\d{3})+$)/g, ",");
}
