/**
 * One connection through the proxy.
 *
 * @module
 */
import { CutPush, HEAD_BYTES, isPush, type PushCut } from "./push_cut.ts";

type Direction = "up" | "down";

/** What the proxy does with a connection. */
interface Line {
  /** Called before bytes are handed on; they wait for it. */
  passing(direction: Direction, bytes: Uint8Array): Promise<void>;
  /** Whether, and where, a push that begins now is to be cut. */
  takeCut(): PushCut | undefined;
  noteCut(): void;
  /** The push has ended before it could be cut. */
  returnCut(cut: PushCut): void;
}

export class Connection {
  /** Done when both sides are closed. */
  readonly over: Promise<void>;
  #push?: CutPush;
  #server?: Deno.TcpConn;
  /** What a connection begins with; the first packet can arrive in pieces. */
  #head: number[] | undefined = [];
  #isClosed = false;

  constructor(
    private readonly client: Deno.TcpConn,
    serverPort: number,
    private readonly line: Line,
  ) {
    this.over = this.#run(serverPort);
  }

  /** Breaks it off on both sides. */
  close(): void {
    this.#isClosed = true;
    closeQuietly(this.client);
    if (this.#server) closeQuietly(this.#server);
  }

  async #run(port: number): Promise<void> {
    try {
      const server = this.#server = await Deno.connect({ hostname: "127.0.0.1", port });
      // While we were connecting, it may have been closed.
      if (this.#isClosed) return;
      await Promise.all([
        this.#pump("up", this.client, server),
        this.#pump("down", server, this.client),
      ]);
    } catch (error) {
      if (!isBroken(error)) throw error;
    } finally {
      this.close();
      if (this.#push) this.line.returnCut(this.#push.cut);
    }
  }

  async #pump(direction: Direction, from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      const bytes = buffer.subarray(0, count);
      if (direction === "up") this.#lookAtFirst(bytes);
      await this.line.passing(direction, bytes);
      const allowed = this.#push?.allows(direction, bytes);
      await writeAll(to, allowed ?? bytes);
      if (allowed !== undefined) return this.#cut();
    }
    await to.closeWrite();
  }

  #lookAtFirst(bytes: Uint8Array): void {
    this.#head?.push(...bytes.subarray(0, HEAD_BYTES));
    if (this.#head === undefined || this.#head.length < HEAD_BYTES) return;
    const cut = isPush(new Uint8Array(this.#head)) ? this.line.takeCut() : undefined;
    this.#head = undefined;
    if (cut) this.#push = new CutPush(cut);
  }

  #cut(): void {
    this.#push = undefined;
    this.line.noteCut();
    this.close();
  }
}

/** Closes a connection that may have been closed already. */
export function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

const { errors } = Deno;
const BROKEN = [
  errors.BadResource,
  errors.BrokenPipe,
  errors.ConnectionAborted,
  errors.ConnectionRefused,
  errors.ConnectionReset,
  errors.Interrupted,
  errors.NotConnected,
  errors.TimedOut,
];

/** Whether an error says no more than that one of the sides has gone: the other will notice. */
function isBroken(error: unknown): boolean {
  return BROKEN.some((kind) => error instanceof kind);
}
