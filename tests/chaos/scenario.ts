/** How a scenario is run. */
export interface ScenarioOptions {
  minutes: number;
  seed: number;
  /** Ends it early. */
  stop: AbortSignal;
  /** Tells how far it is. */
  tell(line: string): void;
}

/** What a scenario came to. */
export interface Told {
  /** What must not be; one sentence each. */
  breaches: string[];
  words: string;
  /** The same for a program. */
  record: unknown;
}
