/**
 * Where log records go: to standard error, as text or as JSON lines.
 *
 * @module
 */
import { configureSync, type LogLevel, type LogRecord, type Sink } from "@logtape/logtape";
import { withoutPasswords } from "../git/without_passwords.ts";
import { inOneLine } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

/** Sends what is logged from here on to standard error. */
export function configureLogging(
  terminal: Terminal,
  level: typeof LOG_LEVELS[number],
  format: LogFormat,
): void {
  const formatted = format === "json" ? asJson : asText;
  const stderr: Sink = (record) => terminal.tell(withoutPasswords(formatted(record)));
  configureSync({
    sinks: { stderr },
    loggers: [
      { category: "dgrid", lowestLevel: level, sinks: ["stderr"] },
      // Who asks for them wants to see them, whatever else is logged.
      {
        category: ["dgrid", "counters"],
        lowestLevel: "info",
        sinks: ["stderr"],
        parentSinks: "override",
      },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
    reset: true,
  });
}

function asJson(record: LogRecord): string {
  const { timestamp, level, category, properties } = record;
  return JSON.stringify({
    time: new Date(timestamp).toISOString(),
    level,
    logger: category.join("."),
    message: messageOf(record),
    ...withoutErrors(properties),
  });
}

/** Errors have nothing of their own that JSON would show. */
function withoutErrors(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      value instanceof Error ? value.stack : value,
    ]),
  );
}

/** `12:30:45 info  worker: settled 3 results` */
function asText(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 19);
  return `${time} ${shortNames[record.level]} ${record.category.at(-1)}: ${messageOf(record)}`;
}

const shortNames: Record<LogLevel, string> = {
  trace: "trace",
  debug: "debug",
  info: "info ",
  warning: "warn ",
  error: "error",
  fatal: "fatal",
};

/** The parts of a message are text and values in turn. */
function messageOf({ message }: LogRecord): string {
  return inOneLine(
    message.map((part, index) =>
      index % 2 === 0 || typeof part === "string" ? part : Deno.inspect(part)
    ).join(""),
  );
}
