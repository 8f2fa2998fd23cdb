import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { chooseFleet, type FleetFlags } from '../../src/config/choose-fleet.js';
import type { ConfiguredFleet } from '../../src/config/configuration.js';
import { refuseFleetWithoutToken } from '../../src/config/choose-settings.js';
import { tempFolder } from '../kit/temp.js';

const URL = 'postgres://gateway:secret@db.example/fleets';

function choose(
  flags: FleetFlags,
  environment: NodeJS.ProcessEnv = {},
  fleet: ConfiguredFleet = {},
): ReturnType<typeof chooseFleet> {
  return chooseFleet(flags, environment, { file: 'openclaw.json', exists: true, fleet }, (variable) => variable);
}

function refusal(flags: FleetFlags, environment: NodeJS.ProcessEnv = {}, configured: ConfiguredFleet = {}): string {
  try {
    choose(flags, environment, configured);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'not refused';
}

function fileWith(text: string): string {
  const file = join(tempFolder(), 'fleet-url');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe('the fleet of a gateway', () => {
  it('is not there where no name is given', () => {
    expect(choose({}, { OPENCLAW_FLEET_URL: URL })).toBeUndefined();
  });

  it('is named by a flag before a variable, and so is its database', () => {
    const environment = { OPENCLAW_FLEET: 'home', OPENCLAW_FLEET_URL: URL };

    expect(choose({}, environment)).toEqual({ name: 'home', url: URL });
    expect(choose({ fleet: 'office', fleetUrl: 'postgres://u@db/f' }, environment)).toEqual({
      name: 'office',
      url: 'postgres://u@db/f',
    });
    expect(
      choose(
        { fleetStrict: true, advertise: 'wss://gw1.example:8443' },
        { OPENCLAW_FLEET: 'home', OPENCLAW_FLEET_URL: URL },
      ),
    ).toEqual({ name: 'home', url: URL, strict: true, advertise: 'wss://gw1.example:8443' });
  });

  it('reads the file with the URL again each time: passwords are changed', () => {
    const file = fileWith(`${URL}\n`);
    const byFlag = choose({ fleet: 'office', fleetUrlFile: file }, { OPENCLAW_FLEET_URL: 'not looked at' });
    const byVariable = choose({ fleet: 'office' }, { OPENCLAW_FLEET_URL_FILE: file });

    writeFileSync(file, 'postgres://gateway:changed@db.example/fleets');

    const read = [byFlag, byVariable].map((fleet) => (typeof fleet?.url === 'function' ? fleet.url() : undefined));
    expect(read).toEqual(Array(2).fill('postgres://gateway:changed@db.example/fleets'));
  });

  it('is named by the configuration file where nothing else names one', () => {
    const urlFile = fileWith(URL);
    const configured = { name: 'home', urlFile, advertise: 'wss://gw1.example:8443', strict: true };

    const fleet = choose({}, {}, configured);

    expect(fleet).toMatchObject({ name: 'home', advertise: 'wss://gw1.example:8443', strict: true });
    expect(typeof fleet?.url === 'function' && fleet.url()).toBe(URL);
    expect(
      choose({ fleet: 'office', advertise: 'wss://gw2.example' }, { OPENCLAW_FLEET_URL: URL }, configured),
    ).toEqual({
      name: 'office',
      url: URL,
      advertise: 'wss://gw2.example',
      strict: true,
    });
  });

  it.each<[ConfiguredFleet, RegExp]>([
    [{ name: 'Home' }, /^openclaw\.json: gatewayLock\.fleet\.name: "Home" is not a name of a fleet/],
    [{ name: 'home', advertise: 'x' }, /^openclaw\.json: gatewayLock\.fleet\.advertise: "x" is not where/],
    [{ name: 'home', urlFile: '/no/such' }, /^openclaw\.json: gatewayLock\.fleet\.urlFile: there is no \/no\/such/],
    [{ strict: true }, /^openclaw\.json: gatewayLock\.fleet has no name: give one, or leave it out$/],
  ])('%j in the configuration file is refused', (configured, message) => {
    expect(refusal({}, {}, configured)).toMatch(message);
  });

  it.each<[FleetFlags, NodeJS.ProcessEnv, RegExp]>([
    [{ fleet: 'Office' }, {}, /^--fleet: "Office" is not a name of a fleet: give 1 to 63 of a-z, 0-9 and -, /],
    [{}, { OPENCLAW_FLEET: '-' }, /^OPENCLAW_FLEET: "-" is not a name of a fleet/],
    [{ fleet: 'office' }, {}, /^a fleet needs its database: name a file that holds its URL with --fleet-url-file, or /],
    [{ fleetUrl: URL }, {}, /^there is no fleet that this could be of: give --fleet <name> too$/],
    [{ fleetStrict: true }, {}, /^there is no fleet that this could be of/],
    [{ fleet: 'office', fleetUrl: URL }, {}, /^--fleet-url: every user of this machine can see a password there: /],
    [{ fleet: 'office', fleetUrl: URL, fleetUrlFile: 'x' }, {}, /^--fleet-url and --fleet-url-file both name /],
    [{ fleet: 'office' }, { OPENCLAW_FLEET_URL: 'secret' }, /^OPENCLAW_FLEET_URL: this is no database URL: give /],
    [{ fleet: 'office', fleetUrlFile: '/no/such' }, {}, /^--fleet-url-file: there is no \/no\/such: name a file that /],
    [{ fleet: 'office', fleetUrlFile: '/dev' }, {}, /^--fleet-url-file: \/dev cannot be read \(/],
    [
      { fleet: 'office', advertise: 'ws://gw1:80', fleetUrl: 'postgres://u@db/f' },
      {},
      /^--advertise: "ws:\/\/gw1:80" is /,
    ],
  ])('%j with %j is refused, without a password', (flags, environment, message) => {
    expect(refusal(flags, environment)).toMatch(message);
    expect(refusal(flags, environment)).not.toContain('secret');
  });

  it('is not read from a file that others may write', () => {
    const file = fileWith(URL);
    chmodSync(file, 0o666);

    expect(() => choose({ fleet: 'office', fleetUrlFile: file })).toThrow(NotAllowedError);
  });

  it('needs a token that all its hosts have', () => {
    const fleet = { name: 'office', url: URL };

    expect(() => refuseFleetWithoutToken({ fleet, token: undefined })).toThrow(
      'fleet office: its clients show every host the same token: give it with --token-file, or set OPENCLAW_GATEWAY_TOKEN',
    );
    expect(() => refuseFleetWithoutToken({ fleet, token: 'a-token' })).not.toThrow();
    expect(() => refuseFleetWithoutToken({ token: undefined })).not.toThrow();
  });
});
