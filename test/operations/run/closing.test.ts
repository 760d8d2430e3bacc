import test from "ava";
import { closing } from "#src/operations/run/closing.js";

function resource(onClose: () => void): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      onClose();
      return Promise.resolve();
    },
  };
}

test("a resource is closed after the work, whose result is given", async (t) => {
  const events: string[] = [];
  const result = await closing(resource(() => events.push("closed")), () => {
    events.push("worked");
    return Promise.resolve(42);
  });
  t.is(result, 42);
  t.deepEqual(events, ["worked", "closed"]);
});

test("the first failure is told, and the resource is closed all the same", async (t) => {
  let closed = false;
  const failing: AsyncDisposable = {
    [Symbol.asyncDispose]: () => {
      closed = true;
      return Promise.reject(new Error("closing failed"));
    },
  };
  await t.throwsAsync(
    closing(failing, () => Promise.reject(new Error("no space"))),
    { message: "no space" },
  );
  t.true(closed);
  await t.throwsAsync(
    closing(failing, () => Promise.resolve()),
    { message: "closing failed" },
  );
});
