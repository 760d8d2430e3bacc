import { hostname } from "node:os";
import test from "ava";
import { isDead, isRunning, ownerText, ownProcess } from "#src/operations/disk/owner.js";

/** More than Linux gives numbers to processes. */
const NOBODY = 4_194_305;

test("this process runs, one without a number like it does not, and of another machine's nobody can tell", async (t) => {
  const own = await ownProcess();
  t.true(await isRunning(own));
  t.false(await isRunning({ ...own, pid: NOBODY }));
  t.is(await isRunning({ ...own, host: `${hostname()}.another` }), null);
  t.is(await isRunning({ host: hostname() }), null);
});

test("a process that got the number of a dead one is another one", async (t) => {
  const own = await ownProcess();
  t.not(own.started, null);
  t.false(await isRunning({ ...own, started: "1" }));
  t.true(await isRunning({ ...own, started: null }), "when it was not told when it began, it may be the same");
});

test("in a file's name, only what is known to be dead is", async (t) => {
  const own = await ownProcess();
  t.false(await isDead(ownerText(own)));
  t.true(await isDead(ownerText({ ...own, pid: NOBODY })));
  t.true(await isDead(ownerText({ ...own, started: "1" })));
  t.false(await isDead(ownerText({ ...own, started: null })));
  t.false(await isDead(ownerText({ ...own, pid: NOBODY, host: `${hostname()}.another` })));
  t.false(await isDead("no owner"));
});
