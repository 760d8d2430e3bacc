/** Days become months and years, where they are many; their sums stay. */
import test from "ava";
import { type FoundFigures, readFigures } from "#src/operations/graph/figures.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";

const labels = { each: [], beyond: 0, without: 0 };
const found = (days: FoundFigures["growth"]["days"]): FoundFigures => ({
  distinct: 0, nodeLabels: labels, edgeLabels: labels, degrees: [], outgoing: [], incoming: [], most: 0, hubs: [], orphans: 0, orphanExamples: [],
  dangling: 0, loops: 0, parallel: 0, components: 0, largest: 0, sizes: [], growth: { days, nodesWithout: 1, edgesWithout: 2 },
});

test("at most sixty days or months are told one by one", (t) => {
  const days = (count: number, step: number): FoundFigures["growth"]["days"] =>
    Array.from({ length: count }, (_, index) => ({ day: new Date(1_700_000_000_000 + index * step * 86_400_000).toISOString().slice(0, 10), nodes: 1, edges: 2 }));
  const growth = (count: number, step: number) => readFigures(found(days(count, step)), MAYA_LAYOUT).growth;
  for (const [count, step, unit, length] of [[60, 1, "day", 60], [61, 1, "month", 3], [500, 3, "month", 50], [900, 30, "year", 75]] as const) {
    const told = growth(count, step);
    t.is(told?.unit, unit);
    t.is(told?.periods.length, length);
    t.is(told?.periods.reduce((sum, { nodes }) => sum + nodes, 0), count);
    t.is(told?.periods.reduce((sum, { edges }) => sum + edges, 0), 2 * count);
    t.like(told, { nodesWithout: 1, edgesWithout: 2 });
  }
  t.is(growth(0, 1), null);
  t.is(readFigures(found(days(5, 1)), { ...MAYA_LAYOUT, rules: MAYA_LAYOUT.rules.map(({ time: _, ...rule }) => rule) }).growth, null);
});

test("each period has the nodes and the edges of all of its days", (t) => {
  for (const [count, step, length] of [[40, 1, 10], [100, 3, 7], [900, 9, 4]] as const) {
    const days = Array.from({ length: count }, (_, index) => ({ day: new Date(1_700_000_000_000 + index * step * 86_400_000).toISOString().slice(0, 10), nodes: index * 3, edges: index * index }));
    const starts = [...new Set(days.map(({ day }) => day.slice(0, length)))];
    const wanted = starts.map((start) => {
      const within = days.filter(({ day }) => day.startsWith(start));
      return { start, nodes: within.reduce((sum, { nodes }) => sum + nodes, 0), edges: within.reduce((sum, { edges }) => sum + edges, 0) };
    });
    t.deepEqual(readFigures(found(days), MAYA_LAYOUT).growth?.periods, wanted);
  }
});
