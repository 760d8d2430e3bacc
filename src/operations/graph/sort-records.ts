/**
 * Sorting records in memory, word by word: numbers made of a word and of the record's place are sorted natively, and records
 * whose words are equal once more by the next (most significant digits first; Knuth, vol. 3, 5.2.5).
 */
import { copyBytes } from "./layout.js";

/** Places up to 2^21 and words of 2^32 fit together into the 2^53 that a number holds exactly. */
const PLACES = 2 ** 21;
/** So few records are put in order one by one. */
const FEW = 24;

/**
 * A copy of the records in byte order.
 * @param records whole records
 * @param size bytes of one, a multiple of four
 */
export function sortRecords(records: Buffer, size: number): Buffer {
  const count = records.length / size;
  if (count > PLACES) return sortHalves(records, size);
  const sorted = Buffer.allocUnsafeSlow(records.length);
  const order = new Float64Array(count);
  for (let place = 0; place < count; place++) order[place] = place;
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  new WordSort(view, size, order).sort(0, count, 0);
  for (let place = 0; place < count; place++) {
    copyBytes(records, (order[place] ?? 0) * size, sorted, place * size, size);
  }
  return sorted;
}

/** More records than places: both halves, merged. */
function sortHalves(records: Buffer, size: number): Buffer {
  const middle = Math.floor(records.length / size / 2) * size;
  const [a, b] = [sortRecords(records.subarray(0, middle), size), sortRecords(records.subarray(middle), size)];
  const merged = Buffer.allocUnsafeSlow(records.length);
  for (let at = 0, i = 0, j = 0; at < merged.length; at += size) {
    const first = j >= b.length || (i < a.length && a.compare(b, j, j + size, i, i + size) <= 0);
    if (first) i += a.copy(merged, at, i, i + size);
    else j += b.copy(merged, at, j, j + size);
  }
  return merged;
}

/** Puts the places of records in the order of the records. */
class WordSort {
  readonly #view: DataView;
  readonly #size: number;
  readonly #order: Float64Array;

  constructor(view: DataView, size: number, order: Float64Array) {
    this.#view = view;
    this.#size = size;
    this.#order = order;
  }

  /** Sorts `order` from `from` to `to` by the words from `word` on, a byte offset; those before it are equal. */
  sort(from: number, to: number, word: number): void {
    if (to - from < 2 || word >= this.#size) return;
    if (to - from <= FEW) {
      this.#insert(from, to, word);
      return;
    }
    const order = this.#order;
    const part = order.subarray(from, to);
    for (let i = 0; i < part.length; i++) {
      const place = part[i] ?? 0;
      part[i] = this.#word(place, word) * PLACES + place;
    }
    part.sort();
    let begin = from;
    let current = Math.floor((order[from] ?? 0) / PLACES);
    for (let i = from; i < to; i++) {
      const both = order[i] ?? 0;
      const value = Math.floor(both / PLACES);
      order[i] = both - value * PLACES;
      if (value === current) continue;
      this.sort(begin, i, word + 4);
      begin = i;
      current = value;
    }
    this.sort(begin, to, word + 4);
  }

  #insert(from: number, to: number, word: number): void {
    const order = this.#order;
    for (let i = from + 1; i < to; i++) {
      const place = order[i] ?? 0;
      let j = i;
      for (; j > from && this.#isAfter(order[j - 1] ?? 0, place, word); j--) order[j] = order[j - 1] ?? 0;
      order[j] = place;
    }
  }

  #isAfter(a: number, b: number, word: number): boolean {
    for (let at = word; at < this.#size; at += 4) {
      const difference = this.#word(a, at) - this.#word(b, at);
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  #word(place: number, at: number): number {
    return this.#view.getUint32(place * this.#size + at);
  }
}
