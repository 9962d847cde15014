/**
 * What a task waits for that nobody runs: its time, a node that fits, a free slot, or others that go
 * before it.
 *
 * @module
 */
import type { TaskSummary } from "../ledger/main_view.ts";
import { territoryOf } from "../scheduling/precedence.ts";
import { ranked } from "../scheduling/ranking.ts";
import type { Explanation, NodeFitness, Place } from "./explanation.ts";
import { hasFreeSlot, lackOf, type NodeView, takesTasks } from "./node_view.ts";
import { spanInWords } from "./span.ts";

/** A waiting task and what is around it. */
export interface Waiting {
  task: TaskSummary;
  /** Until when it waits for a retry. */
  retryAt?: string;
  /** The other tasks that wait, and whose time has come. */
  rivals: TaskSummary[];
  nodes: NodeView[];
  default_image: string;
  now: Date;
}

/** So many nodes are named in sentences, and for so many the order is worked out. */
const MAX_NAMED = 20;
const MAX_RANKED = 5;

/** The part of an explanation that tells what a task waits for. */
export function explainWaiting(waiting: Waiting): Pick<Explanation, "why" | "place" | "nodes"> {
  const { task, nodes, rivals } = waiting;
  const fitting = nodes.filter((node) => takesTasks(node) && lackOf(task, node) === undefined);
  const place = placeOf(task, rivals, fitting);
  const why = [
    ...timeWords(waiting),
    ...nodeWords(task, nodes, fitting),
    ...place === undefined ? [] : [placeWords(place)],
    ...imageWords(waiting),
  ];
  return {
    why,
    ...place === undefined ? {} : { place },
    nodes: nodes.map((node) => fitness(task, node)),
  };
}

function timeWords({ task, retryAt, now }: Waiting): string[] {
  const early = (instant: string | undefined, what: string) => {
    const ms = instant === undefined ? 0 : Date.parse(instant) - now.getTime();
    return ms > 0 ? [`It must not ${what} before ${instant}, in ${spanInWords(ms)}.`] : [];
  };
  return [...early(task.not_before, "be started"), ...early(retryAt, "be tried again")];
}

function nodeWords(task: TaskSummary, nodes: NodeView[], fitting: NodeView[]): string[] {
  if (fitting.length === 0) return nobodyWords(task, nodes);
  const free = fitting.filter(hasFreeSlot);
  if (free.length === 0) {
    const names = named(fitting, ({ record }) => `${record.node_id} (${useOf(record, true)})`);
    return [`It waits for a free slot; all nodes that could run it are full: ${names}.`];
  }
  const names = named(free, ({ record }) => `${record.node_id} (${useOf(record)})`);
  return [`A free slot is at ${names}: it is taken at that node's next look, in its turn.`];
}

/** Why nobody takes a task at all. */
function nobodyWords(task: TaskSummary, nodes: NodeView[]): string[] {
  const start = "start one: dgrid worker";
  if (nodes.length === 0) return [`No node has joined this grid yet; ${start}.`];
  const [working, away] = [nodes.filter(takesTasks), nodes.filter((node) => !takesTasks(node))];
  if (working.length === 0) {
    const names = named(away, ({ record, status }) => `${record.node_id} is ${status}`);
    return [`No node takes tasks now: ${names}; ${start}.`];
  }
  const lacks = named(working, (node) => `${node.record.node_id}, for it ${lackOf(task, node)}`);
  const fitsAway = away.filter((node) => lackOf(task, node) === undefined);
  const others = named(fitsAway, ({ record, status }) => `${record.node_id}, which is ${status}`);
  return [
    `No node that takes tasks now can run it: not ${lacks}.`,
    ...fitsAway.length === 0 ? [] : [`It could be run by ${others}.`],
  ];
}

/** `2 of 2 in use: a, b` */
function useOf({ running, parallel }: NodeView["record"], isNaming = false): string {
  const some = running.slice(0, MAX_NAMED).join(", ") + (running.length > MAX_NAMED ? ", …" : "");
  return `${running.length} of ${parallel} in use${isNaming ? `: ${some}` : ""}`;
}

function named(nodes: NodeView[], words: (node: NodeView) => string): string {
  const more = nodes.length - MAX_NAMED;
  const all = nodes.slice(0, MAX_NAMED).map(words);
  return [...all, ...more > 0 ? [`and ${more} more`] : []].join("; ");
}

/** Its place at the node that gets to it first. */
function placeOf(
  task: TaskSummary,
  rivals: TaskSummary[],
  fitting: NodeView[],
): Place | undefined {
  const names = fitting.map(({ record }) => record.node_id);
  const places = fitting.slice(0, MAX_RANKED).map((node): Place => {
    const own = rivals.filter((rival) => lackOf(rival, node) === undefined);
    const { node_id } = node.record;
    const order = ranked([...own, task], territoryOf(node_id, names)).map(({ task_id }) => task_id);
    const before = order.indexOf(task.task_id);
    return before === 0 ? { node_id, before } : { node_id, before, next: order[0] };
  });
  return places.toSorted((a, b) => a.before - b.before)[0];
}

function placeWords({ node_id, before, next }: Place): string {
  if (before === 0) return `It is the next that ${node_id} takes.`;
  const others = before === 1 ? "1 other task goes" : `${before} other tasks go`;
  return `${others} before it at ${node_id}; the next is ${next}.`;
}

function imageWords({ task, default_image }: Waiting): string[] {
  if (task.kind !== "script") return [];
  const image = task.image === undefined ? `${default_image}, the grid's default` : task.image;
  return [`It needs the image ${image}; the node's engine must have it or be able to pull it.`];
}

function fitness(task: TaskSummary, node: NodeView): NodeFitness {
  const { node_id, running, parallel } = node.record;
  const lacks = lackOf(task, node);
  return {
    node_id,
    status: node.status,
    running,
    parallel,
    ...lacks === undefined ? {} : { lacks },
  };
}
