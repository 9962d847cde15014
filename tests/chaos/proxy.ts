/**
 * A line between the workers and the Git server that can be cut.
 *
 * @module
 */
import { closeQuietly, Connection } from "./connection.ts";
import type { PushCut } from "./push_cut.ts";

/**
 * What the workers meet while the server is away.
 *
 * - `refusing`: whoever comes is sent away
 * - `silent`: whoever comes is taken in, and hears nothing; what was on its way arrives afterwards
 */
export type Outage = "refusing" | "silent";

/** Hands TCP connections on to a port of this machine. */
export class Proxy implements AsyncDisposable {
  /** How many bytes went to the server, and came from it. */
  readonly bytes = { up: 0, down: 0 };
  /** How many connections there were. */
  connections = 0;
  /** How many pushes were cut in the middle. */
  pushesCut = 0;
  /** How often the server was taken away. */
  cuts = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Connection>();
  readonly #cuts: PushCut[] = [];
  readonly #accepting: Promise<void>;
  #outage?: { kind: Outage; over: PromiseWithResolvers<void> };
  #held = Promise.withResolvers<void>();

  /**
   * @param listener gives for each connection who is to hear what goes to the server
   */
  constructor(
    private readonly serverPort: number,
    private readonly listener: () => (bytes: Uint8Array) => void = () => () => {},
  ) {
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Whether the server cannot be reached now. */
  get isCut(): boolean {
    return this.#outage !== undefined;
  }

  /** Takes the server away; `refusing` also ends what is under way. */
  cut(kind: Outage): void {
    this.mend();
    this.cuts++;
    this.#held = Promise.withResolvers();
    this.#outage = { kind, over: Promise.withResolvers() };
    if (kind === "refusing") { for (const connection of this.#open) connection.close(); }
  }

  /** Gives the server back. */
  mend(): void {
    this.#outage?.over.resolve();
    this.#outage = undefined;
  }

  /** Done when the silent server keeps something back. */
  heldBack(): Promise<void> {
    return this.#held.promise;
  }

  /** Cuts the next push that lasts long enough. */
  cutNextPush(cut: PushCut): void {
    this.#cuts.push(cut);
  }

  /** Forgets the cuts that no push has met. */
  spareAllPushes(): void {
    this.#cuts.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend();
    this.#listener.close();
    await this.#accepting;
    for (const connection of this.#open) connection.close();
    await Promise.all([...this.#open].map(({ over }) => over));
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.connections++;
      if (this.#outage?.kind === "refusing") closeQuietly(client);
      else this.#connect(client);
    }
  }

  #connect(client: Deno.TcpConn): void {
    const hear = this.listener();
    const connection = new Connection(client, this.serverPort, {
      passing: async (direction, bytes) => {
        this.bytes[direction] += bytes.length;
        if (direction === "up") hear(bytes);
        if (!this.#outage) return;
        this.#held.resolve();
        await this.#outage.over.promise;
      },
      takeCut: () => this.#cuts.shift(),
      noteCut: () => this.pushesCut++,
      // No push was cut by it, so the next one shall be.
      returnCut: (cut) => this.#cuts.push(cut),
    });
    this.#open.add(connection);
    connection.over.then(() => this.#open.delete(connection));
  }
}
