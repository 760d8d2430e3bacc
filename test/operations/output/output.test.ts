import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { type FileHandle, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, Socket } from "node:net";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { promisify } from "node:util";
import test from "ava";
import fc from "../../support/properties.js";
import { writeAll } from "#src/operations/output/output-file.js";
import { openOutput, refuseInStore } from "#src/operations/output/output.js";
import { straceIsMissing } from "../../faults/series.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const bytes = (text: string): Uint8Array => Buffer.from(text);

test("a file appears whole at commit, private, and not before", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  const output = await openOutput(path, { force: false });
  await output.write([bytes("one "), bytes(""), bytes("two")]);
  t.false((await readdir(directory)).includes("a.kgd"));
  await output.commit();
  t.deepEqual(await readdir(directory), ["a.kgd"]);
  t.is(await readFile(path, "utf8"), "one two");
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test("a file that is written to its disk in strides on the way is whole, and one that is discarded then leaves nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  const chunks = Array.from({ length: 30 }, (_, index) => Buffer.alloc(1_000_003, index));
  for (const last of ["commit", "discard"] as const) {
    const output = await openOutput(path, { force: true });
    for (const chunk of chunks) await output.write([bytes("head"), chunk]);
    if (last === "commit") await output.commit();
    else await output.discard(() => []);
    const whole = Buffer.concat(chunks.flatMap((chunk) => [bytes("head"), chunk]));
    t.is(Buffer.compare(await readFile(path), whole), 0);
    t.deepEqual(await readdir(directory), ["a.kgd"]);
  }
});

test("memory may be used again after a write, whether the stream gets a copy or not", async (t) => {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("data", (chunk: Buffer) => received.push(Buffer.from(chunk)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const client = new Socket();
  client.connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  const file = join(await temporaryDirectory(t), "a.kgd");
  const through = new PassThrough({ highWaterMark: 1 << 30 });
  const memory = Buffer.alloc(300_000);
  const expected = Buffer.concat(Array.from({ length: 20 }, (_, index) => Buffer.alloc(memory.length + 1, index)));
  for (const target of [client, through, createWriteStream(file)]) {
    const output = await openOutput(target, { force: false });
    for (let index = 0; index < 20; index += 1) {
      memory.fill(index);
      await output.write([Buffer.of(index), memory]);
    }
    memory.fill(255);
    if (target === through) through.end();
    else await output.commit();
  }
  await new Promise((done) => server.close(done));
  const passed = (await through.toArray()) as Buffer[];
  for (const [name, found] of Object.entries({ socket: Buffer.concat(received), through: Buffer.concat(passed), file: await readFile(file) })) {
    t.is(Buffer.compare(found, expected), 0, name);
  }
});

test("a file takes all bytes, each once and in order, however few it takes at a time", async (t) => {
  const property = fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 9 }), async (chunks, taken) => {
    const written: Uint8Array[] = [];
    let call = 0;
    // What a disk that is nearly full, or a network's, does.
    const writev = (buffers: readonly Uint8Array[]): Promise<{ bytesWritten: number; buffers: [] }> => {
      const most = taken[call++ % taken.length] ?? 1;
      const bytes = Buffer.concat(buffers).subarray(0, most);
      written.push(Buffer.from(bytes));
      return Promise.resolve({ bytesWritten: bytes.length, buffers: [] });
    };
    await writeAll({ writev } as unknown as Pick<FileHandle, "writev">, chunks);
    t.is(Buffer.compare(Buffer.concat(written), Buffer.concat(chunks)), 0);
  });
  await fc.assert(property, { seed: loggedSeed(t), numRuns: 300 });
});

test("without hard links a file that came meanwhile is not replaced either", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await temporaryDirectory(t);
  const script = (other: boolean): string => `
    import { writeFile } from "node:fs/promises";
    import { PublishedFile } from ${JSON.stringify(new URL("../../../../dist/operations/output/output-file.js", import.meta.url).href)};
    const file = await PublishedFile.create(process.argv[1], false);
    await file.write([Buffer.from("mine")]);
    ${other ? 'await writeFile(process.argv[1], "theirs");' : ""}
    await file.commit().then(() => console.log("done"), (error) => console.log(error.code));
    await file.discard();`;
  for (const [other, said, content] of [[true, "OUTPUT_EXISTS", "theirs"], [false, "done", "mine"]] as const) {
    const path = join(directory, said);
    const { stdout } = await promisify(execFile)("strace", ["-f", "-o", "/dev/null", "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM", process.execPath, "--input-type=module", "-e", script(other), path]);
    t.is(stdout.trim(), said);
    t.is(await readFile(path, "utf8"), content);
  }
  t.deepEqual((await readdir(directory)).sort(), ["OUTPUT_EXISTS", "done"]);
});

