/** Using a resource and closing it, with the first failure as the one that is told. */

/**
 * Does work with a resource, then closes it. `await using` would throw a SuppressedError when closing fails too, and
 * hide what went wrong first.
 * @throws what the work throws, else what closing throws
 */
export async function closing<T extends AsyncDisposable, R>(resource: T, work: (resource: T) => Promise<R>): Promise<R> {
  let result: R;
  try {
    result = await work(resource);
  } catch (error) {
    await Promise.resolve(resource[Symbol.asyncDispose]()).catch(() => undefined);
    throw error;
  }
  await resource[Symbol.asyncDispose]();
  return result;
}
