import { isLogLevel, type LogLevel } from '../../common/log-level.js';

export interface LogLine {
  /** Counts the lines that this page has seen. */
  readonly key: number;
  /** ISO 8601; empty for a text that is no line of the log. */
  readonly time: string;
  readonly level: LogLevel;
  readonly subsystem: string;
  readonly message: string;
}

/** The names that Nest's own logger has for two levels. */
const NAMES: Readonly<Record<string, LogLevel>> = { log: 'info', verbose: 'trace' };

/** Reads a line of the log; any other text becomes a line with nothing but a message. */
export function parseLogLine(text: string, key: number): LogLine {
  const value = objectIn(text);
  const { time, level, subsystem, message } = value ?? {};
  if (typeof message !== 'string') return { key, time: '', level: 'info', subsystem: '', message: text };
  return {
    key,
    time: typeof time === 'string' ? time : '',
    level: isLogLevel(level) ? level : (NAMES[String(level)] ?? 'info'),
    subsystem: typeof subsystem === 'string' ? subsystem : '',
    message,
  };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
