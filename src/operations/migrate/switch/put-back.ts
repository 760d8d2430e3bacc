/**
 * Putting an original back in its place, whatever became of the store that took it: what is there is moved aside as it is, without a
 * look at what it holds. Repeatable after any interruption.
 */
import { engineTitle } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { nameIsTaken } from "../../disk/names.js";
import { type Occupant, occupantOf, renameDurably } from "../../disk/places.js";
import { exchangeDirectories } from "../../disk/system-calls.js";

/** Which store goes where; all on one file system. */
export interface PutBack {
  /** The path that the service uses. */
  readonly target: string;
  /** The store that is to be there. */
  readonly incoming: string;
  /** Its engine. */
  readonly engine: EngineName;
  /** Where goes what is at the target, if anything is: a store, sound or not, a file, a link. */
  readonly aside: string;
}

/** What lies at a path, also where that can't be looked into. */
async function lookAt(path: string): Promise<Occupant> {
  if (!(await nameIsTaken(path))) return "absent";
  const found = await occupantOf(path).catch((): Occupant => "unknown");
  // A link that leads nowhere.
  return found === "absent" ? "unknown" : found;
}

/**
 * Does what is left of it. Where the system can exchange directories, something is at the target at each moment.
 * @throws {KgdumpError} MIGRATION_UNCLEAR when no store of that engine is at either place, and then nothing is touched; TARGET_EXISTS when the name of
 * what is kept is taken; PERMISSION_DENIED, IO_FAILED
 */
export async function putBack(plan: PutBack): Promise<void> {
  const { target, incoming, aside, engine } = plan;
  const [at, coming] = [await lookAt(target), await lookAt(incoming)];
  if (coming === "absent" && at === engine) return;
  if (coming !== engine) {
    if (at !== engine) throw unclear(plan, at, coming);
    // They were exchanged before.
    await keep(incoming, aside);
    return;
  }
  if (at !== "absent") {
    // After an exchange the two are told apart by what they are.
    if (at !== engine && !(await nameIsTaken(aside)) && (await exchangeDirectories(target, incoming))) {
      await keep(incoming, aside);
      return;
    }
    await keep(target, aside);
  }
  await renameDurably(incoming, target);
}

/** Moves something aside, never over something else. @throws {KgdumpError} TARGET_EXISTS, PERMISSION_DENIED, IO_FAILED */
export async function keep(path: string, aside: string): Promise<void> {
  if (await nameIsTaken(aside)) {
    throw new KgdumpError("TARGET_EXISTS", `${path} can't be kept as ${aside}, which exists already`, { path: aside, hint: "move that elsewhere, then run this again" });
  }
  await renameDurably(path, aside);
}

function unclear({ target, incoming, engine }: PutBack, at: Occupant, coming: Occupant): KgdumpError {
  return new KgdumpError("MIGRATION_UNCLEAR", `the ${engineTitle(engine)} store that is to be put back is not there (${target}: ${at}; ${incoming}: ${coming})`, {
    path: target,
    hint: "nothing was touched: something moved it; put it back, or put the right store in place by hand and remove the journal",
  });
}
