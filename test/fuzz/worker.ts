/** A process that runs a plan: `node worker.js '{"target":"read","seed":1,"from":0,"inputs":1000}'` writes a tally as JSON. */
import { run, type Failure, type Plan, type Tally } from "./run.js";

/** A tally as it is sent: inputs as base64. */
export type SentTally = Omit<Tally, "failures"> & { readonly failures: readonly (Omit<Failure, "input"> & { readonly input: string })[] };

const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
const tally = await run(plan);
const sent: SentTally = { ...tally, failures: tally.failures.map((failure) => ({ ...failure, input: Buffer.from(failure.input).toString("base64") })) };
process.stdout.write(`${JSON.stringify(sent)}\n`);
