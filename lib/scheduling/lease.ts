/**
 * How long a claim is believed. Pure.
 *
 * No two clocks are compared (DESIGN.md section 4, rule 3): an observer adds up, by its own measure
 * of length, how long it has seen a claim and its owner's node ref unchanged; the owner counts from
 * the moment at which it began to send its last sign of life, which is before anybody saw it.
 *
 * @module
 */

/** One look tells of at most this part of a lease. */
const PART_PER_LOOK = 1 / 3;
/** A worker trusts its own lease for this part of it (DESIGN.md section 4, rule 4). */
const TRUSTED_PART = 2 / 3;
/** A node shows itself this often within a lease, so that one lost heartbeat does no harm. */
const BEATS_PER_LEASE = 3;
/** A node that has nothing to lose shows itself this often. */
export const IDLE_BEAT_MS = 600_000;
/** So much of the interval longer such a node waits for a look, which it makes anyway, to go with. */
const IDLE_PATIENCE = 1 / 5;

/** A claim of somebody else as an observer sees it. */
export interface Sighting {
  /** Tells this claim from every other: task, attempt and when it was claimed. */
  claim: string;
  /** What the owner's node ref names; undefined where there is none. */
  beat?: string;
}

/** A claim that an observer has had in view, and for how long nothing of it has moved. */
export interface Silence {
  beat?: string;
  silentMs: number;
  /** Up to when, by the observer's own clock. */
  countedToMs: number;
}

/** When a look began and ended, by the observer's own clock. */
export interface Look {
  beganMs: number;
  endedMs: number;
}

/**
 * Goes on counting after a further look. What it shows was so at some moment of it: a first sight
 * counts from its end, a further one up to its begin.
 *
 * A long gap between two looks says little: the server, or the observer itself, was away, and an owner
 * could not show itself either. So a gap counts for a third of the lease at most, and one that is
 * longer than the lease begins everything anew. So does a look that was answered so late.
 *
 * @param before what was known after the last look, by claim
 */
export function silencesAfter(
  before: ReadonlyMap<string, Silence>,
  seen: Sighting[],
  { beganMs, endedMs }: Look,
  leaseMs: number,
): Map<string, Silence> {
  return new Map(seen.map(({ claim, beat }): [string, Silence] => {
    const known = before.get(claim);
    const gapMs = known === undefined ? 0 : beganMs - known.countedToMs;
    const isTooLong = gapMs > leaseMs || endedMs - beganMs > leaseMs;
    if (known === undefined || known.beat !== beat || isTooLong) {
      return [claim, { beat, silentMs: 0, countedToMs: endedMs }];
    }
    const counted = Math.max(0, Math.min(gapMs, leaseMs * PART_PER_LOOK));
    const countedToMs = Math.max(beganMs, known.countedToMs);
    return [claim, { beat, silentMs: known.silentMs + counted, countedToMs }];
  }));
}

/** Whether anybody may take an attempt away from its owner. */
export function isLapsed(silence: Silence | undefined, leaseMs: number): boolean {
  return silence !== undefined && silence.silentMs >= leaseMs;
}

/** How long a worker lets an attempt run on after it last began to show itself. */
export function trustedMs(leaseMs: number): number {
  return leaseMs * TRUSTED_PART;
}

/** The longest pause between two looks of a node that watches the claims of others. */
export function watchIntervalMs(leaseMs: number): number {
  return leaseMs * PART_PER_LOOK;
}

/** What speaks for another interval between two signs of life than the usual one, if anything. */
export interface BeatWishes {
  /** What the node's owner wants; within the lease he has no say. */
  wishedMs?: number;
  /** Where pushes are few, how rare they have to be of a node that holds no claims. */
  scarceMs?: number;
}

/**
 * How often a node shows itself.
 *
 * @param isHolding whether it holds claims, which others would take away
 */
export function beatIntervalMs(
  leaseMs: number,
  isHolding: boolean,
  { wishedMs, scarceMs }: BeatWishes = {},
): number {
  if (!isHolding) return Math.max(wishedMs ?? IDLE_BEAT_MS, scarceMs ?? 0);
  const forLease = leaseMs / BEATS_PER_LEASE;
  return scarceMs === undefined ? Math.min(wishedMs ?? Infinity, forLease) : forLease;
}

/**
 * How long after its last sign of life a node wakes up for the next one, where it did not look
 * before.
 *
 * @param intervalMs how often it shows itself: {@link beatIntervalMs}
 */
export function latestBeatMs(intervalMs: number, isHolding: boolean): number {
  return isHolding ? intervalMs : intervalMs * (1 + IDLE_PATIENCE);
}
