/** Memory that is lent again may never be what somebody still looks at. */
import test from "ava";
import { borrow, giveBack, HUGE_BLOCK } from "#src/memory.js";

/** Bytes of the block size and a little more or less, as blocks have. */
const LENGTHS = [1_048_576, 1_048_490, 1_000_000, 983_041];

test.serial("what was given back is lent again, to what is about as long", (t) => {
  const first = borrow(1_048_576);
  giveBack(first);
  for (const length of LENGTHS) {
    const again = borrow(length);
    t.is(again.buffer, first.buffer);
    t.is(again.length, length);
    giveBack(again);
  }
  // Neither what is larger nor what is much smaller gets it.
  t.not(borrow(1_048_577).buffer, first.buffer);
  t.not(borrow(100).buffer, first.buffer);
});

test.serial("nothing is lent twice", (t) => {
  const lent = LENGTHS.map((length) => borrow(length));
  t.is(new Set(lent.map(({ buffer }) => buffer)).size, lent.length);
  const [one] = lent;
  if (one === undefined) return t.fail();
  giveBack(one);
  giveBack(one);
  giveBack(Buffer.from(one.buffer, 0, one.length));
  t.not(borrow(one.length).buffer, borrow(one.length).buffer);
});

test.serial("what is not the whole of what was lent stays as it is", (t) => {
  const lent = borrow(1_000_000);
  giveBack(lent.subarray(1));
  giveBack(Buffer.from(lent.buffer, 1, lent.length));
  giveBack(lent.subarray(0, 10));
  giveBack(new Uint8Array(lent.length));
  giveBack(new Uint8Array(new SharedArrayBuffer(lent.length)));
  t.not(borrow(lent.length).buffer, lent.buffer);
  t.is(lent.length, 1_000_000);
});

test.serial("nothing of no bytes, and nothing huge, is kept", (t) => {
  t.is(borrow(0).length, 0);
  giveBack(borrow(0));
  const most = borrow(HUGE_BLOCK);
  giveBack(most);
  t.is(borrow(HUGE_BLOCK).buffer, most.buffer);
  const beyond = borrow(HUGE_BLOCK + 1);
  giveBack(beyond);
  t.is(beyond.length, 0);
  t.not(borrow(HUGE_BLOCK + 1).buffer, beyond.buffer);
});

test.serial("no more waits than one huge block has", (t) => {
  const lent = Array.from({ length: 20 }, () => borrow(HUGE_BLOCK / 8));
  for (const one of lent) giveBack(one);
  const kept = new Set(lent.map(({ buffer }) => buffer));
  const again = Array.from({ length: 20 }, () => borrow(HUGE_BLOCK / 8)).filter(({ buffer }) => kept.has(buffer));
  t.true(again.length <= 8, String(again.length));
  t.true(again.length > 0);
});

test.serial("only huge arrays lose their memory at once", (t) => {
  const [small, huge, shared] = [new Uint8Array(HUGE_BLOCK), new Uint8Array(HUGE_BLOCK + 1), new Uint8Array(new SharedArrayBuffer(HUGE_BLOCK + 1))];
  for (const bytes of [small, huge, huge, shared]) giveBack(bytes);
  t.deepEqual([small.length, huge.length, shared.length], [HUGE_BLOCK, 0, HUGE_BLOCK + 1]);
});
