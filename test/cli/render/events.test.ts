/** Events as a terminal shows them: no line torn, what has to be done stands out. */
import test from "ava";
import { renderEvent } from "#src/cli/render/events.js";
import { makePaint } from "#src/cli/terminal/style.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";

const event: MigrationEvent = { time: new Date(2026, 10, 28, 9, 5, 7).toISOString(), id: "x", phase: "export", kind: "happened", message: "the store was exported", facts: { entries: 945_893, bytes: 132_000_000, seconds: 2.1, dump: "/var/lib/graph.kgd", digest: "ab" } };
const paint = makePaint(false);

test("an event has the time of day, its figures in words, and paths on lines of their own", (t) => {
  t.is(renderEvent(event, paint, 80), "09:05:07  the store was exported: 945,893 entries, 132 MB, 2.10 s\n          /var/lib/graph.kgd\n");
  t.is(renderEvent({ ...event, kind: "begins", facts: {} }, paint, 80), "09:05:07  the store was exported …\n");
});

test("what has to be done stands out, rings, and says who holds the store", (t) => {
  const asks = renderEvent({ ...event, phase: "stop", kind: "asks", message: "stop the service now: the store was copied", facts: { held: "/var/lib/graph is open by process 686 (python3)" } }, paint, 80);
  t.true(asks.startsWith("\u0007\n"));
  t.true(asks.includes("▶ STOP THE SERVICE NOW"));
  t.regex(asks, /the store was copied\n {10}\/var\/lib\/graph is open by process 686 \(python3\)\n\n$/);
});

for (const columns of [40, 60, 80, 140]) {
  test(`at ${String(columns)} columns no line is wider, and no number stands apart from its unit`, (t) => {
    const text = renderEvent({ ...event, message: "there is room; the store is copied while its service may run", facts: { entries: 945_893, bytes: 132_000_000, needed: 573_000_000, free: 79_700_000_000, seconds: 2 } }, paint, columns);
    for (const line of text.trimEnd().split("\n")) {
      t.true(line.length <= columns, line);
      t.notRegex(line, /\d$|^ +(?:[kMG]?B|s)\b/);
    }
  });
}
