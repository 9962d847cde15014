/**
 * Calls as each Git host makes them, on a server that listens on this machine.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { systemClock } from "../../lib/clock.ts";
import { type HookOptions, HookServer } from "../../lib/wake/hook_server.ts";

export const SECRET = "a secret of some length";
export const PUSH = JSON.stringify({ ref: "refs/heads/main", commits: [] });

/** A server on a free port, and how often it rang. */
export class Rung implements AsyncDisposable {
  rings = 0;
  #server?: HookServer;

  static async open(more: Partial<HookOptions> = {}): Promise<Rung> {
    const rung = new Rung();
    rung.#server = await HookServer.open({ hostname: "127.0.0.1", port: 0 }, {
      secret: SECRET,
      concerns: (ref) => ref === "refs/heads/main",
      ring: () => rung.rings++,
      clock: systemClock,
      ...more,
    });
    return rung;
  }

  get address(): string {
    return this.#server!.where;
  }

  /** Posts a body, and gives the answer's status. */
  async post(headers: Record<string, string>, body = PUSH, more: RequestInit = {}, path = "/") {
    const request = { method: "POST", headers, body, ...more };
    const response = await fetch(`http://${this.address}${path}`, request);
    if (await response.text() !== "") throw new Error("the answer has a body");
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server![Symbol.asyncDispose]();
  }
}

/** The HMAC-SHA256 of a text, in hex, made without our own code. */
export function hmac(body: string, secret = SECRET): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** What GitHub sends with a body. */
export function github(body: string, secret = SECRET): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-hub-signature-256": `sha256=${hmac(body, secret)}`,
  };
}

/** What Gitea and Forgejo send with a body. */
export function gitea(body: string, secret = SECRET): Record<string, string> {
  return { "content-type": "application/json", "x-gitea-signature": hmac(body, secret) };
}

/** What GitLab sends. */
export function gitlab(secret = SECRET): Record<string, string> {
  return { "content-type": "application/json", "x-gitlab-token": secret };
}