test("a discarded file leaves nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const output = await openOutput(join(directory, "a.kgd"), { force: false });
  await output.write([bytes("half")]);
  await output.discard(() => [bytes("never written")]);
  t.deepEqual(await readdir(directory), []);
});

test("a name may be as long as the file system takes it, in any letters: that of the temporary file is shorter, and whole", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const name of ["x".repeat(255), `${"ä".repeat(125)}.kgd`, `x${"ä".repeat(125)}.kgd`, `xy${"\u{1f600}".repeat(60)}.kgd`]) {
    const output = await openOutput(join(directory, name), { force: false });
    const [temporary = ""] = await readdir(directory);
    t.true(temporary.startsWith(`.${name.slice(0, 70)}`) && !temporary.includes("\ufffd"), temporary);
    await output.write([bytes("whole")]);
    await output.commit();
    t.deepEqual(await readdir(directory), [name]);
    await rm(join(directory, name));
  }
});

test("what a running export writes stays when another one to the same name begins", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  const [first, second] = [await openOutput(path, { force: false }), await openOutput(path, { force: false })];
  await first.write([bytes("first")]);
  await second.write([bytes("second")]);
  await first.commit();
  await t.throwsAsync(second.commit(), { code: "OUTPUT_EXISTS" });
  await second.discard(() => []);
  t.is(await readFile(path, "utf8"), "first");
  t.deepEqual(await readdir(directory), ["a.kgd"]);
});

test("an existing file is refused before anything is written", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  await writeFile(path, "precious");
  await t.throwsAsync(openOutput(path, { force: false }), { code: "OUTPUT_EXISTS" });
  t.deepEqual(await readdir(directory), ["a.kgd"]);
  t.is(await readFile(path, "utf8"), "precious");
});

test("a file that comes into being meanwhile is not replaced", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  const output = await openOutput(path, { force: false });
  await output.write([bytes("mine")]);
  await writeFile(path, "precious");
  const error = await t.throwsAsync(output.commit());
  t.like(error, { code: "OUTPUT_EXISTS" });
  await output.discard(() => []);
  t.deepEqual(await readdir(directory), ["a.kgd"]);
  t.is(await readFile(path, "utf8"), "precious");
});

test("with force a file is replaced, at commit only", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  await writeFile(path, "old");
  const output = await openOutput(path, { force: true });
  await output.write([bytes("new")]);
  t.is(await readFile(path, "utf8"), "old");
  await output.commit();
  t.is(await readFile(path, "utf8"), "new");
  t.deepEqual(await readdir(directory), ["a.kgd"]);
});

test("what is inside of a store is refused, by whatever path; what only begins like it is not", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "graph");
  for (const name of [join("graph", "below"), "graph-dumps"]) await mkdir(join(directory, name), { recursive: true });
  await symlink(join(store, "below"), join(directory, "link"));
  for (const output of [join(store, "a.kgd"), join(store, "below", "a.kgd"), join(directory, "link", "a.kgd"), join(store, "..", "graph", "a.kgd")]) await t.throwsAsync(refuseInStore(output, store), { code: "USAGE" }, output);
  for (const output of [join(directory, "a.kgd"), join(directory, "graph-dumps", "a.kgd"), join(store, "..", "graph.kgd"), join(directory, "none", "a.kgd")]) await t.notThrowsAsync(refuseInStore(output, store), output);
});

test("a directory and a missing parent are refused by name", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "d"));
  await t.throwsAsync(openOutput(join(directory, "d"), { force: true }), { code: "OUTPUT_EXISTS", message: /is a directory/ });
  await t.throwsAsync(openOutput(join(directory, "no", "a.kgd"), { force: false }), { code: "NOT_FOUND" });
});

test("a device takes the bytes as they come", async (t) => {
  const output = await openOutput("/dev/null", { force: false });
  await output.write([bytes("x")]);
  await output.commit();
  t.is(output.path, null);
});

test("a full device is NO_SPACE", async (t) => {
  const output = await openOutput("/dev/full", { force: false });
  await t.throwsAsync(output.write([bytes("x")]), { code: "NO_SPACE" });
  await output.discard(() => []);
});

test("a stream gets the bytes in order, then ends", async (t) => {
  const stream = new PassThrough();
  const received: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => received.push(chunk));
  const output = await openOutput(stream, { force: false });
  await output.write([bytes("a"), bytes("b")]);
  await output.write([bytes("c")]);
  await output.commit();
  t.is(Buffer.concat(received).toString(), "abc");
});

test("a discarded stream ends with the last words", async (t) => {
  const stream = new PassThrough();
  const received: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => received.push(chunk));
  const output = await openOutput(stream, { force: false });
  await output.write([bytes("half")]);
  await output.discard(() => [bytes(" aborted")]);
  t.is(Buffer.concat(received).toString(), "half aborted");
});

