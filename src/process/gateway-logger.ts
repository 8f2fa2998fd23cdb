import { format } from 'node:util';

import type { LoggerService } from '@nestjs/common';

import { isAsGraveAs, type LogLevel } from '../common/log-level.js';
import { logLineToJson, logLineToText, logTime, type LogLine } from '../common/log-line.js';
import type { LogMemory } from './log-memory.js';
import { wantsColor } from './print.js';

/** What the names of our own parts begin with; Nest's are those of its classes. */
const OWN = 'gateway';

/**
 * The log of our own gateway, on stderr, since stdout is for what a script reads: lines for people at a terminal, objects
 * for programs that collect logs. It shows only what goes wrong in Nest, unless it is told to show all.
 */
export class GatewayLogger implements LoggerService {
  readonly #isTerminal = process.stderr.isTTY;
  readonly #color = wantsColor(process.stderr);

  /** @param verbosity 0: what an operator has to know; 1: more of our own parts; 2 and more: all that Nest does, too */
  constructor(
    private readonly verbosity: number,
    private readonly memory: LogMemory,
  ) {}

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write('info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  /** @param rest what Nest puts behind the message: the name of the part last, and the stack of an error before it */
  #write(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    const texts = rest.filter((one) => typeof one === 'string');
    const subsystem = texts.findLast((text) => !isStack(text)) ?? OWN;
    if (!this.#isShown(level, subsystem)) return;
    const stack = message instanceof Error ? message.stack : texts.find(isStack);
    const line: LogLine = {
      time: logTime(),
      level,
      pid: process.pid,
      subsystem,
      // Anything can be logged, and String() itself throws for an object without a prototype.
      message: format('%s', message instanceof Error ? message.message : message),
      ...(stack !== undefined && { stack }),
    };
    const json = logLineToJson(line);
    this.memory.add(json);
    process.stderr.write(`${this.#isTerminal ? logLineToText(line, this.#color) : json}\n`);
  }

  #isShown(level: LogLevel, subsystem: string): boolean {
    if (this.verbosity > 1) return true;
    const isOwn = subsystem === OWN || subsystem.startsWith(`${OWN}/`);
    return isAsGraveAs(level, isOwn ? (this.verbosity > 0 ? 'debug' : 'info') : 'warn');
  }
}

function isStack(text: string): boolean {
  return text.includes('\n');
}
