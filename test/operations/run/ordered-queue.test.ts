import { getEventListeners } from "node:events";
import test from "ava";
import { orAborted, OrderedQueue } from "#src/operations/run/ordered-queue.js";

const later = <T>(ms: number, value: T): Promise<T> => new Promise((done) => setTimeout(() => { done(value); }, ms));

test("results come in the order in which the work began", async (t) => {
  const queue = new OrderedQueue<number>(3);
  queue.push(later(30, 1));
  queue.push(later(1, 2));
  t.false(queue.full);
  queue.push(later(10, 3));
  t.true(queue.full);
  t.deepEqual([await queue.take(), await queue.take(), await queue.take()], [1, 2, 3]);
  t.true(queue.empty);
});

test("a failure is thrown when its turn comes, and settle waits for the rest", async (t) => {
  const queue = new OrderedQueue<number>(3);
  let finished = false;
  queue.push(later(1, 1));
  queue.push(Promise.reject(new Error("broken")));
  queue.push(later(20, 3).then((value) => { finished = true; return value; }));
  t.is(await queue.take(), 1);
  await t.throwsAsync(queue.take(), { message: "broken" });
  await queue.settle();
  t.true(finished);
  t.true(queue.empty);
});

test("taking from an empty queue is the caller's mistake", async (t) => {
  await t.throwsAsync(new OrderedQueue<number>(1).take(), { instanceOf: TypeError });
});

test("what was waited for leaves nothing at its signal", async (t) => {
  const { signal } = new AbortController();
  t.is(await orAborted(later(1, 1), signal), 1);
  await t.throwsAsync(orAborted(Promise.reject(new Error("broken")), signal), { message: "broken" });
  t.is(getEventListeners(signal, "abort").length, 0);
});

test("an abort ends the wait with its reason, also one that came before", async (t) => {
  const reason = new Error("stopped");
  for (const before of [true, false]) {
    const controller = new AbortController();
    if (before) controller.abort(reason);
    const waiting = orAborted(new Promise<never>(() => undefined), controller.signal);
    if (!before) controller.abort(reason);
    // Else the test would wait as long as the work does.
    t.is(await Promise.race([waiting.catch((error: unknown) => error), later(1000, "it waits")]), reason);
  }
});
