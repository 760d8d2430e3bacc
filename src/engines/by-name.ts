/** Looking things up by a keyspace's name. A store may have tens of thousands of them, so that no list is gone through for each. */

/** Things by names of bytes. Of several with the same name the first counts. */
export class ByName<T> {
  readonly #things = new Map<string, T>();

  constructor(things: Iterable<readonly [Uint8Array, T]> = []) {
    for (const [name, thing] of things) if (!this.has(name)) this.#things.set(textOf(name), thing);
  }

  /** The thing of a name. */
  get(name: Uint8Array): T | undefined {
    return this.#things.get(textOf(name));
  }

  /** All of them, in the order in which they came. */
  things(): IterableIterator<T> {
    return this.#things.values();
  }

  /** Whether there is a thing of that name. */
  has(name: Uint8Array): boolean {
    return this.#things.has(textOf(name));
  }
}

/** Things that have names, by these. */
export function byName<T extends { readonly name: Uint8Array }>(things: Iterable<T>): ByName<T> {
  return new ByName(Array.from(things, (thing) => [thing.name, thing]));
}

/** Names by themselves: a set. */
export function nameSet(names: Iterable<Uint8Array>): Pick<ByName<Uint8Array>, "has"> {
  return new ByName(Array.from(names, (name) => [name, name]));
}

/** Each byte as one character. */
function textOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString("latin1");
}
