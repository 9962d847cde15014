/**
 * The server that a Git host's push webhook calls, and `dgrid submit`: a call that proves to know the
 * secret lets the worker look at once. It carries no order and no data: what there is to do, the worker
 * reads from the repository as ever, so a call that is forged, repeated or lost costs one look.
 *
 * Node's server and not `Deno.serve`: that one waits for ever for a header or a body that does not
 * come, and takes any number of connections.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { CoalescedBell } from "./coalesced_bell.ts";
import { answerTo, type HookStatus, MAX_BODY_BYTES, refusalOf } from "./hook_answer.ts";
import { type ListenAddress, listenAddressText } from "./listen_address.ts";
import { readBody } from "./read_body.ts";

const log = getLogger(["dgrid", "wake"]);

/** However many calls come, even with the right secret: at most one look a second. */
const RING_GAP_MS = 1_000;
/** Of a wrong secret somebody must hear, but not as often as somebody likes to try. */
const COMPLAINT_GAP_MS = 60_000;

/** What a stranger can take up: so many connections, each for so long, with so much. */
export interface HookLimits {
  connections: number;
  /** From the first byte until the headers are there; then 408. */
  headersMs: number;
  /** From the first byte until the body is there; then 408. Git hosts wait for some 10 s. */
  requestMs: number;
  /** How often both are looked at. */
  checkMs: number;
}

const LIMITS: HookLimits = { connections: 32, headersMs: 5_000, requestMs: 10_000, checkMs: 1_000 };
const MAX_HEADER_BYTES = 16 * 1024;

export interface HookOptions {
  secret: string;
  /** Whether a ref is one whose move is work for the worker. */
  concerns(ref: string): boolean;
  /** Called for an authentic call, at most once a second. */
  ring(): void;
  clock: Clock;
  limits?: HookLimits;
}

export class HookServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: HookOptions;
  readonly #bell: CoalescedBell;
  readonly #complaints: CoalescedBell;

  private constructor(options: HookOptions) {
    const { ring, clock, limits = LIMITS } = options;
    this.#options = options;
    this.#bell = new CoalescedBell(ring, RING_GAP_MS, clock);
    this.#complaints = new CoalescedBell(complain, COMPLAINT_GAP_MS, clock);
    this.#server = createServer({
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    }, (request, response) => void this.#take(request, response));
    this.#server.maxConnections = limits.connections;
  }

  /**
   * Listens; once it does, the process needs no right to the network any more.
   *
   * @throws {Error} when it cannot: the port is taken, or the address is not of this machine
   */
  static async open(address: ListenAddress, options: HookOptions): Promise<HookServer> {
    const opened = new HookServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    opened.#server.once("error", reject);
    opened.#server.listen(address.port, address.hostname, resolve);
    try {
      await promise;
    } catch (error) {
      // Its words name the address.
      const { message } = error as Error;
      throw new Error(`starting to take wake-up calls: ${message}`, { cause: error });
    }
    return opened;
  }

  /** Where it listens, with the port that the system has chosen. */
  get where(): string {
    const { address, port } = this.#server.address() as { address: string; port: number };
    return listenAddressText({ hostname: address, port });
  }

  /** Stops listening; calls that are under way are cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#bell[Symbol.dispose]();
    this.#complaints[Symbol.dispose]();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const status = await this.#statusFor(request);
      answer(response, status);
      log.debug("a call from {from}: {status}", { from: request.socket.remoteAddress, status });
      if (status === 202) this.#bell.ring();
      if (status === 401) this.#complaints.ring();
    } catch (error) {
      log.debug("a call from {from} ended: {error}", { from: request.socket.remoteAddress, error });
    }
  }

  async #statusFor(request: IncomingMessage): Promise<HookStatus> {
    const { method = "", url = "" } = request;
    const head = { method, path: url, header: (name: string) => headerOf(request, name) };
    const refusal = refusalOf(head);
    if (refusal !== undefined) return refusal;
    const body = await readBody(request, MAX_BODY_BYTES);
    return body === undefined ? 413 : answerTo(head, body, this.#options);
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** One call a connection: nobody keeps one for later. */
function answer(response: ServerResponse, status: HookStatus): void {
  response.setHeader("connection", "close");
  if (status === 405) response.setHeader("allow", "POST");
  response.writeHead(status).end();
}

function complain(): void {
  log.warning("a wake-up call was refused: its secret is not that of {variable}, or it has none", {
    variable: "DGRID_WAKE_SECRET",
  });
}
