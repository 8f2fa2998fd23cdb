import { describeFailure } from '../../src/fleet/database-failure.js';
import { refusalOf } from '../../src/fleet/describe-fleet.js';
import { FleetError, FleetLostError, type FleetErrorCode, type FleetHolder } from '../../src/index.js';
import { exitCodeOf } from '../../src/process/exit-code.js';
import { reportFailure } from '../../src/process/report-failure.js';
import { onCleanUp } from '../kit/cleaner.js';

const holder: FleetHolder = {
  host: 'gw1',
  pid: 4711,
  version: '0.2.0',
  token: 7n,
  url: null,
  since: Date.now() - 1_000,
  answers: true,
};
const failed = (code: string, message = code): Error => Object.assign(new Error(message), { code });

describe('the exit code of a gateway of a fleet', () => {
  it.each<[FleetErrorCode, FleetHolder | undefined, number]>([
    ['GATEWAY_FLEET_IN_USE', holder, 78],
    ['GATEWAY_FLEET_IN_USE', { ...holder, answers: false }, 75],
    ['GATEWAY_FLEET_IN_USE', { ...holder, answers: 'unknown' }, 75],
    ['GATEWAY_FLEET_STRANGER', undefined, 69],
    ['GATEWAY_FLEET_UNREACHABLE', undefined, 75],
    ['GATEWAY_FLEET_NOT_ALLOWED', undefined, 77],
    ['GATEWAY_FLEET_UNFIT', undefined, 64],
  ])('%s: %#', (code, found, exitCode) => {
    expect(exitCodeOf(new FleetError(code, 'no', found))).toBe(exitCode);
  });

  it('that was active is 1', () => {
    expect(exitCodeOf(new FleetLostError('office', 'it was cut off'))).toBe(1);
  });
});

describe('a failure of the database', () => {
  it.each([
    ['28P01', 'GATEWAY_FLEET_NOT_ALLOWED'],
    ['3D000', 'GATEWAY_FLEET_NOT_ALLOWED'],
    ['42501', 'GATEWAY_FLEET_NOT_ALLOWED'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'GATEWAY_FLEET_NOT_ALLOWED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'GATEWAY_FLEET_NOT_ALLOWED'],
    ['ECONNREFUSED', 'GATEWAY_FLEET_UNREACHABLE'],
    ['ENOTFOUND', 'GATEWAY_FLEET_UNREACHABLE'],
    ['57P03', 'GATEWAY_FLEET_UNREACHABLE'],
  ])('%s is %s', (code, expected) => {
    expect(describeFailure(failed(code), 'u@db:5432/f').code).toBe(expected);
  });

  it('says what a full server means, and gives the code where there is no message', () => {
    expect(describeFailure(failed('53300', 'too many clients'), 'u@db:5432/f').message).toBe(
      "the fleet's database cannot be used, u@db:5432/f: too many clients (the default of 100 connections is enough for about 30 fleets of three gateways)",
    );
    expect(describeFailure(failed('ETIMEDOUT', ''), 'u@db:5432/f').message).toMatch(/: ETIMEDOUT$/);
    expect(describeFailure(failed('', 'The server does not support SSL connections'), 'u@db/f').code).toBe(
      'GATEWAY_FLEET_NOT_ALLOWED',
    );
    expect(describeFailure('nothing', 'u@db/f').code).toBe('GATEWAY_FLEET_UNREACHABLE');
  });
});

describe('the report of a refusal', () => {
  async function reported(error: unknown, program?: string): Promise<string> {
    let text = '';
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    onCleanUp(() => write.mockRestore());
    await reportFailure(error, { program }, undefined);
    return text;
  }

  it('says who is active, and what an operator can do', async () => {
    const error = refusalOf('office', { ...holder, isStranger: false });

    expect(await reported(error, 'openclaw')).toMatch(
      /^another gateway is already active in fleet office \(.*\)\n {2}held by {6}gateway 0\.2\.0, host gw1, pid 4711, since \d s, token 7\n {2}see it {7}openclaw gateway fleet status --fleet office\n {2}wait for it {2}openclaw gateway --fleet office --standby\n$/,
    );
    expect(await reported(error)).toContain(
      "wait for it  give acquire: { wait: 'standby' } to GatewayLockModule.forRoot()",
    );
  });

  it('is one line where no gateway is active', async () => {
    expect(await reported(new FleetError('GATEWAY_FLEET_UNREACHABLE', 'it is away'))).toBe('it is away\n');
  });
});
