/**
 * The one error type that kgdump throws, its codes, and the exit code of each.
 *
 * A code is part of the public interface: it changes only with a major version. Messages may change at any time.
 * The exit codes are documented in docs/commands.md and in `kgdump --help`.
 */
import { constants } from "node:os";
import { nameText } from "./name-text.js";

/** Exit codes of the program, by meaning. */
export const ExitCode = {
  done: 0,
  other: 1,
  usage: 2,
  damagedDump: 3,
  difference: 4,
  noSpace: 5,
  inUse: 6,
  unreadableStore: 7,
} as const;

/** Each error code and the exit code that a command which ends with it has. */
export const EXIT_CODE_OF = {
  // The caller's words
  USAGE: ExitCode.usage,
  KEYSPACE_UNKNOWN: ExitCode.usage,
  CONFIG_INVALID: ExitCode.usage,
  // The dump (the format's own codes are listed in format-spec/)
  DUMP_NOT_A_DUMP: ExitCode.damagedDump,
  DUMP_VERSION_UNSUPPORTED: ExitCode.damagedDump,
  DUMP_TRUNCATED: ExitCode.damagedDump,
  DUMP_ABORTED: ExitCode.damagedDump,
  DUMP_FRAME_DAMAGED: ExitCode.damagedDump,
  DUMP_CHECKSUM_MISMATCH: ExitCode.damagedDump,
  DUMP_FRAME_FOREIGN: ExitCode.damagedDump,
  DUMP_SEQUENCE_BROKEN: ExitCode.damagedDump,
  DUMP_FRAME_MISPLACED: ExitCode.damagedDump,
  DUMP_FRAME_UNKNOWN: ExitCode.damagedDump,
  DUMP_MALFORMED: ExitCode.damagedDump,
  DUMP_LIMIT_EXCEEDED: ExitCode.damagedDump,
  DUMP_CODEC_UNKNOWN: ExitCode.damagedDump,
  DUMP_BLOCK_DAMAGED: ExitCode.damagedDump,
  DUMP_ENTRIES_MALFORMED: ExitCode.damagedDump,
  DUMP_ORDER_BROKEN: ExitCode.damagedDump,
  DUMP_TOTALS_MISMATCH: ExitCode.damagedDump,
  DUMP_DIGEST_MISMATCH: ExitCode.damagedDump,
  DUMP_INDEX_WRONG: ExitCode.damagedDump,
  DUMP_GAP_WRONG: ExitCode.damagedDump,
  DUMP_TAIL_DAMAGED: ExitCode.damagedDump,
  DUMP_TRAILING_DATA: ExitCode.damagedDump,
  RECOVERY_INCOMPLETE: ExitCode.damagedDump,
  // The store
  STORE_NOT_FOUND: ExitCode.other,
  STORE_NOT_RECOGNIZED: ExitCode.unreadableStore,
  STORE_IN_USE: ExitCode.inUse,
  STORE_MOVING: ExitCode.inUse,
  STORE_DAMAGED: ExitCode.unreadableStore,
  STORE_LOG_DAMAGED: ExitCode.unreadableStore,
  STORE_COMPARATOR_UNSUPPORTED: ExitCode.unreadableStore,
  STORE_MERGE_OPERATOR: ExitCode.unreadableStore,
  STORE_TTL: ExitCode.unreadableStore,
  STORE_PREPARED: ExitCode.unreadableStore,
  STORE_TIMESTAMPS: ExitCode.unreadableStore,
  STORE_WIDE_COLUMNS: ExitCode.unreadableStore,
  STORE_ENCRYPTED: ExitCode.unreadableStore,
  STORE_UNSUPPORTED: ExitCode.unreadableStore,
  STORE_SETTINGS_MISMATCH: ExitCode.other,
  STORE_FAILED: ExitCode.other,
  // The target and the output
  TARGET_EXISTS: ExitCode.other,
  KEY_EXISTS: ExitCode.other,
  OUTPUT_EXISTS: ExitCode.other,
  // The migration
  MIGRATION_JOURNAL_DAMAGED: ExitCode.other,
  MIGRATION_UNCLEAR: ExitCode.other,
  ROLLBACK_LOSES_DATA: ExitCode.difference,
  VERIFY_DIFFERENCE: ExitCode.difference,
  DELTA_BASE_DIFFERENT: ExitCode.difference,
  // The system
  NO_SPACE: ExitCode.noSpace,
  PERMISSION_DENIED: ExitCode.other,
  NOT_FOUND: ExitCode.other,
  BROKEN_PIPE: ExitCode.other,
  IO_FAILED: ExitCode.other,
  ADDON_MISSING: ExitCode.other,
  INTERNAL: ExitCode.other,
} as const satisfies Record<string, number>;

