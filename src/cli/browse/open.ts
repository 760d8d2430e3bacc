/** Showing a part, and the value of a row. */
import { layoutOf, roomIn } from "./layout.js";
import { entriesOf, firstPage } from "./list.js";
import type { Place } from "./rows/rows.js";
import { type State, type Step, stepTo, type Value } from "./state.js";
import { nodeAt } from "./tree.js";

/** Lines of the list that are seen. */
export function heightOf(state: State): number {
  return roomIn(layoutOf(state).areas.list).height;
}

/** Has the value of the row with the cursor read, unless it is shown. */
export function showRow(state: State): Step {
  const { list, value, tickets } = state;
  const key = list.rows[list.cursor]?.key ?? null;
  if (key === null) return stepTo({ ...state, value: null });
  const keyspace = list.source.kind === "around" ? null : list.keyspace;
  if (value?.keyspace === keyspace && Buffer.compare(value.key, key) === 0) return stepTo(state);
  const next: Value = { ticket: tickets + 1, keyspace, key, bytes: undefined, state: "loading", cursor: 0, top: 0, folded: new Set() };
  return stepTo({ ...state, value: next, tickets: tickets + 1 }, { kind: "value", ticket: next.ticket, keyspace, key });
}

/** Shows the entries of a part: from its start, from a key on, or from its end. Lists to come back to are forgotten. */
export function openPart(state: State, place: Place, key?: Uint8Array, back = false): Step {
  const ticket = state.tickets + 1;
  const list = { ...entriesOf(place, ticket), sought: key ?? null, top: back ? Infinity : 0 };
  return stepTo({ ...state, list, before: [], tickets: ticket }, { kind: "stop" }, firstPage(list, key, back));
}

/** Shows the part that the tree's cursor is at. */
export function openNode(state: State): Step {
  const node = nodeAt(state.tree);
  return node === undefined ? stepTo(state) : openPart(state, node);
}
