/**
 * Rule 4 of DESIGN.md section 4: a worker trusts its own lease for less time than others do. It runs
 * beside the tick, which may hang in a push while the lease goes by.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { trustedMs, watchIntervalMs } from "../scheduling/lease.ts";
import type { Presence } from "./presence.ts";
import type { Slots } from "./slots.ts";

const log = getLogger(["dgrid", "worker"]);

interface Guarded {
  ledger: Ledger;
  clock: Clock;
  presence: Presence;
  slots: Slots;
}

/** Stops attempts whose lease could not be renewed in time, until the signal fires. Never throws. */
export async function guardLease(guarded: Guarded, signal: AbortSignal): Promise<void> {
  const { ledger, clock } = guarded;
  while (!signal.aborted) {
    const leaseMs = ledger.main.settings.lease_seconds * 1000;
    const nextMs = stopUnrenewed(guarded, trustedMs(leaseMs));
    // What starts while nothing runs is still trusted when the next round comes.
    await clock.wait(Math.min(nextMs ?? Infinity, watchIntervalMs(leaseMs)), signal);
  }
}

/** @returns how long until the next attempt is due; undefined where nothing is in hand */
function stopUnrenewed({ presence, slots }: Guarded, limitMs: number): number | undefined {
  let nextMs: number | undefined;
  for (const { task_id, sentMs } of slots.claims) {
    const leftMs = presence.trustLeftMs(sentMs);
    if (leftMs > 0) {
      nextMs = Math.min(nextMs ?? Infinity, leftMs);
      continue;
    }
    log.warn(
      "{task}: stopped: for {seconds} s no sign of life could be given, so others may take it",
      {
        task: task_id,
        seconds: Math.round(limitMs / 1000),
      },
    );
    slots.stop(task_id, "unrenewed");
  }
  return nextMs;
}
