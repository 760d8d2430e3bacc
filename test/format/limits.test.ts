import test from "ava";
import { DEFAULT_LIMITS, resolveLimits } from "#src/format/index.js";

test("raising the raw block limit raises key, value and payload, unless they are given", (t) => {
  t.deepEqual(resolveLimits(), DEFAULT_LIMITS);
  const raised = resolveLimits({ rawBlock: 2 ** 31 });
  t.is(raised.value, 2 ** 31);
  t.is(raised.key, 2 ** 31);
  t.is(raised.payload, 2 ** 32 - 1);
  t.is(resolveLimits({ rawBlock: 2 ** 31, key: 5 }).payload, 2 ** 31 + 2 * 5 + 64);
  t.is(resolveLimits({ rawBlock: 2 ** 32 - 1 }).payload, 2 ** 32 - 1);
  t.like(resolveLimits({ rawBlock: 2 ** 31, value: 5, payload: 7 }), { value: 5, payload: 7 });
  t.like(resolveLimits({ rawBlock: 1000 }), { rawBlock: 1000, key: DEFAULT_LIMITS.key, value: DEFAULT_LIMITS.value, payload: DEFAULT_LIMITS.payload });
});

test("a limit is a whole number from 1 to 2^32 - 1", (t) => {
  for (const limit of [0, -1, 0.5, NaN, Infinity, 2 ** 32]) t.throws(() => resolveLimits({ header: limit }), { instanceOf: TypeError });
  t.notThrows(() => resolveLimits({ header: 1, key: 2 ** 32 - 1 }));
});
