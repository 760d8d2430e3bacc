/** What takes a dump: the interface that files and streams share. */

/** A place that takes the bytes of one dump. Exactly one of `commit` and `discard` ends it. */
export interface DumpOutput {
  /** Absolute path of the file, or null for a stream. */
  readonly path: string | null;
  /** Where a file's bytes are before `commit`; a stream has none. */
  readonly temporary?: string;
  /** Writes the chunks in order; resolves when more may come, and nothing refers to the chunks' memory any more. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Makes the dump durable and visible. */
  commit(): Promise<void>;
  /**
   * Ends without a dump: a file's bytes are removed, a stream gets the bytes of `last` as its end, so that its reader
   * knows. Never throws: the error that led here is the one to report.
   */
  discard(last: () => readonly Uint8Array[]): Promise<void>;
}
