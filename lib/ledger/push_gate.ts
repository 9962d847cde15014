/**
 * What says when a process may push.
 *
 * @module
 */
import type { Oid } from "./store.ts";

/** When a process may push. */
export interface PushGate {
  /** Waits until it may, looking at the grid meanwhile. At once where it may. */
  come(): Promise<void>;
  /** Whether it may now, by what it last saw. */
  readonly isOpen: boolean;
  /** Whether each push has to take the turn. */
  readonly takesTurn: boolean;
  /**
   * Whether the host has refused something of a push of late. Then the turn is taken by a push of its
   * own, so that of the next one each ref succeeds or fails alone, and shows what it was.
   */
  readonly isWary: boolean;
  /** How long ago the pushes of the last minute were, in milliseconds, newest first. */
  agesMs(): number[];
  /** Told after each push, also where nobody knows what became of it. */
  notePushed(): void;
  /** Told that a push has taken the turn with this commit, or with none: somebody else was faster. */
  noteTurn(commit: Oid | undefined): void;
  /** Told whether the host has refused something of a push that came in turn. */
  noteRefusal(isRefused: boolean): void;
}

/** The gate of who does not share the budget: people, who push now and then. */
export const OPEN_GATE: PushGate = {
  come: () => Promise.resolve(),
  isOpen: true,
  takesTurn: false,
  isWary: false,
  agesMs: () => [],
  noteRefusal() {},
  noteTurn() {},
  notePushed() {},
};