test("a reader that went away is BROKEN_PIPE", async (t) => {
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  const stream = new Writable({
    write: (_chunk, _encoding, done) => {
      done(gone);
    },
  });
  const output = await openOutput(stream, { force: false });
  await t.throwsAsync(output.write([bytes("x")]), { code: "BROKEN_PIPE" });
  await output.discard(() => [bytes("nobody reads this")]);
});

for (const [how, error] of [["without a word", undefined], ["with an error", new Error("enough")]] as const) {
  test(`a stream that is closed ${how} ends the write that waits for it, and each after that`, async (t) => {
    const never = { write: (): void => { /* Nobody takes it. */ } };
    for (const stream of [new PassThrough({ highWaterMark: 1 }), new Writable(never), new Writable({ ...never, highWaterMark: 1 })]) {
      const output = await openOutput(stream, { force: false });
      setTimeout(() => stream.destroy(error), 20);
      for (const chunk of [Buffer.alloc(100_000), bytes("more")]) await t.throwsAsync(output.write([chunk]), { code: error === undefined ? "BROKEN_PIPE" : "IO_FAILED" });
      await output.discard(() => [bytes("nobody reads this")]);
    }
    const ending = new Writable({ write: (_chunk, _encoding, done) => { done(); }, final: never.write });
    const output = await openOutput(ending, { force: false });
    await output.write([bytes("all")]);
    setTimeout(() => ending.destroy(error), 20);
    await t.throwsAsync(output.commit(), { code: error === undefined ? "BROKEN_PIPE" : "IO_FAILED" });
  });
}

test("a write resolves only when the reader took the bytes", async (t) => {
  let take: (() => void) | undefined;
  const stream = new Writable({
    write: (_chunk, _encoding, done) => {
      take = done;
    },
  });
  const output = await openOutput(stream, { force: false });
  let resolved = false;
  const writing = output.write([bytes("x")]).then(() => {
    resolved = true;
  });
  await new Promise((done) => setTimeout(done, 20));
  t.false(resolved);
  take?.();
  await writing;
  t.true(resolved);
});

test("a dump is done when its stream has ended, and not when the end of the stream fails", async (t) => {
  let ended = false;
  const slow = new Writable({
    write: (_chunk, _encoding, done) => { done(); },
    final: (done) => {
      setTimeout(() => {
        ended = true;
        done();
      }, 50);
    },
  });
  const output = await openOutput(slow, { force: false });
  await output.write([bytes("all")]);
  await output.commit();
  t.true(ended);
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const failing = new Writable({ write: (_chunk, _encoding, done) => { done(); }, final: (done) => { done(full); } });
  const other = await openOutput(failing, { force: false });
  await other.write([bytes("all")]);
  await t.throwsAsync(other.commit(), { code: "NO_SPACE" });
});

test("an abort ends a write that waits for a slow reader", async (t) => {
  const stream = new Writable({
    write: () => {
      // A reader that never reads.
    },
  });
  const controller = new AbortController();
  const output = await openOutput(stream, { force: false, signal: controller.signal });
  const writing = output.write([bytes("x")]);
  controller.abort(new Error("stop"));
  await t.throwsAsync(writing, { message: "stop" });
  await output.discard(() => [bytes("aborted")]);
  t.true(stream.destroyed);
});

test("with force, what links lead to is replaced, and not the links, each of which is read from where it is", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  for (const name of ["one", join("one", "two"), "three"]) await mkdir(at(name));
  const file = join("three", "a.kgd");
  for (const chain of [
    [["b.kgd", file]],
    [["b.kgd", file], ["c.kgd", "b.kgd"]],
    [["b.kgd", at(file)], [join("one", "c.kgd"), join("..", "b.kgd")]],
    [[join("three", "b.kgd"), "a.kgd"], ["c.kgd", join("three", "b.kgd")]],
    [[join("three", "b.kgd"), "a.kgd"], [join("one", "two", "c.kgd"), join("..", "..", "three", "b.kgd")], [join("one", "d.kgd"), join("two", "c.kgd")], ["e.kgd", join("one", "d.kgd")]],
  ] as const) {
    await writeFile(at(file), "old");
    for (const [name, to] of chain) await symlink(to, at(name));
    const output = await openOutput(at(chain.at(-1)?.[0] ?? ""), { force: true });
    await output.write([bytes("new")]);
    await output.commit();
    t.deepEqual(await Promise.all(chain.map(([name]) => readlink(at(name)))), chain.map(([, to]) => to));
    t.is(await readFile(at(file), "utf8"), "new");
    t.deepEqual((await readdir(directory, { recursive: true })).sort(), ["one", join("one", "two"), "three", file, ...chain.map(([name]) => name)].sort());
    for (const [name] of chain) await rm(at(name));
  }
});
