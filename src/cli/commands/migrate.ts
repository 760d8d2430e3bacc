/** `kgdump migrate` and `kgdump rollback`: from RocksDB to sled at the path that the service uses, or the other way round, and back. */
import { basename, join } from "node:path";
import { Command, Option } from "commander";
import type { EngineName } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { MigrateOptions } from "../../operations/migrate/migrate.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { countOf, excludeOptions, manyOf, type ReadingFlags, readingOptions, refuseBoth, requireWith, type SledFlags, sledOptions } from "../options.js";
import { jsonDocument, jsonLine } from "../render/json/json.js";
import { migrationJson, migrationPreviewJson } from "../render/json/migrate.js";
import { renderMigration, renderRollback } from "../render/migrate.js";
import { renderMigrationPreview, renderRollbackPreview } from "../render/migration-preview.js";
import { mapOf, type Mapping, parseMapping } from "../text/byte-text.js";
import { escapeText } from "../text/escape.js";
import { EventPrinter, openLog } from "./event-printer.js";

interface MigrateFlags extends SledFlags, ReadingFlags {
  readonly from?: string;
  readonly to?: string;
  readonly engine?: EngineName;
  readonly optionsFrom?: string;
  readonly backupDir?: string;
  readonly dump?: string;
  /** False with `--no-keep-dump`. */
  readonly keepDump: boolean;
  readonly stream?: boolean;
  readonly live?: boolean;
  readonly wait?: number;
  readonly checkGraph?: boolean;
  readonly mustExist?: boolean;
  readonly map?: Mapping[];
  readonly excludeColumnFamily?: Uint8Array[];
  readonly log?: string;
  readonly dryRun?: boolean;
  readonly discardPrepared?: boolean;
  readonly force?: boolean;
}

const LOG_HELP = "append each event to this file, as a line with the word \"migration\"; with --json, as JSON";

const CHECK_HELP = `Checks:
  The new store is always read back and compared by digest before the switch. --check-graph reads it once more and
  looks for edges, lists and values that do not fit together, which takes some seconds for each million entries while the
  service is stopped. As the old and the new store are equal by then, whatever it finds was there before: it is a
  warning, and the exit status stays 0.`;

const DISCARD_HELP = `--discard-new needs nothing of the new store but its lock: the original comes back even if the new store is damaged
or gone, or the disk is full. Whatever is at its path is kept aside.`;

/** Defines `migrate`. */
export function migrateCommand(): Command {
  const command = new Command("migrate")
    .description(
      "Builds a sled store beside the RocksDB store, reads it back, and swaps the two; the original becomes the backup. " +
        "--engine rocksdb turns a sled store into a RocksDB store in the same way. The service must be stopped; with --live, only for the last part. Running it again finishes an interrupted migration, or begins it anew; running\n" +
        "it twice is harmless, so it can run before each start of a service.",
    )
    .argument("[store]", "the old store; the same as --from (default: the path in --config)");
  const options = [
    new Option("--from <store>", "the old store, unless it is the argument"),
    new Option("--to <store>", "the new store (default: in place of the old one)"),
    new Option("--engine <name>", "engine of the new store (default: sled; rocksdb for a sled store with --to)").choices(["sled", "rocksdb"]),
    new Option("--options-from <store>", "give a new RocksDB store's families the options of this RocksDB store, or of this dump of one"),
    ...sledOptions(),
    new Option("--backup-dir <dir>", "move the original into this directory (default: beside itself)"),
    new Option("--dump <file>", "the dump's file (default: beside the backup)"),
    new Option("--keep-dump", "keep the dump (default)"),
    new Option("--no-keep-dump", "remove the dump when it is done"),
    new Option("--stream", "make no dump: entries go straight from store to store"),
    new Option("--live", "copy the store while the service runs, and ask for its stop only when that is done; then carry over what has changed"),
    new Option("--wait <seconds>", "with --live: give up if the service has not stopped after this time (default: wait forever)").argParser(countOf("--wait", { min: 0, max: 31_536_000 })),
    new Option("--check-graph", "before the switch, check the new store's graph, as verify --graph does"),
    new Option("--must-exist", "fail when there is no store at the path in --config, instead of doing nothing; a store that --from names must always exist"),
    new Option("--map <old=new>", "give a keyspace another name in the new store, or many by 'a*=b*'; may be repeated").argParser(manyOf(parseMapping)),
    ...excludeOptions(),
    ...readingOptions(),
    new Option("--discard-prepared", "leave out transactions that are prepared but neither committed nor rolled back; otherwise the store is refused"),
    new Option("--log <file>", LOG_HELP),
    new Option("-n, --dry-run", "show what would be done, with sizes and times; change nothing"),
    new Option("-f, --force", "begin even if the disk may be too small"),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [CHECK_HELP, "Events go to standard error, one per line; with --json, to standard output as JSON lines, the result last."],
    topics: ["settings", "maps"],
    examples: [
      "kgdump migrate --config config/storage.toml",
      "kgdump migrate /var/lib/maya/knowledge_graph --dry-run",
      "kgdump migrate --config config/storage.toml --live --wait 3600",
      "kgdump migrate /var/lib/maya/knowledge_graph --engine rocksdb --options-from graph.kgd",
      "kgdump migrate /var/lib/maya/rocksdb --to /var/lib/maya/knowledge_graph --log /var/log/kgdump.log",
    ],
  });
  return command;
}

