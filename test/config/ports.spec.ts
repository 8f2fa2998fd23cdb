import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { ephemeralPorts, IANA_RANGE, isEphemeral } from '../../src/config/ephemeral-ports.js';
import { conflictsOf } from '../../src/config/port-conflicts.js';
import { portOfProfile, PORTS_PER_GATEWAY } from '../../src/config/choose-port.js';
import { rememberPort } from '../../src/config/remembered-port.js';
import { snapshot } from '../kit/snapshot.js';
import { tempFolder } from '../kit/temp.js';

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/);
const port = fc.integer({ min: 1, max: 65_535 });

describe('the port of a profile', () => {
  it('is always the same, at the beginning of a block, and below what Linux gives to any program', () => {
    fc.assert(
      fc.property(name, (name) => {
        fc.pre(name !== 'default' && name !== 'dev');
        const port = portOfProfile(name);
        expect(portOfProfile(name)).toBe(port);
        expect((port - 20_000) % PORTS_PER_GATEWAY).toBe(0);
        expect(port).toBeGreaterThanOrEqual(20_000);
        expect(port + PORTS_PER_GATEWAY).toBeLessThanOrEqual(32_768);
      }),
      { numRuns: 2_000 },
    );
  });

  it('conflicts with that of another name only where it is the same', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [first, second] = [one, other].map((name) => ({ name, port: portOfProfile(name) }));
        if (!first || !second || one === other) return;
        expect(conflictsOf(first, [first, second])).toEqual(first.port === second.port ? [second] : []);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('conflictsOf', () => {
  it.each([
    [20_000, 20_000, true],
    [20_000, 20_019, true],
    [20_019, 20_000, true],
    [20_000, 20_020, false],
    [20_020, 20_000, false],
  ])('%i and %i: %s', (port, otherPort, conflict) => {
    const [one, other] = [
      { name: 'one', port },
      { name: 'other', port: otherPort },
    ];

    expect(conflictsOf(one, [one, other])).toEqual(conflict ? [other] : []);
  });

  it('says the same of two from either side', () => {
    fc.assert(
      fc.property(port, port, (first, second) => {
        const [one, other] = [
          { name: 'one', port: first },
          { name: 'other', port: second },
        ];
        expect(conflictsOf(one, [one, other]).length).toBe(conflictsOf(other, [one, other]).length);
      }),
    );
  });
});

describe('the ports that the operating system gives to any program', () => {
  const range = { first: 32_768, last: 60_999, reserved: [{ first: 40_000, last: 40_019 }] };

  it.each([
    [32_767, false],
    [32_768, true],
    [39_999, true],
    [40_000, false],
    [40_019, false],
    [40_020, true],
    [60_999, true],
    [61_000, false],
  ])('%i: %s', (port, ephemeral) => expect(isEphemeral(port, range)).toBe(ephemeral));

  function kernelSays(portRange: string, reserved: string): string {
    const folder = tempFolder();
    writeFileSync(join(folder, 'ip_local_port_range'), portRange);
    writeFileSync(join(folder, 'ip_local_reserved_ports'), reserved);
    return folder;
  }

  it('are what the kernel says, but for those that are reserved', () => {
    expect(ephemeralPorts(kernelSays('32768\t60999\n', '\n'))).toEqual({ first: 32_768, last: 60_999, reserved: [] });
    expect(ephemeralPorts(kernelSays('1024\t65535\n', '8080,9148-9150\n'))).toEqual({
      first: 1_024,
      last: 65_535,
      reserved: [
        { first: 8_080, last: 8_080 },
        { first: 9_148, last: 9_150 },
      ],
    });
  });

  it('are those of the IANA where nothing says so', () => {
    expect(ephemeralPorts(join(tempFolder(), 'none'))).toEqual(IANA_RANGE);
    expect(ephemeralPorts(kernelSays('all of them', ''))).toEqual(IANA_RANGE);
    expect(isEphemeral(49_151, IANA_RANGE)).toBe(false);
    expect(isEphemeral(49_152, IANA_RANGE)).toBe(true);
  });
});

describe('rememberPort', () => {
  it('writes digits, for this user alone, in a folder for this user alone', () => {
    const folder = join(tempFolder(), 'state');
    const file = join(folder, 'gateway.port');

    rememberPort(file, 20_020);

    expect(readFileSync(file, 'utf8')).toBe('20020\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['gateway.port']);
  });

  it('replaces another port, and leaves the same one alone', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.port');
    rememberPort(file, 20_020);
    const before = snapshot(folder);

    rememberPort(file, 20_020);
    expect(snapshot(folder)).toEqual(before);

    rememberPort(file, 20_040);
    expect(readFileSync(file, 'utf8')).toBe('20040\n');
    expect(readdirSync(folder)).toEqual(['gateway.port']);
  });

  it('leaves nothing behind where it cannot write', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.port');
    mkdirSync(file);

    expect(() => rememberPort(file, 20_020)).toThrow();

    expect(readdirSync(folder)).toEqual(['gateway.port']);
    expect(readdirSync(file)).toEqual([]);
  });
});
