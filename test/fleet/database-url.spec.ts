import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import { parseDatabaseUrl } from '../../src/fleet/database-url.js';
import { tempFolder } from '../kit/temp.js';

const parse = (url: string): ReturnType<typeof parseDatabaseUrl> => parseDatabaseUrl('the URL', url);

function refusal(url: string): string {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'not refused';
}

describe('the URL of a database', () => {
  it('says where it is, and who comes', () => {
    expect(parse('postgres://gate%20way:p%40ss@db.example:6432/fl%65ets')).toEqual({
      hosts: [{ host: 'db.example', port: 6432, encryption: { rejectUnauthorized: true } }],
      user: 'gate way',
      password: 'p@ss',
      database: 'fleets',
      shown: 'gate way@db.example:6432/fleets',
    });
  });

  it('may name several hosts, the default port, and addresses of IPv6', () => {
    const { hosts, shown, password } = parse('postgresql://gateway@a.example,b.example:6000,[fd00::1]:7000/fleets');

    expect(hosts.map(({ host, port }) => [host, port])).toEqual([
      ['a.example', 5432],
      ['b.example', 6000],
      ['fd00::1', 7000],
    ]);
    expect([password, shown]).toEqual([undefined, 'gateway@a.example:5432,b.example:6000,fd00::1:7000/fleets']);
  });

  it.each([
    ['postgres://u@db/f', { rejectUnauthorized: true }],
    ['postgres://u@db/f?sslmode=require', { rejectUnauthorized: true }],
    ['postgres://u@db/f?sslmode=verify-full', { rejectUnauthorized: true }],
    ['postgres://u@db/f?sslmode=no-verify', { rejectUnauthorized: false }],
    ['postgres://u@db/f?sslmode=disable', false],
    ['postgres://u@127.0.0.1/f', false],
    ['postgres://u@[::1]/f', false],
    ['postgres://u@localhost/f?sslmode=require', { rejectUnauthorized: true }],
  ])('%s is encrypted as %j', (url, encryption) => {
    expect(parse(url).hosts[0]?.encryption).toEqual(encryption);
  });

  it('may name an authority of its own, and then encrypts on loopback too', () => {
    const file = join(tempFolder(), 'ca.pem');
    writeFileSync(file, 'a certificate');

    expect(parse(`postgres://u@127.0.0.1/f?sslrootcert=${file}`).hosts[0]?.encryption).toEqual({
      rejectUnauthorized: true,
      ca: 'a certificate',
    });
  });

  it.each([
    ['mysql://u:secret@db/f', 'the URL: this is no database URL: give postgres://user:password@host:5432/database'],
    ['postgres://u:secret@db', 'the URL: this is no database URL: give postgres://user:password@host:5432/database'],
    ['postgres://:secret@db/f', 'the URL: the URL names no user: give postgres://user:password@host:5432/database'],
    ['postgres://u:secret@db:0/f', 'the URL: "db:0" is not a host with a port: give host:5432, or [::1]:5432'],
    ['postgres://u:sec%ret@db/f', 'the URL: a % in the URL is followed by no number: write %25 for it'],
    ['postgres://u:secret@db/f?ssl=1', 'the URL: "ssl" is not known: give sslmode or sslrootcert, or leave it out'],
    [
      'postgres://u:secret@db/f?sslmode=prefer',
      'the URL: sslmode="prefer" is not known: give verify-full, require (the same), no-verify or disable',
    ],
  ])('%s is refused in a line without the password', (url, message) => {
    expect(refusal(url)).toBe(message);
  });

  it('is refused where the file of the authority is missing', () => {
    expect(refusal('postgres://u:secret@db/f?sslrootcert=/no/such/file')).toMatch(/^the URL: sslrootcert: ENOENT/);
  });
});
