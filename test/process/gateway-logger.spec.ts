import { GatewayLogger } from '../../src/process/gateway-logger.js';
import { LogMemory } from '../../src/process/log-memory.js';
import { onCleanUp } from '../kit/cleaner.js';

interface Written {
  readonly level: string;
  readonly subsystem: string;
  readonly message: string;
  readonly stack?: string;
}

function logged(verbosity: number, log: (logger: GatewayLogger) => void): Written[] {
  const lines: string[] = [];
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(lines.push(String(text))));
  onCleanUp(() => spy.mockRestore());
  const memory = new LogMemory();
  log(new GatewayLogger(verbosity, memory));
  spy.mockRestore();
  expect(lines).toEqual(memory.tail().lines.map((line) => `${line}\n`));
  return lines.map((line) => JSON.parse(line) as Written);
}

/** One line of each level, as Nest hands it over. */
function logAll(logger: GatewayLogger): void {
  for (const subsystem of ['gateway', 'gateway/clients', 'InstanceLoader', 'gatewayish']) {
    for (const level of ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const)
      logger[level]('a line', subsystem);
  }
}

const levelsOf = (lines: readonly Written[], subsystem: string): string[] =>
  lines.filter((line) => line.subsystem === subsystem).map(({ level }) => level);

describe('GatewayLogger', () => {
  it.each([
    [0, ['fatal', 'error', 'warn', 'info'], ['fatal', 'error', 'warn']],
    [1, ['fatal', 'error', 'warn', 'info', 'debug'], ['fatal', 'error', 'warn']],
    [2, ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], ['fatal', 'error', 'warn', 'info', 'debug', 'trace']],
  ])('with a verbosity of %d shows of us and of Nest', (verbosity, own, others) => {
    const lines = logged(verbosity, logAll);

    expect(levelsOf(lines, 'gateway')).toEqual(own);
    expect(levelsOf(lines, 'gateway/clients')).toEqual(own);
    expect(levelsOf(lines, 'InstanceLoader')).toEqual(others);
    expect(levelsOf(lines, 'gatewayish')).toEqual(others);
  });

  it('writes an error with its stack, wherever Nest puts it', () => {
    const error = new Error('broken');
    const stack = 'Error: broken\n  at test';
    const lines = logged(0, (logger) => {
      logger.error(error, 'ExceptionsHandler');
      logger.error('broken', stack, 'ExceptionsHandler');
      logger.error('broken', undefined, 'ExceptionsHandler');
      logger.error('broken', stack);
    });

    const expected = { level: 'error', subsystem: 'ExceptionsHandler', message: 'broken' };
    expect(lines).toEqual([
      expect.objectContaining({ ...expected, stack: error.stack }),
      expect.objectContaining({ ...expected, stack }),
      expect.not.objectContaining({ stack: expect.anything() as unknown }),
      expect.objectContaining({ ...expected, subsystem: 'gateway', stack }),
    ]);
  });

  it('writes whatever is logged', () => {
    const lines = logged(0, (logger) => {
      logger.warn(Object.create(null), 'gateway');
      logger.warn(undefined, 'gateway');
      logger.warn(Symbol('strange'), 'gateway');
    });

    expect(lines.map(({ message }) => message)).toEqual([
      '[Object: null prototype] {}',
      'undefined',
      'Symbol(strange)',
    ]);
  });
});