/** A stable error code. */
export type ErrorCode = keyof typeof EXIT_CODE_OF;

/** Something wrong in a settings file. Line and column count from 1, columns in characters. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** What is wrong and, if it is known, what was meant. */
  readonly message: string;
}

/** What a rollback that leaves out what is new would leave behind. */
export interface DiscardLoss {
  /** When the new store was last found equal to the original: what was written since, in ISO 8601. */
  readonly since: string;
  /** Where the original is, which would be put back. */
  readonly original: string;
  /** Entries that it holds; null when that is not known. */
  readonly entries: number | null;
}

/** What an error may carry besides its message: all of it optional, all of it for people and programs alike. */
export interface ErrorDetails {
  /** The error that led to this one. */
  cause?: unknown;
  /** What the user can do next, as a sentence. */
  hint?: string | undefined;
  /** The file or directory that the error is about. */
  path?: string | undefined;
  /** Byte offset within the dump at which the problem starts. */
  offset?: number | undefined;
  /** Number of the block (0-based, over the whole dump) that the problem is in. */
  block?: number | undefined;
  /** Name of the keyspace, as bytes. */
  keyspace?: Uint8Array | undefined;
  /** With CONFIG_INVALID: all that is wrong in the file, in its order. */
  problems?: readonly ConfigProblem[] | undefined;
  /** Of a rollback that was refused: what `--discard-new` would leave behind. */
  loss?: DiscardLoss | undefined;
}

/** Every failure that kgdump reports on purpose. */
export class KgdumpError extends Error {
  override readonly name = "KgdumpError";
  /** Stable: it changes only with a major version. */
  readonly code: ErrorCode;
  /** What to do next, where that is known. */
  readonly hint: string | undefined;
  /** The file or directory that it is about. */
  readonly path: string | undefined;
  /** Byte offset within the dump at which the problem starts. */
  readonly offset: number | undefined;
  /** Number of the block, from 0 over the whole dump, that the problem is in. */
  readonly block: number | undefined;
  /** Name of the keyspace that it is about. */
  readonly keyspace: Buffer | undefined;
  /** With CONFIG_INVALID: all that is wrong in the file, in its order. */
  readonly problems: readonly ConfigProblem[] | undefined;
  /** Of a rollback that was refused: what going back without what is new would leave behind. */
  readonly loss: DiscardLoss | undefined;

  /**
   * @param code stable code
   * @param message what happened, where and why, in one line, without a full stop at its end
   * @param details cause, hint for the user, and the place
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.path = details.path;
    this.offset = details.offset;
    this.block = details.block;
    this.keyspace = details.keyspace === undefined ? undefined : Buffer.from(details.keyspace);
    this.problems = details.problems;
    this.loss = details.loss;
  }

  /** The same error with the path of what it is about, unless it has one. */
  withPath(path: string): KgdumpError {
    if (this.path !== undefined) return this;
    return withDetails(this, { path });
  }

  /** The keyspace's name as text. */
  get keyspaceText(): string | undefined {
    return this.keyspace === undefined ? undefined : nameText(this.keyspace);
  }

  /** Exit code of a command that ends with this error. */
  get exitCode(): number {
    return EXIT_CODE_OF[this.code];
  }
}

/** The same error with other details. */
export function withDetails(error: KgdumpError, details: ErrorDetails): KgdumpError {
  const { code, message, cause, hint, path, offset, block, keyspace, problems, loss } = error;
  return new KgdumpError(code, message, { cause, hint, path, offset, block, keyspace, problems, loss, ...details });
}

