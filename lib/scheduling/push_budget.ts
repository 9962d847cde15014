/**
 * How the nodes of a grid share the pushes that a host takes. Pure.
 *
 * Where pushes are few, they are made one at a time: each one moves the grid's turn from the value
 * that its pusher has seen, so that of two who push at the same moment one loses; and it leaves there
 * how long ago the pushes before it were. Who reads that dates the last push by the moment at which he
 * had *seen* it, which is after it was made, and the others from there. So {@link turnOpensMs} never
 * lets more pushes into a minute than the budget, whatever the nodes know of each other. Where pushes
 * are plenty, one at a time would hold the nodes up, and each keeps a pace of its own.
 *
 * @module
 */

/** Of a budget of at most so many pushes a minute, each is taken in turn. */
const MOST_TURNS = 60;
const MINUTE_MS = 60_000;
/** So much of a budget may be spent at once. */
const BURST_PART = 2 / 3;
/**
 * What is spent at once is missing for the two thirds of a minute in which the rest has been spent:
 * that has to fit between half a lease and two thirds of it (`trustedMs` in lease.ts).
 */
const LEAST_LEASE_TO_BURST_MS = 4 * MINUTE_MS;
/** Two clocks do not run equally fast, by so much at most. */
const CLOCK_SLACK = 1.01;
/**
 * Each node that wants a turn lets others go first for a while that is drawn by lot: at most so long
 * for each of them, and a gap for all.
 */
const LOT_MS = 2_000;
/** Turns are this much further apart than they need to be: somebody has to see that it is his. */
const TURN_LOSS = 1.5;
/** A node that holds claims has a turn once within this part of a lease. */
const TURN_PART = 1 / 2;
/** Within a shorter lease, one push for something else can be in the way of a sign of life. */
const LEAST_GAPS_PER_LEASE = 8;
/** Who holds claims and has not shown itself for this part of a lease draws no lot, and goes first. */
const PRESSING_PART = 1 / 3;
/** Nodes that have nothing to lose take about this part of the turns at most. */
const IDLE_PART = 1 / 4;

/** What a host takes where the grid's settings do not say; others take as much as there is. */
const USUAL_BUDGETS: ReadonlyMap<string, number> = new Map([
  // docs.github.com, "Repository limits": 6 pushes per minute for each repository.
  ["github.com", 6],
  ["ssh.github.com", 6],
  // docs.gitlab.com, "Rate limits on Git operations": 600 a minute.
  ["gitlab.com", 600],
  ["altssh.gitlab.com", 600],
]);

/**
 * How many pushes a minute a repository takes.
 *
 * @param address of the repository, as Git takes it
 */
export function usualPushBudget(address: string): number {
  const url = URL.canParse(address) ? new URL(address).hostname : undefined;
  // Git's short form: user@host:path.
  const host = url || /^(?:[^@/]+@)?([^:/]+):/.exec(address)?.[1];
  return USUAL_BUDGETS.get(host?.toLowerCase() ?? "") ?? Infinity;
}

/** Whether pushes are so few that they are made one at a time. */
export function isTakenInTurn(budget: number): boolean {
  return budget <= MOST_TURNS;
}

/** What is known of the pushes of the last minute; all rather later than they were. */
export interface Pushed {
  /** When they were, newest first. */
  pushedMs: readonly number[];
  /** When the last one was that took the turn; -Infinity where there was none. */
  turnMs: number;
  leaseMs: number;
}

/**
 * When there may be a push again: when a minute has passed since the one that would be one too many
 * with it, and a gap since the last turn. The first pushes after a quiet minute may follow each other
 * at once, where leases can bear the pause that comes of it.
 */
export function turnOpensMs(budget: number, { pushedMs, turnMs, leaseMs }: Pushed): number {
  const freeMs = (pushedMs[budget - 1] ?? -Infinity) + MINUTE_MS * CLOCK_SLACK;
  const spacedMs = turnMs + turnGapMs(budget);
  if (leaseMs < LEAST_LEASE_TO_BURST_MS) return Math.max(freeMs, spacedMs);
  const quietMs = (pushedMs[Math.ceil(budget * BURST_PART) - 1] ?? -Infinity) + MINUTE_MS;
  return Math.max(freeMs, Math.min(quietMs, spacedMs));
}

/** How long from one turn to the next where there is always somebody who wants it. */
export function turnGapMs(budget: number): number {
  return (MINUTE_MS / budget) * CLOCK_SLACK;
}

/** How long a round of turns takes in which each of so many nodes has one. */
export function roundMs(budget: number, nodes: number): number {
  return nodes * turnGapMs(budget) * TURN_LOSS;
}

/**
 * How long a node lets others go first once there may be a push again. It only keeps nodes from
 * trying all at once: that one of them wins, the turn itself sees to.
 *
 * @param nodes how many may want it, this one among them: twice as many for each turn just lost
 * @param luck from 0 to less than 1, drawn once for each turn
 */
export function lotMs(budget: number, nodes: number, luck: number): number {
  if (nodes <= 1) return 0;
  return luck * Math.min(nodes * LOT_MS, turnGapMs(budget));
}

/** How many nodes can hold claims at once, so that each has its turn in good time for its lease. */
export function seatsOf(budget: number, leaseMs: number): number {
  if (leaseMs < LEAST_GAPS_PER_LEASE * turnGapMs(budget)) return 0;
  return Math.floor((leaseMs * TURN_PART) / roundMs(budget, 1));
}

/** The lease with which so many nodes can hold claims at once, in whole seconds. */
export function leaseSecondsFor(budget: number, nodes: number): number {
  const leastMs = LEAST_GAPS_PER_LEASE * turnGapMs(budget);
  return Math.ceil(Math.max(leastMs, roundMs(budget, nodes) / TURN_PART) / 1000);
}

/** Whether a node that holds claims must have its turn soon. */
export function isPressing(leaseMs: number, sinceShownMs: number): boolean {
  return sinceShownMs >= leaseMs * PRESSING_PART;
}

/** Whether a node that holds claims can use its turn for something else, and still have one in time. */
export function hasTime(leaseMs: number, sinceShownMs: number): boolean {
  return sinceShownMs < (leaseMs * PRESSING_PART) / 2;
}

/** How rarely a node gives a sign of life that has nothing to lose, so that others get their turn. */
export function scarceIdleBeatMs(budget: number, nodes: number): number {
  return (nodes * turnGapMs(budget)) / IDLE_PART;
}

/**
 * How long a node lets pass between two pushes of its own, where each keeps its own pace. A minute can
 * hold one more of each than its share, so that much is left out of the budget.
 *
 * @param nodes how many share the budget
 */
export function ownPaceMs(budget: number, nodes: number): number {
  return (nodes * MINUTE_MS * CLOCK_SLACK) / Math.max(budget - nodes, budget / 4);
}
