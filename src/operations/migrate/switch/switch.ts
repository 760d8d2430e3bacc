/**
 * Putting one store in another's place, and that one aside. Repeatable: whatever of it was done before, a further call does the rest,
 * so that it may be interrupted at any moment.
 */
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { moveDurably, type Occupant, occupantOf, removeDirectory, renameDurably } from "../../disk/places.js";
import { exchangeDirectories } from "../../disk/system-calls.js";

/** Which store goes where. */
export interface Switch {
  /** The path that the service uses. */
  readonly target: string;
  /** The store that is to be there; on the target's file system. */
  readonly incoming: string;
  /** Where the store that is there now goes, on any file system; null when none is there. */
  readonly aside: string | null;
  readonly newEngine: EngineName;
  /** Engine of the store that is there now; null when none is there. */
  readonly oldEngine: EngineName | null;
}

interface Places {
  readonly target: Occupant;
  readonly incoming: Occupant;
  readonly aside: Occupant;
}

/**
 * Does what is left of a switch. At each moment one of the two stores is at the target, whole; only where the system can't exchange
 * directories, nothing is there between two renames.
 * @throws {KgdumpError} MIGRATION_UNCLEAR when what lies at the paths is not what a switch leaves, and then nothing is touched;
 * TARGET_EXISTS, NO_SPACE, PERMISSION_DENIED, IO_FAILED
 */
export async function switchStores(plan: Switch): Promise<void> {
  const { target, incoming, aside, newEngine, oldEngine } = plan;
  if (aside === null || oldEngine === null) {
    await moveIn(plan);
    return;
  }
  const at = await look(plan);
  const is = (wanted: Places): boolean => at.target === wanted.target && at.incoming === wanted.incoming && at.aside === wanted.aside;

  if (is({ target: newEngine, incoming: "absent", aside: oldEngine })) return;
  if (is({ target: oldEngine, incoming: newEngine, aside: "absent" })) {
    if (await exchangeDirectories(target, incoming)) await moveDurably(incoming, aside, partialOf(aside));
    else {
      await moveDurably(target, aside, partialOf(aside));
      await renameDurably(incoming, target);
    }
  } else if (is({ target: newEngine, incoming: oldEngine, aside: "absent" })) await moveDurably(incoming, aside, partialOf(aside));
  // Killed after a copy to another file system got its name, before the original was removed.
  else if (is({ target: newEngine, incoming: oldEngine, aside: oldEngine })) await removeDirectory(incoming);
  else if (is({ target: oldEngine, incoming: newEngine, aside: oldEngine })) {
    await removeDirectory(target);
    await renameDurably(incoming, target);
  } else if (is({ target: "absent", incoming: newEngine, aside: oldEngine })) await renameDurably(incoming, target);
  else throw unclear(plan, at);
}

/** Whether the switch has not begun: what was at the target is there. */
export async function isUntouched(plan: Switch): Promise<boolean> {
  const at = await look(plan);
  if (plan.oldEngine === null) return at.target === "absent" || at.target === "empty";
  return at.target === plan.oldEngine && at.aside === "absent";
}

/** The new store goes where nothing is. */
async function moveIn(plan: Switch): Promise<void> {
  const at = await look(plan);
  if (at.target === plan.newEngine && at.incoming === "absent") return;
  const free = at.target === "absent" || at.target === "empty";
  if (!free || at.incoming !== plan.newEngine) throw unclear(plan, at);
  await renameDurably(plan.incoming, plan.target);
}

async function look({ target, incoming, aside }: Switch): Promise<Places> {
  return {
    target: await occupantOf(target),
    incoming: await occupantOf(incoming),
    aside: aside === null ? "absent" : await occupantOf(aside),
  };
}

function partialOf(aside: string): string {
  return `${aside}.kgdump-partial`;
}

function unclear(plan: Switch, at: Places): KgdumpError {
  const places = (["target", "incoming", "aside"] as const)
    .flatMap((place) => (plan[place] === null ? [] : [`${plan[place]}: ${at[place]}`]))
    .join("; ");
  return new KgdumpError("MIGRATION_UNCLEAR", `the stores are not where the migration left them (${places})`, {
    path: plan.target,
    hint: "nothing was touched: something moved them; put them back, or put the right one in place by hand and remove the journal",
  });
}