/** Whether `code` is one of kgdump's own error codes. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(EXIT_CODE_OF, code);
}

/** What libuv, and so Node, has no name for: it says "Unknown system error -122". */
const UNNAMED: ReadonlyMap<number, { code: string; text: string }> = new Map([
  [-constants.errno.EDQUOT, { code: "EDQUOT", text: "disk quota exceeded" }],
  [-constants.errno.ESTALE, { code: "ESTALE", text: "stale file handle" }],
  [-constants.errno.ENOLCK, { code: "ENOLCK", text: "no locks available" }],
  [-constants.errno.EBADMSG, { code: "EBADMSG", text: "bad message" }],
]);

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EFBIG: "NO_SPACE",
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  EPIPE: "BROKEN_PIPE",
};

/** What helps where the error itself says what is in the way, and so more than a hint about what was being done. */
const SYSTEM_HINTS: ReadonlyMap<string, string> = new Map([
  ["EMFILE", "raise the limit of open files (`ulimit -n`), then run it again"],
  ["ENFILE", "the whole system has no more open files to give: end programs that hold many, or raise fs.file-max"],
  ["EFBIG", "the file system (FAT: 4 GiB) or the limit `ulimit -f` takes no longer file: write to another file system, or raise the limit"],
  ["ENAMETOOLONG", "choose a shorter name: what kgdump makes beside it is named after it, and longer"],
  ["ELOOP", "its symbolic links lead round in a circle: name what they should lead to"],
  ["ENOMEM", "end programs that take much memory, or raise the limit (`ulimit -v`, or that of the container)"],
  ["ESTALE", "the file system that it was on is gone: mount it again"],
  ["ENOTCONN", "the file system that it was on is gone: mount it again"],
]);

/** What to do next about a failed system call, where its code says that; undefined for others. @param systemCode such as "EMFILE" */
export function systemHint(systemCode: string): string | undefined {
  return SYSTEM_HINTS.get(systemCode);
}

/** Whether `error` is of a system call that failed with one of `codes`, such as "ENOENT". */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/**
 * Turns an error of a system call into a KgdumpError; one that is a KgdumpError already is returned as it is.
 * @param error what was thrown
 * @param what what was being done, as in "writing /tmp/x.kgd"
 * @param details path and hint; missing: what to say instead when something on the path is not there
 */
export function systemError(error: unknown, what: string, { missing, ...details }: ErrorDetails & { readonly missing?: string } = {}): KgdumpError {
  if (error instanceof KgdumpError) return error;
  const unnamed = error instanceof Error && "errno" in error ? UNNAMED.get(Number(error.errno)) : undefined;
  const systemCode = unnamed?.code ?? (error instanceof Error && "code" in error ? String(error.code) : "");
  if (isWithoutDirectory(error)) {
    return new KgdumpError("NOT_FOUND", "the working directory is not there any more: it was removed, or its volume is gone", {
      cause: error,
      hint: "change to a directory that exists (cd), then run this again",
    });
  }
  if (missing !== undefined && systemCode === "ENOENT") return new KgdumpError("NOT_FOUND", missing, { cause: error, ...details });
  const hint = systemHint(systemCode) ?? details.hint;
  const message = error instanceof Error ? error.message : String(error);
  const reason = unnamed === undefined ? plainReason(message) : `${unnamed.text} (${unnamed.code})`;
  return new KgdumpError(SYSTEM_CODES[systemCode] ?? "IO_FAILED", `${what}: ${reason}`, { cause: error, ...details, hint });
}

/** Whether a relative path was to be resolved in a working directory that was removed. */
function isWithoutDirectory(error: unknown): boolean {
  return error instanceof Error && (("syscall" in error && error.syscall === "uv_cwd") || error.message.includes("uv_cwd"));
}

/** What Node says of a failed call, "EACCES: permission denied, open '/x'", without the call and the path: "permission denied (EACCES)". */
function plainReason(message: string): string {
  const [, code, text] = /^([A-Z][A-Z0-9]+): ([^,]+), [a-z_]+(?: '.*)?$/s.exec(message) ?? [];
  return code === undefined || text === undefined ? message : `${text} (${code})`;
}
