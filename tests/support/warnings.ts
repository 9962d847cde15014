import { configure, type LogRecord, reset } from "@logtape/logtape";

/** What the program warns of, until its scope ends. */
export interface Warned extends AsyncDisposable {
  warnings: string[];
}

export async function noteWarnings(): Promise<Warned> {
  const warnings: string[] = [];
  const sink = ({ message }: LogRecord) => void warnings.push(message.map(String).join(""));
  await configure({
    sinks: { sink },
    loggers: [
      { category: "dgrid", sinks: ["sink"], lowestLevel: "warning" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  return { warnings, [Symbol.asyncDispose]: reset };
}