/**
 * Runs `migrate`.
 * @throws {KgdumpError} USAGE, CONFIG_INVALID, and what migrateStore throws
 */
export async function runMigrate(context: Context, [store]: readonly string[], flags: MigrateFlags): Promise<void> {
  const { importSettings } = await import("./import-settings.js");
  refuseBoth({ [`the store ${escapeText(store ?? "")}`]: store !== undefined, "--from": flags.from !== undefined });
  const from = store ?? flags.from;
  refuseBoth({ "--stream": flags.stream === true, "--dump": flags.dump !== undefined });
  const { cacheCapacity, compression, compressionLevel, flushEveryMs, segmentSize } = flags;
  const ofSled = { "--cache-capacity": cacheCapacity, "--compression": compression, "--compression-level": compressionLevel, "--flush-every-ms": flushEveryMs, "--segment-size": segmentSize };
  requireWith(Object.fromEntries(Object.entries(ofSled).map(([name, value]) => [name, value !== undefined])), "--engine sled", flags.engine !== "rocksdb");
  if (flags.wait !== undefined && flags.live !== true) throw new KgdumpError("USAGE", "--wait makes sense only with --live", { hint: "see --help" });
  const { target, settings, notes, files } = await importSettings(flags.to ?? from, flags, process.env);
  // Without --to, what --config names is the target when --from says where the RocksDB store is.
  const to = flags.to ?? (from !== undefined && flags.config !== undefined ? (await importSettings(undefined, flags, process.env)).target : target);
  for (const note of notes) context.warn(note);
  const options: MigrateOptions = {
    engine: flags.engine,
    source: from ?? target,
    target: to,
    settings,
    optionsFrom: flags.optionsFrom,
    backupDirectory: flags.backupDir,
    dump: flags.dump,
    keepDump: flags.keepDump,
    stream: flags.stream,
    live: flags.live,
    waitSeconds: flags.wait,
    checkGraph: flags.checkGraph,
    // Whoever names a store means one that is there; a service that starts for the first time has none yet.
    mustExist: flags.mustExist === true || from !== undefined,
    map: mapOf(flags.map),
    excludeKeyspaces: flags.excludeColumnFamily,
    ttl: flags.ttl,
    paranoid: flags.paranoid,
    discardPrepared: flags.discardPrepared,
    force: flags.force,
    signal: context.signal,
  };
  const { source, backupDirectory, dump } = options;
  const beside = backupDirectory === undefined ? [] : [join(backupDirectory, basename(source))];
  context.workOn({ worked: [source, to, ...files, ...beside, ...[dump, flags.log].filter((path) => path !== undefined)], read: flags.optionsFrom === undefined ? [] : [flags.optionsFrom] });
  const log = openLog(flags.log, flags.dryRun);
  if (flags.dryRun === true) {
    const { previewMigration } = await import("../../operations/migrate/plan/preview.js");
    const preview = await previewMigration(options);
    for (const warning of preview.plan?.warnings ?? []) context.warn(warning);
    if (context.json) await context.out.write(jsonDocument(migrationPreviewJson(preview)));
    else await context.out.tell(renderMigrationPreview(preview, context.paint));
    return;
  }
  const { migrateStore } = await import("../../operations/migrate/migrate.js");
  const graph = flags.checkGraph === true ? ["verify"] as const : [];
  // How often a live copy is brought up to date, nobody knows before.
  const phases = flags.live === true ? [] : flags.stream === true ? ["load", "verify", ...graph] as const : ["export", "load", "verify", ...graph] as const;
  const { onProgress } = context.startProgress({ phases });
  const events = new EventPrinter(context, log);
  const result = await migrateStore({ ...options, onEvent: events.onEvent, onProgress, onInPlace: context.onPublished });
  context.complete();
  await events.written;
  if (result.status === "nothing") context.warn(`there is no store at ${result.target}: nothing was migrated`);
  for (const warning of result.warnings) context.warn(warning);
  if (context.json) await context.out.write(jsonLine(migrationJson(result)));
  else if (result.status !== "nothing") context.tellResult(renderMigration(result, context.errorLook), migrationJson(result));
}

