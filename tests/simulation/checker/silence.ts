/**
 * When an owner may be taken for lost.
 *
 * @module
 */
import type { Life, Span } from "../life.ts";
import { LEASE_MS } from "../settings.ts";
import { OLDEST_LOOK_MS } from "../weather.ts";
import type { World } from "../world.ts";
import type { Claim } from "./story.ts";

/** What the observer saw first and last can have been as old. */
const SLACK_MS = OLDEST_LOOK_MS + 50;
/** However long an observer was away, what it sees then tells of no more. */
const LONGEST_COUNT_MS = LEASE_MS / 3;

/**
 * Why an observer must not take a claim from its owner; undefined where it may: since the claim, the
 * owner's node ref has stood still for a lease, and for most of that the observer could see it.
 *
 * @param decidedAt when the observer made its commit
 */
export function whyNotLost(
  world: World,
  claim: Claim | undefined,
  observer: Life,
  decidedAt: number,
): string | undefined {
  if (claim === undefined) return "nobody has ever claimed it so";
  const spans = stillSpans(world, claim, decidedAt);
  const longest = Math.max(...spans.map(({ from, until }) => until - from));
  if (longest < LEASE_MS - SLACK_MS) {
    return `the owner's node ref stood still for ${longest.toFixed(0)} ms`;
  }
  const away = [...world.outages, ...observer.absences];
  const counted = Math.max(...spans.map((span) => countedIn(span, away)));
  if (counted < LEASE_MS - SLACK_MS) {
    return `for the observer it stood still for ${counted.toFixed(0)} ms, times away aside`;
  }
  return undefined;
}

/** The spans between a claim and a decision in which the owner's node ref did not move. */
function stillSpans(world: World, claim: Claim, decidedAt: number): Span[] {
  const moves = (world.past.get(world.names.node(claim.node_id)) ?? []).map(({ at }) => at)
    .filter((at) => at > claim.wonAt && at < decidedAt);
  const edges = [claim.wonAt, ...moves, decidedAt];
  return edges.slice(1).map((until, index) => ({ from: edges[index], until }));
}

/** How much of a span counts: all of it but times away, of which each counts for one look. */
function countedIn({ from, until }: Span, away: Span[]): number {
  const cuts = away.filter((span) => span.until > from && span.from < until)
    .toSorted((a, b) => a.from - b.from);
  let length = 0;
  let at = from;
  for (const cut of cuts) {
    if (cut.until <= at) continue;
    const awayMs = Math.min(cut.until, until) - Math.max(cut.from, at);
    length += Math.max(0, cut.from - at) + Math.min(awayMs, LONGEST_COUNT_MS);
    at = cut.until;
  }
  return length + Math.max(0, until - at);
}
