/**
 * One run of a grid, decided by its seed from the begin to the end.
 *
 * @module
 */
import { checkEnd } from "./checker/final_rules.ts";
import { checkTimes } from "./checker/watch_rules.ts";
import { Grid } from "./grid.ts";
import { People } from "./people.ts";
import { storm } from "./storm.ts";
import { World } from "./world.ts";

/** After the storm everything comes to its end within so long, by virtual time. */
const CALM_MS = 300_000;
/** When all is done, what is still on its way arrives, and nothing may come of it. */
const AFTERMATH_MS = 4_000;
const WATCH_MS = 1_000;
/** More events than this are no progress. */
const MOST_EVENTS = 200_000;

export interface Run {
  violations: string[];
  /** Virtual milliseconds. */
  lengthMs: number;
  events: number;
}

/**
 * @param counts of what happened; added to
 * @param trace is given a line for everything that happens; undefined is faster
 */
export async function runSeed(
  seed: number,
  counts: Map<string, number> = new Map(),
  trace?: string[],
): Promise<Run> {
  const world = new World(seed, counts, trace);
  const grid = new Grid(world);
  const people = new People(grid);
  const { checker } = grid;
  const { scheduler, weather, random } = world;
  const isHopeless = () => checker.violations.length > 0 || scheduler.count > MOST_EVENTS;
  const until = (isSo: () => boolean, ms: number) =>
    scheduler.run(() => isSo() || isHopeless(), world.now + ms);

  weather.isCalm = true;
  let isFounded = false;
  people.found().then(() => isFounded = true);
  await until(() => isFounded, 60_000);
  weather.isCalm = false;
  const nodes = 2 + Math.floor(random() * 4);
  for (let count = 0; count < nodes; count++) {
    const node = grid.addNode();
    scheduler.in(world.between(0, 500), () => node.start());
  }
  const watch = () => {
    checkTimes(checker, grid.containers.running, checker.lives);
    scheduler.in(WATCH_MS, watch);
  };
  watch();
  let isOver = false;
  storm(grid, people).then(() => isOver = true);
  await until(() => isOver, Infinity);
  weather.isCalm = true;
  world.tell("storm", () => "is over");
  // Somebody must be left to do what there is to do.
  grid.addNode().start();
  const isDone = () => checker.isQuiet && grid.isAtRest;
  const limitMs = world.now + CALM_MS;
  do {
    await until(isDone, limitMs - world.now);
    await until(() => false, AFTERMATH_MS);
  } while (!isDone() && !isHopeless() && world.now < limitMs);
  if (scheduler.count > MOST_EVENTS) checker.fail(`there is no end: ${MOST_EVENTS} events`);
  if (checker.violations.length === 0) {
    if (!isDone()) checker.fail(`after ${CALM_MS / 1000} s of calm there is still something to do`);
    checkEnd(checker, grid.nodes);
  }
  return { violations: checker.violations, lengthMs: world.now, events: scheduler.count };
}
