import { styleText } from 'node:util';

import { isLogLevel, type LogLevel } from './log-level.js';
import { printable, printableJson } from './printable.js';
import { isWholeNumber } from './whole-number.js';

/** One line of the log. OpenClaw's clients read the same keys. */
export interface LogLine {
  /** ISO 8601, in local time and with its offset from UTC. */
  readonly time: string;
  readonly level: LogLevel;
  readonly pid: number;
  /** The part of the gateway that it is from. */
  readonly subsystem: string;
  readonly message: string;
  /** Only for an error that was not expected. */
  readonly stack?: string;
}

const LONGEST_LEVEL = 5;
const COLORS = { fatal: 'red', error: 'red', warn: 'yellow', info: 'cyan', debug: 'dim', trace: 'dim' } as const;

/** The time of a log line: local, since an operator compares it with a clock, and with the offset, since hosts differ. */
export function logTime(date = new Date()): string {
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** A line of the log for programs: one object. */
export function logLineToJson(line: LogLine): string {
  return printableJson(JSON.stringify(line));
}

/** A line of the log for people; the stack of an error follows it. */
export function logLineToText({ time, level, subsystem, message, stack }: LogLine, color: boolean): string {
  const label = level.padEnd(LONGEST_LEVEL);
  const shown = color ? styleText(COLORS[level], label, { validateStream: false }) : label;
  const more = stack === undefined ? [] : stack.split('\n').map(printable);
  return [`${time} ${shown} ${subsystem}  ${printable(message)}`, ...more].join('\n');
}

/** Reads a line that was written by {@link logLineToJson}; undefined for any other text. */
export function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { time, level, pid, subsystem, message, stack } = JSON.parse(text) as Partial<Record<keyof LogLine, unknown>>;
    if (typeof time !== 'string' || typeof subsystem !== 'string' || typeof message !== 'string') return undefined;
    if (!isLogLevel(level) || !isWholeNumber(pid, 1) || Number.isNaN(Date.parse(time))) return undefined;
    return { time, level, pid, subsystem, message, ...(typeof stack === 'string' && { stack }) };
  } catch {
    return undefined;
  }
}
