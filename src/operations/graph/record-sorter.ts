/**
 * Sorting more records of one fixed size than memory holds: runs that fit are sorted and written to a temporary file, and
 * merged as they are read (external merge sort; Knuth, The Art of Computer Programming, vol. 3, 5.4).
 */
import { compareBytes, copyBytes } from "./layout.js";
import { RunFile } from "./run-file.js";
import { sortRecords } from "./sort-records.js";

/** Bytes of a record: a multiple of four, as they are compared in words of 32 bits. */
export const RECORD_BYTES = 36;

/** Records of a run; 18 MiB. */
const RUN_RECORDS = 512 * 1024;
/** Bytes of all runs together that are held while they are merged, unless there are so many that each has too few. */
const MERGE_BYTES = 16 * 1024 * 1024;
const LEAST_RECORDS_READ = 128;

interface Run {
  readonly start: number;
  readonly end: number;
}

/** Takes records in any order and gives them back in byte order, each as often as it came. */
export class RecordSorter implements AsyncDisposable {
  readonly #runRecords: number;
  readonly #runs: Run[] = [];
  #file: RunFile | null = null;
  #buffer: Buffer;
  #count = 0;
  #closed = false;

  /** @param runRecords records that are held in memory */
  constructor(runRecords = RUN_RECORDS) {
    this.#runRecords = runRecords;
    this.#buffer = Buffer.alloc(Math.min(runRecords, 1024) * RECORD_BYTES);
  }

  /** Whether `flush` must be awaited before the next `add`. */
  get full(): boolean {
    return this.#count >= this.#runRecords;
  }

  /** Room for one more record, all zero: its place in `buffer`. `buffer` may be another one after each call. */
  add(): number {
    const at = this.#count * RECORD_BYTES;
    if (at === this.#buffer.length) {
      // It begins small, as most graphs have no problems; one entry may bring more records than are left.
      const larger = Buffer.alloc(this.#buffer.length * 2);
      this.#buffer.copy(larger);
      this.#buffer = larger;
    }
    this.#count += 1;
    return at;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Writes what is held as a run. @throws {KgdumpError} NO_SPACE, IO_FAILED, … */
  async flush(): Promise<void> {
    if (this.#count === 0) return;
    this.#file ??= await RunFile.create();
    const start = this.#file.length;
    await this.#file.append(this.#take());
    this.#runs.push({ start, end: this.#file.length });
    this.#buffer.fill(0, 0, this.#count * RECORD_BYTES);
    this.#count = 0;
  }

  /**
   * Yields all records in byte order, as a buffer that holds whole records and is valid until the next is asked for. Nothing may be added any
   * more; it may be called again.
   * @throws {KgdumpError} NO_SPACE, IO_FAILED, …
   */
  async *sorted(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#closed) throw new TypeError("the records were given up");
    if (this.#file === null) {
      this.#buffer = this.#take();
      this.#count = this.#buffer.length / RECORD_BYTES;
      if (this.#count > 0) yield this.#buffer;
      return;
    }
    await this.flush();
    this.#buffer = Buffer.alloc(0);
    yield* mergeRuns(this.#file, this.#runs);
  }

  /** Gives memory and disk back; a second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#buffer = Buffer.alloc(0);
    await this.#file?.[Symbol.asyncDispose]();
    this.#file = null;
  }

  #take(): Buffer {
    return sortRecords(this.#buffer.subarray(0, this.#count * RECORD_BYTES), RECORD_BYTES);
  }
}

/** Reads one run piece by piece. */
class RunReader {
  readonly #file: RunFile;
  readonly #piece: Buffer;
  #next: number;
  readonly #end: number;
  #length = 0;
  /** Place of the current record in `piece`. */
  at = 0;

  constructor(file: RunFile, run: Run, pieceBytes: number) {
    this.#file = file;
    this.#piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, run.end - run.start));
    this.#next = run.start;
    this.#end = run.end;
  }

  get piece(): Buffer {
    return this.#piece;
  }

  /** Moves on within the piece; false when `fill` has to be awaited. */
  step(): boolean {
    this.at += RECORD_BYTES;
    return this.at < this.#length;
  }

  /** Reads the next piece; false at the end of the run. */
  async fill(): Promise<boolean> {
    this.#length = Math.min(this.#piece.length, this.#end - this.#next);
    this.at = 0;
    if (this.#length === 0) return false;
    await this.#file.read(this.#piece.subarray(0, this.#length), this.#next);
    this.#next += this.#length;
    return true;
  }

  /** Whether its record comes before that of another run. */
  isBefore(other: RunReader): boolean {
    return compareBytes(this.#piece, this.at, other.piece, other.at, RECORD_BYTES) < 0;
  }
}

async function* mergeRuns(file: RunFile, runs: readonly Run[]): AsyncGenerator<Buffer, void, undefined> {
  const records = Math.max(LEAST_RECORDS_READ, Math.floor(MERGE_BYTES / runs.length / RECORD_BYTES));
  const heap: RunReader[] = [];
  for (const run of runs) {
    const reader = new RunReader(file, run, records * RECORD_BYTES);
    if (await reader.fill()) heap.push(reader);
  }
  for (let place = heap.length >> 1; place >= 0; place--) sink(heap, place);
  const out = Buffer.allocUnsafeSlow(1024 * RECORD_BYTES);
  let length = 0;
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    copyBytes(first.piece, first.at, out, length, RECORD_BYTES);
    length += RECORD_BYTES;
    if (!first.step() && !(await first.fill())) {
      const last = heap.pop();
      if (last !== undefined && last !== first) heap[0] = last;
    }
    sink(heap, 0);
    if (length < out.length) continue;
    yield out;
    length = 0;
  }
  if (length > 0) yield out.subarray(0, length);
}

/** Lets the reader at `place` of the heap sink until none below it comes before it. */
function sink(heap: RunReader[], place: number): void {
  for (;;) {
    const moving = heap[place];
    if (moving === undefined) return;
    let least = 2 * place + 1;
    const [left, right] = [heap[least], heap[least + 1]];
    if (left === undefined) return;
    if (right?.isBefore(left) === true) least += 1;
    const lower = heap[least];
    if (lower?.isBefore(moving) !== true) return;
    heap[place] = lower;
    heap[least] = moving;
    place = least;
  }
}
