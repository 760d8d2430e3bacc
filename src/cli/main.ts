/**
 * The program: understands the arguments, runs the command, tells its error, and sets the exit code. Nothing else sets
 * it, and nothing calls `process.exit` before all that was written has arrived.
 */
import { writeSync } from "node:fs";
import { isAbsolute } from "node:path";
import { tellCrashes } from "../crash.js";
import { ExitCode, KgdumpError, systemError } from "../errors.js";
import { withActing } from "../operations/disk/acting.js";
import { removeTemporaries } from "../operations/run/temporary-files.js";
import { Context, type GlobalFlags } from "./context.js";
import { describeError } from "./error-report.js";
import { parseCommandLine } from "./program.js";
import { type Interrupted, SignalWatch } from "./terminal/signals.js";
import { closeGoneTerminals } from "./terminal/stdio.js";
import { RawPaths } from "./text/raw-paths.js";
import { versionText } from "./version.js";

/** Global flags as far as a command line has them that makes no sense as a whole. */
function guessFlags(args: readonly string[]): GlobalFlags {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  return {
    json: options.includes("--json"),
    verbose: options.includes("-v") || options.includes("--verbose"),
    ...(options.includes("--color=never") ? { color: "never" as const } : {}),
  };
}

/** The error to tell: where nothing was found because the working directory is gone, that is why. */
function reasonOf(error: unknown): unknown {
  if (!(error instanceof KgdumpError) || !["NOT_FOUND", "STORE_NOT_FOUND"].includes(error.code) || isAbsolute(error.path ?? "")) return error;
  try {
    process.cwd();
    return error;
  } catch (gone) {
    return systemError(gone, "looking for the working directory");
  }
}

/** One run of the program. */
class Run {
  readonly #args: readonly string[];
  readonly #paths = new RawPaths();
  readonly #watch = new SignalWatch({
    stopping: () => { this.#context.tellStopping(); },
    ending: (interrupted) => {
      removeTemporaries();
      this.#context.out.destroy();
      this.#context.fail(interrupted);
    },
  });

  #context: Context;
  /** Whether an error came up outside of any operation, and was told. */
  #faulty = false;
  /** Whether what was told is that a signal came. */
  #toldSignal = false;

  constructor(args: readonly string[]) {
    this.#args = args;
    this.#context = new Context(guessFlags(args), this.#watch.signal, this.#paths);
    this.#watch.isPaged = () => this.#context.out.isPaged;
  }

  /** Runs what was asked for. @returns the exit code; errors have been told */
  async execute(): Promise<number> {
    const code = await this.#perform();
    this.#context.in.leave(code === ExitCode.done);
    this.#context.out.destroy();
    this.#watch.settle(this.#toldSignal ? null : code);
    return code;
  }

  async #perform(): Promise<number> {
    try {
      const invocation = await parseCommandLine(this.#paths.replace(this.#args), { columns: this.#context.out.columns, env: process.env });
      if (invocation.kind === "command") {
        this.#watch.command = invocation.name;
        this.#context = new Context(invocation.flags, this.#watch.signal, this.#paths);
        tellCrashes((error) => this.#context.failure(error));
        await invocation.run(this.#context);
      } else if (invocation.kind === "nothing") {
        // Not on stdout, where the program behind a pipe takes it for a dump.
        this.#context.say(invocation.help);
        return ExitCode.usage;
      } else {
        await this.#context.out.write(invocation.kind === "version" ? await versionText(invocation.verbose) : invocation.text);
      }
      await this.#context.out.flush();
      await this.#context.out.leavePager();
      return this.#faulty ? ExitCode.other : this.#context.exitCode;
    } catch (error) {
      if (this.#faulty) return ExitCode.other;
      // What was found before the error comes before it; that it can't be written matters less.
      if (this.#interrupted === null) await this.#context.out.flush().catch(() => undefined);
      // What is told now would be written over what the pager shows.
      await this.#context.out.leavePager().catch(() => undefined);
      // Once interrupted, whatever an operation ended with is a consequence of that; not what a command says of one that was done.
      this.#toldSignal = this.#interrupted !== null;
      const told = this.#interrupted ?? withActing(reasonOf(error), this.#args);
      this.#context.fail(told);
      return describeError(told).exitCode;
    } finally {
      this.#context.stopProgress();
    }
  }

  /** What interrupted the operation, or null; a signal that came behind its end did not. */
  get #interrupted(): Interrupted | null {
    return this.#context.completed ? null : this.#watch.interrupted;
  }

  /** Tells an error that no operation caught, and has the operation that runs clean up. */
  fault(error: unknown): void {
    this.#faulty = true;
    this.#context.fail(error);
    this.#watch.abort(error);
  }
}

/**
 * Runs kgdump with the arguments of the process, and sets its exit code.
 * A process whose work never ends, because something that it waits for is lost, must not look as if it were done:
 * until the end is reached the exit code is that of an error.
 */
async function main(args: readonly string[]): Promise<void> {
  let ended = false;
  process.exitCode = ExitCode.other;
  // What can't be told to stderr can't be told at all.
  process.stderr.on("error", () => undefined);
  process.on("exit", () => {
    closeGoneTerminals();
    if (!ended) writeSync(2, "kgdump: ended before its work was done; this is a bug in kgdump [INTERNAL]\n");
  });
  const run = new Run(args);
  process.on("uncaughtException", (error) => {
    process.exitCode = ExitCode.other;
    run.fault(error);
  });
  process.exitCode = await run.execute();
  ended = true;
}

// Not awaited: a bundle that is no ES module can't, and errors arrive above in any case.
void main(process.argv.slice(2));
