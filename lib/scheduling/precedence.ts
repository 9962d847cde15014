/**
 * Who goes first where several nodes want the same. Each node decides it for itself, from nothing but
 * the names of the nodes at work, and they agree as far as they have seen each other. Nothing depends
 * on it: of two who meet all the same one loses its swap. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { shardOf, SHARDS } from "../protocol/identity.ts";

/** All shards in the order in which a node takes from them. */
export interface Territory {
  shards: readonly string[];
  /** How many of them, from the first on, are its own; at least 1. */
  own: number;
}

/** A node leaves what is another's to it for so long at least, or for so many of its ticks. */
const GRACE_MS = 500;
const GRACE_ACTS = 4;
/** In a line, those who wait go so long after each other at least, or so many ticks. */
const SLOT_MS = 250;
const SLOT_ACTS = 2;
/** What others have finished is left to them to settle for so long. */
const SETTLE_GRACE_MS = 10_000;
/** Who waits for so many times as long as it should, goes whoever is in the way. */
const PATIENCE = 10;
/** So long a line is at most: to meet now and then costs less than to wait for everybody. */
const MOST_PLACES = 16;

/**
 * The shards of a node. Each node begins at the shard of its own name, so that nodes which have not seen
 * each other yet rarely meet, or else at the next one that is free; the rest are shared evenly. More
 * nodes than shards share some of them. After its own, a node takes from those of others, beginning
 * with those that their nodes come to last.
 *
 * @param atWork the nodes that are at work, the node itself among them
 */
export function territoryOf(nodeId: string, atWork: readonly string[]): Territory {
  const owned = shareOut([...new Set([nodeId, ...atWork])].sort());
  const own = owned.get(nodeId)!;
  const lateness = new Map(
    [...owned.values()].flatMap((shards) => [...shards.entries()])
      .map(([at, shard]) => [shard, at]),
  );
  const others = wholeFrom(own[0]).shards.toReversed().filter((shard) => !own.includes(shard))
    .sort((a, b) => lateness.get(b)! - lateness.get(a)!);
  return { shards: [...own, ...others], own: own.length };
}

/** All shards as a node's own, from one on, round the circle. */
export function wholeFrom(shard: string): Territory {
  const start = SHARDS.indexOf(shard);
  return { shards: [...SHARDS.slice(start), ...SHARDS.slice(0, start)], own: SHARDS.length };
}

/** Which place a shard has for a node, from 0. */
export function distanceTo(shard: string, { shards }: Territory): number {
  return shards.indexOf(shard);
}

/** Which shards each node has, in the order in which it takes from them. */
function shareOut(nodes: string[]): Map<string, string[]> {
  const owned = new Map<string, string[]>(nodes.map((node) => [node, []]));
  const nodesAt = new Map(SHARDS.map((shard) => [shard, 0]));
  // First its own place for each, then round by round the next that is free.
  for (let round = 0; round < SHARDS.length; round++) {
    for (const [at, node] of nodes.entries()) {
      const own = owned.get(node)!;
      if (own.length >= quotaOf(at, nodes.length)) continue;
      const others = Math.floor(at / SHARDS.length);
      const free = wholeFrom(own[0] ?? shardOf(node)).shards
        .find((shard) => nodesAt.get(shard)! <= others && !own.includes(shard))!;
      own.push(free);
      nodesAt.set(free, nodesAt.get(free)! + 1);
    }
  }
  return owned;
}

/** How many shards one of so many nodes has. */
function quotaOf(at: number, nodes: number): number {
  const before = (count: number) => Math.floor((count * SHARDS.length) / nodes);
  return Math.max(before(at + 1) - before(at), 1);
}

/**
 * The place of a node in the line of those who want something, from 0. The order is another for each
 * thing, so that nobody is always the last.
 *
 * @param thing what they want; another name makes another line
 */
export function placeInLine(nodeId: string, atWork: readonly string[], thing: string): number {
  const lot = (node: string) => createHash("sha256").update(`${thing}\n${node}`).digest("hex");
  const own = lot(nodeId);
  const before = atWork.filter((node) => node !== nodeId && lot(node) < own).length;
  return before % MOST_PLACES;
}

/**
 * How long whoever has a place in a line lets those before it go first.
 *
 * @param actMs how long one of them takes, about
 */
export function lineWaitMs(place: number, actMs: number): number {
  return place * Math.max(SLOT_MS, SLOT_ACTS * actMs);
}

/**
 * How long a shard has to be at rest until a node reads it to see whether all is done.
 *
 * @param place the node's place in the line of those who would
 */
export function restMs(place: number, actMs: number): number {
  return Math.max(SLOT_MS, actMs) + lineWaitMs(place, actMs);
}

/**
 * How long a node leaves a task to those whose shard it is in, before it takes it itself.
 *
 * @param place the node's place in the line of those who would help
 * @param actMs how long a claim takes, about
 */
export function graceMs(place: number, actMs: number): number {
  return Math.max(GRACE_MS, GRACE_ACTS * actMs) + lineWaitMs(place, actMs);
}

/** What speaks for taking what is in another's shard. */
export interface Abandoned {
  /** How long it has been seen there. */
  seenMs: number;
  /** How long nobody has moved its shard. */
  quietMs: number;
  /** How long this node waits: {@link graceMs}. */
  graceMs: number;
}

/** How long until a node takes what is in another's shard, as far as can be told now; 0 for now. */
export function helpsInMs({ seenMs, quietMs, graceMs }: Abandoned): number {
  const sinceQuietMs = graceMs - Math.min(seenMs, quietMs);
  return Math.max(0, Math.min(sinceQuietMs, PATIENCE * graceMs - seenMs));
}

/**
 * Whether a node settles what is finished on another's shard, because those whose it is do not.
 *
 * @param place the node's place in the line of those who would
 */
export function isUnsettled(quietMs: number, place: number, actMs: number): boolean {
  return quietMs >= SETTLE_GRACE_MS + lineWaitMs(place, actMs);
}
