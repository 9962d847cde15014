/**
 * What a worker is made of, put together.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { Appetite } from "./appetite.ts";
import { Chooser } from "./chooser.ts";
import type { Ended } from "./ending.ts";
import { Gathering } from "./gathering.ts";
import { Namesake } from "./namesake.ts";
import { Neighbours } from "./neighbours.ts";
import { Observer } from "./observer.ts";
import { Outbox } from "./outbox.ts";
import { Precedence } from "./precedence.ts";
import { Presence } from "./presence.ts";
import { Pushes } from "./pushes.ts";
import { QueueOrder } from "./queue_order.ts";
import { Readiness } from "./readiness.ts";
import { Registrar } from "./registrar.ts";
import { Rhythm } from "./rhythm.ts";
import { Settler } from "./settler.ts";
import { Slots } from "./slots.ts";
import { Speaker } from "./speaker.ts";
import { Watch } from "./watch.ts";
import { WorkerCounters } from "./worker_counters.ts";
import type { WorkerOptions } from "./worker_options.ts";

export type Parts = ReturnType<typeof assemble>;

/** @param onEnd is told of each attempt that is over */
export function assemble(ledger: Ledger, options: WorkerOptions, onEnd: (ended: Ended) => void) {
  const hands = handsOf(ledger, options, onEnd);
  const { pushes, neighbours, presence, counters, slots, speaker } = hands;
  const rhythm = new Rhythm();
  const order = new QueueOrder(options.clock);
  const observer = new Observer(ledger, options);
  const readiness = new Readiness(options);
  const precedence = new Precedence(ledger, options, { neighbours, rhythm, pushes });
  const registrar = new Registrar(ledger, options, precedence, () => presence.record([]));
  const settler = new Settler(ledger, options, { pushes, precedence, registrar, rhythm });
  const concerned = () => speaker.concerned;
  const hungry = { slots, precedence, rhythm, order, observer, concerned, pushes };
  const appetite = new Appetite(ledger, options, hungry);
  const seen = { appetite, observer, precedence };
  const watch = new Watch(ledger, options, { ...hands, ...seen });
  const chosen = { ...seen, order, pushes, readiness, speaker, watch };
  const chooser = new Chooser(ledger, options, chosen);
  const gathering = new Gathering({ clock: options.clock, rhythm, slots });
  return { ...hands, ...chosen, chooser, counters, gathering, registrar, rhythm, settler };
}

/** What a worker has in its hands, and how it speaks of it. */
function handsOf(ledger: Ledger, options: WorkerOptions, onEnd: (ended: Ended) => void) {
  const neighbours = new Neighbours(ledger, options.nodeId);
  const isPressed = () => presence.isPressing(speaker.held.length > 0);
  const pushes = new Pushes(ledger, options, neighbours, isPressed);
  ledger.gate = pushes;
  const presence: Presence = new Presence(ledger, options, pushes);
  const namesake = new Namesake(ledger, options, presence);
  const counters = new WorkerCounters(options.clock);
  const slots = new Slots(
    options,
    onEnd,
    (sentMs) => presence.trustLeftMs(sentMs) > 0,
    (taskId) => counters.noteBegun(taskId),
  );
  const outbox = new Outbox(options.shelf);
  const told = { presence, namesake, slots, outbox, counters };
  const speaker: Speaker = new Speaker(ledger, options, told);
  return { ...told, neighbours, pushes, speaker };
}
