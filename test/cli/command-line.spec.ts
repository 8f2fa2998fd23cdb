import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { runCommandLine } from '../../src/cli/command-line.js';
import { GATEWAY, SUB_COMMANDS } from '../../src/cli/command-table.js';
import type { CommandEntry, Program } from '../../src/cli/command.js';
import { TOP_LEVEL } from '../../src/cli/top-level.js';
import { HELP_PAGES } from '../../src/cli/help-pages.js';
import { ROOT } from '../kit/program.js';
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
  const code = await runCommandLine(line.split(' ').filter(Boolean), PROGRAM);
  jest.restoreAllMocks();
  return { code, ...written };
}

const path = ({ name }: CommandEntry): string => (name === 'gateway' ? 'gateway' : `gateway ${name}`);
const escaped = (text: string): string => text.replace(/[^\w ]/g, '\\$&');
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

describe('what shows the help of a command', () => {
  it.each([
    ['', '--help'],
    ['help', '--help'],
    ['help gateway', 'gateway --help'],
    ['help gateway status', 'gateway status --help'],
    ['gateway help', 'gateway --help'],
    ['gateway help status', 'gateway status --help'],
    ['help status', 'status --help'],
  ])('is %j too, on stdout and with 0', async (line, usual) => {
    const help = await run(line);
    expect(help).toEqual({ ...(await run(usual)), code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: acme/);
  });

  it.each([
    ['help gatewya', "error: unknown command 'gatewya' (Did you mean gateway?)\n"],
    ['gateway help statsu', "error: unknown command 'statsu' (Did you mean status?)\n"],
    ['help gateway statsu', "error: unknown command 'statsu' (Did you mean status?)\n"],
  ])('is nothing for a command that is unknown: %s', async (line, stderr) => {
    expect(await run(line)).toEqual({ code: 64, stdout: '', stderr });
  });

  it.each([...ENTRIES, ...TOP_LEVEL])('ends with examples and the documentation: $name', async (entry) => {
    const line = TOP_LEVEL.includes(entry) ? entry.name : path(entry);
    const { stdout } = await run(`${line} --help`);
    const { examples = [], page = '' } = HELP_PAGES[entry.name] ?? {};
    for (const [args, purpose] of examples) {
      expect(stdout).toMatch(new RegExp(`^ {2}acme ${escaped(args)} {2,}${escaped(purpose)}$`, 'm'));
    }
    expect(examples.length).toBeGreaterThan(0);
    const wide = stdout.split('\n').filter((row) => row.length > 80 && !row.startsWith('Documentation: '));
    expect(wide).toEqual([]);
    expect(stdout).toMatch(new RegExp(`^Documentation: https://\\S+/docs/${escaped(page)}\n$`, 'm'));
    expect(existsSync(join(ROOT, 'docs', page))).toBe(true);
  });
});

describe('a command without gateway before it', () => {
  it.each(TOP_LEVEL.map(({ name }) => name).filter((name) => name in SUB_COMMANDS))('is the same: %s', async (name) => {
    const usual = await run(`gateway ${name} --help`);
    expect((await run(`${name} --help`)).stdout).toBe(usual.stdout.replace(`acme gateway ${name} [`, `acme ${name} [`));
    expect(await run(`${name} --bogus`)).toMatchObject({
      code: 64,
      stderr: `error: unknown option '--bogus' (see acme ${name} --help)\n`,
    });
  });

  it('takes the profile before and after it', async () => {
    expect(await run('--profile a status --profile a')).toMatchObject({
      code: 64,
      stderr: '--profile is given twice: give it once\n',
    });
  });
});

describe('run', () => {
  it.each(['gateway run --port 80x', 'gateway --port 80x run', 'gateway --port 80x'])(
    'takes what gateway takes: %s',
    async (line) => {
      expect((await run(line)).stderr).toMatch(/^--port: "80x" is not a port/);
    },
  );
});

describe('--no-color', () => {
  it('is taken by every command, anywhere, and declines what FORCE_COLOR asks for', async () => {
    const env: NodeJS.ProcessEnv = { ...process.env, FORCE_COLOR: '1' };
    const replaced = jest.replaceProperty(process, 'env', env);
    const { stdout, code } = await run('gateway --no-color ports');
    const { NO_COLOR: declined, FORCE_COLOR: forced } = env;
    replaced.restore();

    expect([code, declined, forced]).toEqual([0, '1', undefined]);
    expect(stdout).toMatch(/^PROFILE/);
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
      stderr: `error: unknown option '--bogus' (see acme ${command} --help)\n`,
    });
  });

  it.each([
    ['gateway --bogus', 0],
    ['gateway run --bogus', 0],
    ['gateway status --bogus', 64],
  ])('that is unknown ends a gateway with 0 under launchd, which would start it for ever: %s', async (line, code) => {
    jest.replaceProperty(process, 'env', { ...process.env, XPC_SERVICE_NAME: 'openclaw-gateway-lock.default' });

    expect((await run(line)).code).toBe(code);
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
    ['gateway --port', "error: option '-p, --port <port>' argument missing (see acme gateway --help)"],
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
    ['gatewya', "error: unknown command 'gatewya' (Did you mean gateway?)\n"],
    ['open', "error: unknown command 'open' (Did you mean gateway open?)\n"],
    ['ports', "error: unknown command 'ports' (Did you mean gateway ports?)\n"],
    ['gateway statsu', "error: unknown command 'statsu' (Did you mean status?)\n"],
    ['gateway now', "error: unknown command 'now' (see acme gateway --help)\n"],
    ['gateway --port 1 now', "error: unknown command 'now' (see acme gateway --help)\n"],
    [
      'gateway run now',
      "error: too many arguments for 'run'. Expected 0 arguments but got 1. (see acme gateway run --help)\n",
    ],
    ['statsu', "error: unknown command 'statsu' (Did you mean status?)\n"],
    ['completion', "error: missing required argument 'shell' (see acme completion --help)\n"],
    ['completion tcsh', '"tcsh" is not a shell that is known here; give bash, zsh or fish\n'],
    [
      'gateway stop now',
      "error: too many arguments for 'stop'. Expected 0 arguments but got 1. (see acme gateway stop --help)\n",
    ],
    ['gateway call', "error: missing required argument 'method' (see acme gateway call --help)\n"],
    ['gateway -- --port 1', "error: unknown command '--port' (see acme gateway --help)\n"],
  ])('is refused: %s', async (line, stderr) => {
    expect(await run(line)).toEqual({ code: 64, stdout: '', stderr });
  });
});

describe('as an agent of launchd, which knows one final code alone,', () => {
  afterEach(() => Reflect.deleteProperty(process.env, 'XPC_SERVICE_NAME'));

  it.each([
    ['openclaw-gateway-lock.default', 'gateway --port=80x', 0],
    ['openclaw-gateway-lock.default', 'gateway status --port=80x', 64],
    ['com.apple.Terminal', 'gateway --port=80x', 64],
    ['0', 'gateway --port=80x', 64],
  ])('%s runs %s, which ends with %i', async (name, line, code) => {
    process.env['XPC_SERVICE_NAME'] = name;

    expect(await run(line)).toMatchObject({
      code,
      stderr: expect.stringMatching(/^--port: "80x" is not a port/) as string,
    });
  });
});
