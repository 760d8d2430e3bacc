import { hostname } from "node:os";
import test from "ava";
import { isDead, isRunning, ownerText, ownProcess } from "#src/operations/disk/owner.js";

/** More than Linux gives numbers to processes. */
const NOBODY = 4_194_305;

test("this process runs, one without a number like it does not, and of another machine's nobody can tell", (t) => {
  const own = ownProcess();
  t.true(isRunning(own));
  t.false(isRunning({ ...own, pid: NOBODY }));
  t.is(isRunning({ ...own, host: `${hostname()}.another` }), null);
  t.is(isRunning({ host: hostname() }), null);
});

test("a process that got the number of a dead one is another one", (t) => {
  const own = ownProcess();
  t.not(own.started, null);
  t.false(isRunning({ ...own, started: "1" }));
  t.true(isRunning({ ...own, started: null }), "when it was not told when it began, it may be the same");
});

test("in a file's name, only what is known to be dead is", (t) => {
  const own = ownProcess();
  t.false(isDead(ownerText(own)));
  t.true(isDead(ownerText({ ...own, pid: NOBODY })));
  t.true(isDead(ownerText({ ...own, started: "1" })));
  t.false(isDead(ownerText({ ...own, started: null })));
  t.false(isDead(ownerText({ ...own, pid: NOBODY, host: `${hostname()}.another` })));
  t.false(isDead("no owner"));
});
