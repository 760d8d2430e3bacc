/** Writes a delta of changes as they are found. */
import type { ChangeBlock } from "../../engines/sled-follower.js";
import { type Codec, DEFAULT_BLOCK_SIZE, type DeltaResult, type DumpHeader, DumpWriter, packBlock } from "../../format/index.js";
import { openOutput } from "../output.js";
import type { DumpOutput } from "../dump-output.js";

/** A delta that is being written to a file. It appears with `finish`; `discard` leaves nothing. */
export class DeltaOutput {
  readonly #writer: DumpWriter;
  readonly #codec: Codec;
  readonly #output: DumpOutput;
  /** Changes that wait until they fill a block. */
  #waiting: ChangeBlock[] = [];
  #bytes = 0;

  private constructor(writer: DumpWriter, codec: Codec, output: DumpOutput) {
    this.#writer = writer;
    this.#codec = codec;
    this.#output = output;
  }

  /** Begins the file. @throws {KgdumpError} OUTPUT_EXISTS, PERMISSION_DENIED, NO_SPACE, … */
  static async open(path: string, header: DumpHeader, codec: Codec): Promise<DeltaOutput> {
    const writer = new DumpWriter(header);
    const output = await openOutput(path, { force: false });
    try {
      await output.write(writer.start());
    } catch (error) {
      await output.discard(() => []);
      throw error;
    }
    return new DeltaOutput(writer, codec, output);
  }

  /** Begins a keyspace of the header's, in its order. */
  async startKeyspace(index: number): Promise<void> {
    await this.#output.write(this.#writer.startKeyspace(index));
  }

  /** Adds changes behind those before. */
  async add(block: ChangeBlock): Promise<void> {
    if (this.#bytes > 0 && this.#bytes + block.data.length > DEFAULT_BLOCK_SIZE) await this.#write();
    this.#waiting.push(block);
    this.#bytes += block.data.length;
  }

  /** Ends a keyspace. @param result what it then holds */
  async endKeyspace(result: DeltaResult): Promise<void> {
    await this.#write();
    await this.#output.write(this.#writer.endKeyspace(result));
  }

  /** Makes the file durable and visible. @throws {KgdumpError} NO_SPACE, OUTPUT_EXISTS, IO_FAILED, … */
  async finish(): Promise<void> {
    await this.#output.write(this.#writer.finish());
    await this.#output.commit();
  }

  /** Gives up. Never throws. */
  async discard(): Promise<void> {
    await this.#output.discard(() => []);
  }

  async #write(): Promise<void> {
    const [first] = this.#waiting;
    const last = this.#waiting.at(-1);
    if (first === undefined || last === undefined) return;
    const raw = this.#waiting.length === 1 ? first.data : Buffer.concat(this.#waiting.map(({ data }) => data));
    const sum = (pick: (block: ChangeBlock) => number): number => this.#waiting.reduce((total, block) => total + pick(block), 0);
    const { firstKey } = first;
    const { lastKey } = last;
    const counts = { entries: sum(({ entries }) => entries), keyBytes: sum(({ keyBytes }) => keyBytes), valueBytes: sum(({ valueBytes }) => valueBytes) };
    await this.#output.write(this.#writer.block({ ...counts, firstKey, lastKey, raw, ...(await packBlock(this.#codec, raw)) }));
    this.#waiting = [];
    this.#bytes = 0;
  }
}
