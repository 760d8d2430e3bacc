/** What a header has room for, to the byte: what just fits stays, and what does not is left out or refused before anything is written. */
import test from "ava";
import { LIMIT_NAME } from "#src/format/constants.js";
import { resolveLimits } from "#src/format/limits.js";
import { AGES, COMMON_OPTIONS, FAMILY_OPTIONS, TIMES } from "#src/engines/header-options.js";
import { encodeHeader } from "#src/format/payload/header.js";
import type { DumpHeader } from "#src/format/index.js";
import { fitHeader } from "#src/operations/entries/fitting-header.js";
import { header, keyspace } from "../../format/support/dumps.js";

const ROOM = { bytes: 1 << 20, keyspaces: 100, options: 100 };
const options = (count: number): Map<string, string> => new Map(Array.from({ length: count }, (_, index) => [`option${String(index)}`, "1"]));
const optionsOf = ({ keyspaces }: DumpHeader): number => keyspaces.reduce((sum, { sourceOptions }) => sum + (sourceOptions?.size ?? 0), 0);

test("a name may be of the longest length, and no longer", (t) => {
  const named = (length: number): DumpHeader => header({ keyspaces: [keyspace("n".repeat(length))] });
  t.deepEqual(fitHeader(named(LIMIT_NAME), ROOM).warnings, []);
  t.throws(() => fitHeader(named(LIMIT_NAME + 1), ROOM), { code: "STORE_UNSUPPORTED", message: /has a name of \d+ bytes/ });
});

test("as many keyspaces and options as there is room for stay", (t) => {
  const keyspaces = [keyspace("a", { sourceOptions: options(60) }), keyspace("b", { sourceOptions: options(40) })];
  t.is(optionsOf(fitHeader(header({ keyspaces }), ROOM).header), 100);
  const { header: less, warnings } = fitHeader(header({ keyspaces }), { ...ROOM, options: 99 });
  t.deepEqual([optionsOf(less), warnings.length], [0, 1]);
  t.notThrows(() => fitHeader(header({ keyspaces }), { ...ROOM, keyspaces: 2 }));
  t.throws(() => fitHeader(header({ keyspaces }), { ...ROOM, keyspaces: 1 }), { code: "STORE_UNSUPPORTED" });
});

test("an estimate that is none becomes one", (t) => {
  const estimates = [-1, -0.5, 2.9, NaN, Infinity, 2 ** 60];
  const { header: fitted } = fitHeader(header({ keyspaces: estimates.map((estimate, index) => keyspace(String(index), { estimatedEntries: estimate, estimatedBytes: estimate })) }), ROOM);
  const found = [0, 0, 2, 0, 0, Number.MAX_SAFE_INTEGER];
  t.deepEqual(fitted.keyspaces.map(({ estimatedEntries, estimatedBytes }) => [estimatedEntries + 0, estimatedBytes + 0]), found.map((estimate) => [estimate, estimate]));
  t.notThrows(() => encodeHeader(fitted, resolveLimits()));
});

test("whatever room there is, what is said to fit does: the names of a base take room, too", (t) => {
  const names = Array.from({ length: 30 }, (_, index) => keyspace(`${String(index)}${"n".repeat(200)}`, { sourceOptions: options(3) }));
  const base = { dumpId: "0f8fad5b-d9cb-469f-a165-70867728950e", keyspaces: names.map(({ name }) => ({ name, entries: 1, digest: Buffer.alloc(32) })) };
  const delta = header({ kind: "delta", base, keyspaces: names } as unknown as Partial<DumpHeader>);
  const whole = encodeHeader(delta, resolveLimits()).length;
  for (let bytes = whole - 500; bytes <= whole + 10; bytes += 1) {
    const { header: fitted } = fitHeader(delta, { ...ROOM, bytes });
    t.true(encodeHeader(fitted, resolveLimits()).length <= bytes, String(bytes));
    t.is(optionsOf(fitted) === 90, bytes >= whole, String(bytes));
  }
});

test("the less room there is, the fewer options stay; that times were stripped is said in every keyspace to the last", (t) => {
  const own = new Map([["write_buffer_size", "1"], [FAMILY_OPTIONS, "a=b"], [AGES, "1"], [TIMES, "stripped"]]);
  const keyspaces = ["a", "b", "c"].map((name) => keyspace(name, { sourceOptions: own }));
  const names = (room: number, given: DumpHeader): string[] => fitHeader(given, { ...ROOM, options: room }).header.keyspaces.map(({ sourceOptions }) => [...(sourceOptions ?? [])].map(([name]) => name).join());
  const all = [...own.keys()].join();
  const common = header({ keyspaces, source: { ...header().source, options: new Map([[COMMON_OPTIONS, "c=d"]]) } });
  const steps: readonly (readonly [DumpHeader, number, string, string | null])[] = [
    [common, 13, all, null],
    [common, 12, [FAMILY_OPTIONS, AGES, TIMES].join(), null],
    [common, 10, [FAMILY_OPTIONS, AGES, TIMES].join(), null],
    [common, 9, [FAMILY_OPTIONS, TIMES].join(), "ages"],
    [common, 7, [FAMILY_OPTIONS, TIMES].join(), "ages"],
    [common, 6, TIMES, "options"],
    [common, 4, TIMES, "options"],
    [header({ keyspaces }), 12, all, null],
    [header({ keyspaces }), 11, ["write_buffer_size", FAMILY_OPTIONS, TIMES].join(), "ages"],
    [header({ keyspaces }), 8, TIMES, "options"],
    [header({ keyspaces }), 3, TIMES, "options"],
  ];
  for (const [given, room, kept, lost] of steps) {
    t.deepEqual(names(room, given), [kept, kept, kept], String(room));
    const { header: fitted, warnings } = fitHeader(given, { ...ROOM, options: room });
    t.deepEqual(fitted.keyspaces.map(({ sourceOptions }) => sourceOptions?.get(TIMES)), ["stripped", "stripped", "stripped"]);
    t.deepEqual(warnings.map((warning) => warning.startsWith("the ages of")), lost === null ? [] : [lost === "ages"], String(room));
  }
  t.throws(() => names(2, header({ keyspaces })), { code: "STORE_UNSUPPORTED" });
});
