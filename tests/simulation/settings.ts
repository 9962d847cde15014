/**
 * The grid that is simulated.
 *
 * @module
 */

export const LEASE_SECONDS = 10;
export const LEASE_MS = LEASE_SECONDS * 1000;
export const POLL_MS = 1_000;
export const MAX_POLL_MS = 5 * POLL_MS;
