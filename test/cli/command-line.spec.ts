import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { runCommandLine } from '../../src/cli/command-line.js';
import { GATEWAY, SUB_COMMANDS } from '../../src/cli/command-table.js';
import type { CommandEntry, Program } from '../../src/cli/command.js';
import { tempFolder } from '../kit/temp.js';

const ENTRIES: readonly CommandEntry[] = [GATEWAY, ...Object.values(SUB_COMMANDS)];
const PROGRAM: Program = {
  name: 'acme',
  version: '1.2.3',
  createApp: () => Promise.reject(new Error('no command of these tests runs a gateway')),
};

/** Runs a command line in this process, in a home of its own. */
async function run(line: string, home = tempFolder()): Promise<{ code: number; stdout: string; stderr: string }> {
  jest.spyOn(os, 'homedir').mockReturnValue(home);
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
  const code = await runCommandLine(line.split(' '), PROGRAM);
  jest.restoreAllMocks();
  return { code, ...written };
}

const path = ({ name }: CommandEntry): string => (name === 'gateway' ? 'gateway' : `gateway ${name}`);
const longName = (flags: string): string => /--[a-z-]+/.exec(flags)?.[0] ?? '';

describe('the help of a command', () => {
  it.each(ENTRIES)('lists what it takes, and nothing else: $name', async (entry) => {
    const { code, stdout } = await run(`${path(entry)} --help`);

    const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name);
    const taken = Object.values(entry.flags).map(({ flags }) => longName(flags));
    expect(listed.sort()).toEqual([...taken, '--version', '--help'].sort());
    expect(stdout).toMatch(new RegExp(`^Usage: acme ${path(entry)} `));
    expect(code).toBe(0);
  });

  it('names every command', async () => {
    const { stdout } = await run('gateway --help');

    for (const name of Object.keys(SUB_COMMANDS)) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });
});

describe('a flag', () => {
  it.each(
    ENTRIES.flatMap((entry) =>
      Object.values(entry.useless?.flags ?? {}).map(
        ({ flags }) => [path(entry), longName(flags), flags.endsWith('>')] as const,
      ),
    ),
  )('that would mean nothing is refused by %s: %s', async (command, flag, takesValue) => {
    const { code, stdout, stderr } = await run(`${command} ${flag}${takesValue ? ' 1' : ''}`);

    expect(stderr).toMatch(new RegExp(`^${flag}.*: leave it out.*\n$`));
    expect([code, stdout]).toEqual([64, '']);
  });

  it.each(ENTRIES.map(path))('that is unknown is refused by %s', async (command) => {
    expect(await run(`${command} --bogus`)).toEqual({
      code: 64,
      stdout: '',
      stderr: "error: unknown option '--bogus'\n",
    });
  });

  it.each(ENTRIES.map(path))('that prints the version of the program is taken by %s', async (command) => {
    expect(await run(`${command} --version`)).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([
    ['gateway --port 80x', '--port: "80x" is not a port'],
    ['gateway --host example.test', '--host: "example.test" is not a host'],
    ['gateway --token short', '--token does not hold a token'],
    ['gateway --allow-host a/b', '--allow-host: "a/b" is not'],
    ['gateway --allow-origin app', '--allow-origin: "app" is not'],
    ['gateway --force=hard', '--force: "hard" is not'],
    ['gateway --ensure --standby', '--ensure and --standby contradict each other'],
    ['gateway start --port 80x', '--port: "80x" is not a port'],
    ['gateway start --timeout 0', '--timeout: "0" is not a time'],
    ['gateway status --port 80x', '--port: "80x" is not a port'],
    ['gateway status --all --deep', '--deep means nothing here'],
    ['gateway stop --timeout 0', '--timeout: "0" is not a time'],
    ['gateway restart --port 80x', '--port: "80x" is not a port'],
    ['gateway health --timeout 0', '--timeout: "0" is not a time'],
    ['gateway call health --params []', '--params: "[]" is not a JSON object'],
    ['gateway ports --port 1', '--port means nothing here'],
  ])('that is wrong is named before a file that is wrong: %s', async (line, message) => {
    const home = tempFolder();
    mkdirSync(join(home, '.openclaw'));
    writeFileSync(join(home, '.openclaw', 'openclaw.json'), '{');

    const { code, stdout, stderr } = await run(line, home);

    expect([code, stdout, stderr.slice(0, message.length)]).toEqual([64, '', message]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['--profile a gateway --profile a', '--profile is given twice: give it once'],
    ['--profile a gateway status --profile a', '--profile is given twice: give it once'],
    ['gateway --port 1 stop --port 2', '--port stands before and after stop: give it once'],
    ['gateway --allow-host a status', '--allow-host is a flag of gateway alone: leave it out before status'],
    ['gateway --port 1 logs', '--port: logs takes --profile or --dev: leave it out'],
    ['gateway --port', "error: option '-p, --port <port>' argument missing"],
  ])('in a wrong place is refused: %s', async (line, message) => {
    expect(await run(line)).toEqual({ code: 64, stdout: '', stderr: `${message}\n` });
  });

  it('may stand before the name of a command that takes it', async () => {
    const { code, stdout } = await run('gateway --dev ports --json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ profiles: [{ name: 'dev' }] });
  });
});

describe('what is no command', () => {
  it.each([
    ['gatewya', "error: unknown command 'gatewya'\n(Did you mean gateway?)\n"],
    ['gateway now', "error: too many arguments for 'gateway'. Expected 0 arguments but got 1.\n"],
    ['gateway stop now', "error: too many arguments for 'stop'. Expected 0 arguments but got 1.\n"],
    ['gateway call', "error: missing required argument 'method'\n"],
    ['gateway -- --port 1', "error: too many arguments for 'gateway'. Expected 0 arguments but got 2.\n"],
  ])('is refused: %s', async (line, stderr) => {
    expect(await run(line)).toEqual({ code: 64, stdout: '', stderr });
  });
});
