/**
 * What befalls machines, lines and the server.
 *
 * @module
 */
import type { Grid } from "./grid.ts";
import type { Node } from "./node.ts";
import { LEASE_MS } from "./settings.ts";
import { type Event, pick } from "./weather.ts";

/** A process is killed, and some time later somebody starts it again. */
function killForAWhile(grid: Grid): void {
  strike(grid, "kill, start again", "is to be killed", (node) => {
    node.kill();
    const downMs = grid.world.between(20, pick(grid.world.random, [2_000, 2 * LEASE_MS]));
    grid.world.scheduler.in(downMs, () => node.isUp || node.start());
  });
}

function killForGood(grid: Grid): void {
  if (grid.nodes.filter(({ isUp }) => isUp).length < 2) return;
  strike(grid, "kill for good", "is to be killed for good", (node) => node.kill());
}

function stop(grid: Grid): void {
  strike(grid, "stop, start again", "is asked to stop", (node) => node.stop());
}

function stopEarly(grid: Grid): void {
  strike(
    grid,
    "stop before it works",
    "is asked to stop",
    (node) => node.stop(),
    ({ life }) => life!.joinedAt === Infinity,
  );
}

function pauseBriefly(grid: Grid): void {
  const forMs = grid.world.between(50, LEASE_MS / 2);
  strike(grid, "pause of a moment", `stands still for ${forMs.toFixed(0)} ms`, ({ life }) => {
    life!.pause(forMs);
  });
}

function pauseForLong(grid: Grid): void {
  const forMs = LEASE_MS * grid.world.between(1, 2.5);
  strike(grid, "pause beyond the lease", `stands still for ${forMs.toFixed(0)} ms`, ({ life }) => {
    life!.pause(forMs);
  });
}

function putToSleep(grid: Grid): void {
  const forMs = LEASE_MS * grid.world.between(0.5, 2.5);
  strike(grid, "machine asleep", `its machine sleeps for ${forMs.toFixed(0)} ms`, ({ life }) => {
    life!.fallAsleep(forMs);
  });
}

function cutOff(grid: Grid): void {
  const forMs = LEASE_MS * grid.world.between(0.2, 2);
  strike(grid, "worker cut off", `is cut off for ${forMs.toFixed(0)} ms`, ({ life }) => {
    life!.cutOff(forMs);
  });
}

function moveClock(grid: Grid): void {
  strike(grid, "clock jumps", "its clock jumps", ({ life }) => {
    life!.wallOffsetMs += grid.world.between(-1, 1) * 86_400_000;
  });
}

/** A second machine gets the name of one that works. */
function addNamesake(grid: Grid): void {
  if (grid.nodes.some(({ name, instance }) => name !== instance)) return;
  const { refs } = grid.world.server;
  // Only who has shown itself has its name.
  strike(
    grid,
    "namesake",
    "gets a namesake",
    (node) => grid.addNamesake(node),
    ({ name }) => refs.has(grid.world.names.node(name)),
  );
}

function takeServerAway({ world }: Grid): void {
  if (world.isServerAway) return;
  const forMs = LEASE_MS * world.between(0.2, 2);
  world.weather.count("server away");
  world.tell("server", () => `is away for ${forMs.toFixed(0)} ms`);
  world.outages.push({ from: world.now, until: world.now + forMs });
}

export const FAULTS: readonly ((grid: Grid) => void)[] = [
  killForAWhile,
  killForGood,
  stop,
  stopEarly,
  pauseBriefly,
  pauseForLong,
  putToSleep,
  cutOff,
  moveClock,
  addNamesake,
  takeServerAway,
];

/** Does something to one of the nodes that work and that nothing is wrong with yet. */
function strike(
  grid: Grid,
  kind: Event,
  words: string,
  hit: (node: Node) => void,
  isFit: (node: Node) => boolean = () => true,
): void {
  const { world, nodes } = grid;
  const sound = nodes.filter(({ isUp, life }) => isUp && !life!.isPaused && !life!.isCutOff)
    .filter(isFit);
  if (sound.length === 0) return;
  const node = pick(world.random, sound);
  world.weather.count(kind);
  world.tell(node.instance, () => words);
  hit(node);
}