interface RollbackFlags {
  readonly config?: string;
  readonly discardNew?: boolean;
  readonly carryBack?: boolean;
  readonly map?: Mapping[];
  readonly log?: string;
  readonly dryRun?: boolean;
}

/** Defines `rollback`. */
export function rollbackCommand(): Command {
  const command = new Command("rollback")
    .description(
      "Puts the store from before a migration back in place, and the new store aside; or puts back the original of\n" +
        "`kgdump compact`, if that was done last. Refuses if the new store has been written to since, unless you say what happens\n" +
        "to that. The service must be stopped. Running it twice is harmless: what was written is never undone unasked.",
    )
    .argument("[store]", "directory of the new store (default: the path in --config)");
  const options = [
    new Option("--config <file>", "the service's storage.toml"),
    new Option("--discard-new", "go back whatever the new store holds and whatever state it is in; it is not read, but kept aside"),
    new Option("--carry-back", "copy what the new store holds into a store of the old engine, and put that in place"),
    new Option("--map <new=old>", "with --carry-back: give a keyspace of the new store another name, or many by 'a*=b*'; may be repeated").argParser(manyOf(parseMapping)),
    new Option("--log <file>", LOG_HELP),
    new Option("-n, --dry-run", "read the new store, show which store would come back, and fail as the rollback would; change nothing"),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [DISCARD_HELP],
    topics: ["maps"],
    examples: ["kgdump rollback --config config/storage.toml --dry-run", "kgdump rollback --config config/storage.toml", "kgdump rollback /var/lib/maya/knowledge_graph --carry-back"],
  });
  return command;
}

/**
 * Runs `rollback`.
 * @throws {KgdumpError} USAGE, CONFIG_INVALID, and what rollbackStore throws
 */
export async function runRollback(context: Context, args: readonly string[], flags: RollbackFlags): Promise<void> {
  const { importSettings } = await import("./import-settings.js");
  refuseBoth({ "--discard-new": flags.discardNew === true, "--carry-back": flags.carryBack === true });
  requireWith({ "--map": flags.map !== undefined }, "--carry-back", flags.carryBack === true);
  const { target, files } = await importSettings(args[0], flags, process.env);
  const { onProgress } = context.startProgress();
  const { discardNew, carryBack } = flags;
  context.workOn({ worked: [target, ...files, ...(flags.log === undefined ? [] : [flags.log])] });
  const log = openLog(flags.log, flags.dryRun);
  const options = { target, discardNew, carryBack, map: mapOf(flags.map), onProgress, signal: context.signal };
  if (flags.dryRun === true) {
    const { previewRollback } = await import("../../operations/migrate/back/preview.js");
    const preview = await previewRollback(options);
    context.complete();
    if (context.json) await context.out.write(jsonDocument({ ...preview, spaces: preview.spaces.map((space) => ({ ...space })) }));
    else await context.out.tell(renderRollbackPreview(preview, flags, context.paint));
    return;
  }
  const { rollbackStore } = await import("../../operations/migrate/back/rollback.js");
  const events = new EventPrinter(context, log);
  const result = await rollbackStore({ ...options, onEvent: events.onEvent });
  context.complete();
  await events.written;
  for (const warning of result.warnings) context.warn(warning);
  const json = { rollback: { ...result } };
  if (context.json) await context.out.write(jsonLine(json));
  else context.tellResult(renderRollback(result, carryBack === true, context.errorPaint), json);
}
