/**
 * What a worker has seen of others for how long, by its own clock's measure of length: whose lease
 * has lapsed, and which retries have waited long enough.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LiveState } from "../protocol/live_state.ts";
import { isHeld } from "../protocol/transition.ts";
import { isLapsed, type Silence, silencesAfter, watchIntervalMs } from "../scheduling/lease.ts";

export class Observer {
  readonly #ledger: Ledger;
  readonly #nodeId: string;
  readonly #clock: Clock;
  #silences = new Map<string, Silence>();
  /** When each attempt that is to be followed by another was first seen to be over. */
  #waits = new Map<string, number>();

  constructor(ledger: Ledger, { nodeId, clock }: { nodeId: string; clock: Clock }) {
    this.#ledger = ledger;
    this.#nodeId = nodeId;
    this.#clock = clock;
  }

  /**
   * Notes what a look has shown.
   *
   * @param beganMs when it began, by `clock.elapsedMs`
   */
  noteLook(beganMs: number): void {
    const states = [...this.#ledger.states()];
    const sightings = states.filter((state) => this.#isOthers(state)).map((state) => ({
      claim: claimOf(state),
      beat: this.#ledger.refs.get(this.#ledger.names.node(state.node_id)),
    }));
    const endedMs = this.#clock.elapsedMs();
    const look = { beganMs, endedMs };
    this.#silences = silencesAfter(this.#silences, sightings, look, this.#leaseMs);
    const waits = states.filter(({ status }) => status === "retrying").map(claimOf);
    this.#waits = new Map(waits.map((wait) => [wait, this.#waits.get(wait) ?? endedMs]));
  }

  /**
   * How long until it makes sense to look again at the claims of others: until the first may have
   * lapsed, or as long as a look can tell of. Undefined where others hold none.
   */
  watchInMs(): number | undefined {
    if (this.#silences.size === 0) return undefined;
    const now = this.#clock.elapsedMs();
    const left = [...this.#silences.values()].map(({ silentMs, countedToMs }) =>
      this.#leaseMs - silentMs - (now - countedToMs)
    );
    return Math.min(Math.max(0, Math.ceil(Math.min(...left))), watchIntervalMs(this.#leaseMs));
  }

  /** Whether the owner of a claim has given no sign of life for a lease. */
  isLapsed(state: LiveState): boolean {
    return this.#isOthers(state) && isLapsed(this.#silences.get(claimOf(state)), this.#leaseMs);
  }

  /**
   * Whether a retry has waited as long as it should: the instants in its entry are both by the clock
   * of the node that wrote it, so their difference is right even where that clock is not.
   */
  hasWaited(state: LiveState): boolean {
    const sinceMs = this.#waits.get(claimOf(state));
    const ended = state.attempts.at(-1)?.ended_at;
    if (sinceMs === undefined || ended === undefined || state.not_before === undefined) {
      return false;
    }
    return this.#clock.elapsedMs() - sinceMs >= Date.parse(state.not_before) - Date.parse(ended);
  }

  /** Since when a task has been seen to wait for its next attempt, by the clock's `elapsedMs`. */
  waitsSinceMs(state: LiveState): number | undefined {
    return this.#waits.get(claimOf(state));
  }

  get #leaseMs(): number {
    return this.#ledger.main.settings.lease_seconds * 1000;
  }

  #isOthers(state: LiveState): boolean {
    return isHeld(state) && state.node_id !== this.#nodeId;
  }
}

/** Tells an attempt from every other one. */
function claimOf({ task_id, attempt, claimed_at }: LiveState): string {
  return `${task_id} ${attempt} ${claimed_at}`;
}
