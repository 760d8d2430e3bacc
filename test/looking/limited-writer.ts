/**
 * A process of its own that writes a temporary file of the module under a limit on the size of files (`ulimit -f`): a write that does not go whole, as on a disk
 * that is nearly full. Parameters: the directory, then how many bytes to append each time. Prints a line of JSON: what each time gave, and the code of what failed.
 */
import { SpillFiles } from "#src/looking/spill-files.js";

const [directory = "", ...lengths] = process.argv.slice(2);
const files = new SpillFiles(directory);
const { open, append } = files.imports((_, length) => Buffer.alloc(length, 1));
const file = open();
const given = lengths.map((length) => append(file, 0, Number(length)));
process.stdout.write(`${JSON.stringify([given, files.takeFailure()?.code ?? null])}\n`);
files.closeAll();
