/** What the exit status of each command can be. */
import { ExitCode } from "../../errors.js";
import { HAD_ENOUGH } from "../terminal/enough.js";

const MEANINGS: Readonly<Record<number, string>> = {
  [ExitCode.done]: "done",
  [ExitCode.other]: "another error",
  [ExitCode.usage]: "usage: an option, a value or a name is wrong",
  [ExitCode.damagedDump]: "the dump is damaged, cut short, or not a dump",
  [ExitCode.difference]: "verification found a difference",
  [ExitCode.noSpace]: "no space left",
  [ExitCode.inUse]: "the store is in use or changing",
  [ExitCode.unreadableStore]: "the store can't be read whole",
};

/** The three signals that a command ends by. */
const SIGNALS = "  129, 130, 143  ended by SIGHUP, SIGINT, SIGTERM";

const ALL = Object.values(ExitCode);
const { damagedDump, difference, inUse } = ExitCode;
const without = (...codes: readonly number[]): readonly number[] => ALL.filter((code) => !codes.includes(code));

/** The exit status of each command, but for signals. */
export const EXITS: Readonly<Record<string, readonly number[]>> = {
  export: [...ALL, HAD_ENOUGH],
  import: ALL,
  inspect: without(difference),
  browse: without(difference, ExitCode.noSpace),
  verify: ALL,
  stats: without(difference),
  report: without(difference),
  graph: ALL,
  recover: ALL,
  find: without(damagedDump, difference),
  restore: ALL,
  compact: without(damagedDump),
  migrate: ALL,
  rollback: ALL,
  cleanup: without(damagedDump),
  completion: [ExitCode.done, ExitCode.other, ExitCode.usage, ExitCode.noSpace],
  status: [...without(damagedDump, difference, inUse), 10, 11, 12, 13, 14],
};

/** What `status` means by the codes that it alone has, and by those that it shares. */
const OF_STATUS: Readonly<Record<number, string>> = {
  0: "a sled store, or what a migration made, is in place",
  7: "a store of another sled version or another program",
  10: "a RocksDB store, ready to be migrated",
  11: "a migration or a rollback that was not finished",
  12: "there is no store",
  13: "something else is there",
  14: "a sled store that can't be opened, or is gone",
};

/** Of `recover` and others, where a code means more. */
const MORE: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  status: OF_STATUS,
  export: { [HAD_ENOUGH]: "inspect, at the pipe's other end, had read enough" },
  recover: { 0: "no entry is lost", 3: "something is lost, or may be" },
  rollback: { 4: "the new store was written to since" },
  graph: { 4: "the graph is not whole" },
  cleanup: { 4: "something was kept, as it differs from the store" },
};

/** The table of what a command ends with, or of what all do. */
export function exitText(command?: string): string {
  const more = command === undefined ? {} : (MORE[command] ?? {});
  const codes = command === undefined ? ALL : (EXITS[command] ?? ALL);
  const columns = Math.max(...codes) > 9 ? 6 : 5;
  const rows = codes.map((code) => `${code.toString().padStart(columns)}  ${more[code] ?? MEANINGS[code] ?? ""}`);
  return ["Exit status:", ...rows, SIGNALS].join("\n");
}
