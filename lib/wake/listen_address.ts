/**
 * Where a worker listens for wake-up calls: a host, a colon, a port.
 *
 * @module
 */

/** A place to listen at. */
export interface ListenAddress {
  /** A name or an address; one of IPv6 is without its brackets. */
  hostname: string;
  /** 0 for one that the system chooses. */
  port: number;
}

/** What such an address is, for messages: "must be …". */
export const LISTEN_RULE =
  "HOST:PORT, as in 127.0.0.1:8787, [::1]:8787 or, for every interface, 0.0.0.0:8787";

/** Reads an address; undefined where it is none. The host must be said: nobody opens all unawares. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, v6, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ??
    [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { hostname: v6 ?? name, port };
}

/** The same address as text. */
export function listenAddressText({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
