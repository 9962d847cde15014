/**
 * A line to a Git server by HTTP that counts what is asked, and every byte.
 *
 * @module
 */
import { Proxy } from "../tests/chaos/proxy.ts";
import type { GitHost } from "../tests/support/servers/git_host.ts";
import { serveByHttp } from "../tests/support/servers/smart_http.ts";
import { type RequestKind, RequestReader } from "./http_requests.ts";

/** What has passed. */
export interface Traffic {
  /** All requests, whatever they are for and however they are answered. */
  requests: number;
  fetches: number;
  pushes: number;
  /** Both ways, with all heads. */
  bytes: number;
}

export class HttpMeter implements AsyncDisposable {
  readonly #kinds: Record<RequestKind, number> = { fetch: 0, push: 0, other: 0 };
  readonly #proxy: Proxy;
  /** The repository's address through the meter, with user and password. */
  readonly url: string;

  private constructor(private readonly host: GitHost) {
    const url = new URL(host.url);
    this.#proxy = new Proxy(Number(url.port), () => {
      const reader = new RequestReader((kind) => this.#kinds[kind]++);
      return (bytes) => reader.feed(bytes);
    });
    url.port = String(this.#proxy.port);
    this.url = url.href;
  }

  /**
   * Serves a bare repository.
   *
   * @param folder for the server's own files
   */
  static async serve(repository: string, folder: string): Promise<HttpMeter> {
    return new HttpMeter(await serveByHttp({ repository, folder }));
  }

  /** What has passed so far. */
  get traffic(): Traffic {
    const { fetch, push, other } = this.#kinds;
    const { up, down } = this.#proxy.bytes;
    return { requests: fetch + push + other, fetches: fetch, pushes: push, bytes: up + down };
  }

  /** What passes while something is done. */
  async during(work: () => Promise<unknown>): Promise<Traffic> {
    const before = this.traffic;
    await work();
    const after = this.traffic;
    return {
      requests: after.requests - before.requests,
      fetches: after.fetches - before.fetches,
      pushes: after.pushes - before.pushes,
      bytes: after.bytes - before.bytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
    await this.host[Symbol.asyncDispose]();
  }
}
