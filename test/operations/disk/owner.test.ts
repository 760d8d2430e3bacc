import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import test from "ava";
import { isDead, isRunning, ownerText, ownProcess } from "#src/operations/disk/owner.js";

/** More than Linux gives numbers to processes. */
const NOBODY = 4_194_305;
const OTHER_USER = 65534;

test("this process runs, one without a number like it does not, and of another machine's nobody can tell", (t) => {
  const own = ownProcess();
  t.true(isRunning(own));
  t.false(isRunning({ ...own, pid: NOBODY }));
  t.is(isRunning({ ...own, host: `${hostname()}.another` }), null);
  t.is(isRunning({ host: hostname() }), null);
});

test("when a process began is field 22 of what proc(5) says of it, and no two processes began alike", (t) => {
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", `import { ownProcess } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/owner.js"))}; import { readFileSync } from "node:fs"; console.log(JSON.stringify([ownProcess().started, readFileSync("/proc/self/stat", "utf8")]))`], { encoding: "utf8" });
  const [started, stat] = JSON.parse(child.stdout) as [string, string];
  for (const [is, text] of [[started, stat], [ownProcess().started, readFileSync("/proc/self/stat", "utf8")]] as const) t.is(is, /^\d+ \(.*\) \S(?: \S+){18} (\d+) /s.exec(text)?.[1] ?? "");
  t.not(started, ownProcess().started);
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

test("a process of another user runs, and nothing of its is dead: only one that is not there is", (t) => {
  const own = ownProcess();
  // Root may send signals to all, so it becomes another user first; others may send none to the first process of the system.
  const asRoot = process.geteuid?.() === 0;
  const others = [...(asRoot ? [own, { ...own, started: null }] : []), { ...own, pid: 1, started: null }];
  const program = `
    import { isDead, isRunning } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/owner.js"))};
    const [owners, texts, user] = JSON.parse(process.argv[1]);
    if (user !== null) {
      process.setgroups([]);
      process.setgid(user);
      process.setuid(user);
    }
    const refused = owners.map(({ pid }) => { try { process.kill(pid, 0); return null; } catch ({ code }) { return code; } });
    console.log(JSON.stringify([refused, owners.map(isRunning), texts.map(isDead)]));`;
  const gone = { ...own, pid: NOBODY };
  const owners = [...others, gone];
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program, JSON.stringify([owners, owners.map(ownerText), asRoot ? OTHER_USER : null])], { encoding: "utf8" });
  t.not(stdout, "", stderr);
  t.deepEqual(JSON.parse(stdout), [[...others.map(() => "EPERM"), "ESRCH"], [...others.map(() => true), false], [...others.map(() => false), true]]);
});
