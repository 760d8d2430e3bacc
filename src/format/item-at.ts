/** Items of lists whose places have been checked before. */

/**
 * The item at a place that the list must have.
 * @param what name of such an item, for the error
 * @throws {TypeError} when it has none there
 */
export function itemAt<T>(list: readonly T[], place: number, what: string): T {
  const item = list[place];
  if (item === undefined) throw new TypeError(`no ${what} ${String(place)}`);
  return item;
}
