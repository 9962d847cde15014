/**
 * What says when a process may push.
 *
 * @module
 */

/** When a process may push. */
export interface PushGate {
  /** Waits until it may, looking at the grid meanwhile. At once where it may. */
  come(): Promise<void>;
  /** Whether it may now, by what it last saw. */
  readonly isOpen: boolean;
  /** Whether each push has to take the turn. */
  readonly takesTurn: boolean;
  /** Told after each push, also where nobody knows what became of it. */
  notePushed(): void;
}

/** The gate of who does not share the budget: people, who push now and then. */
export const OPEN_GATE: PushGate = {
  come: () => Promise.resolve(),
  isOpen: true,
  takesTurn: false,
  notePushed() {},
};
