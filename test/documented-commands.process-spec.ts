import { chmodSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';

import { portOfProfile } from '../src/config/choose-port.js';
import { consoleBlocksOf } from './kit/console-blocks.js';
import { freeProfile } from './kit/home.js';
import { killLaunchedIn } from './kit/launched.js';
import { freePort } from './kit/ports.js';
import { BIN, Program, ROOT } from './kit/program.js';
import { tempFolder } from './kit/temp.js';

// Two dozen commands, each a process of its own, and one test after the other on a busy machine.
jest.setTimeout(300_000);

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

const UNDECIDED = /operating system does not say|does not answer|by its own account/;
const ATTEMPTS = 10;

/** Runs commands of the docs in a home of their own. Its ports and paths are all that is not as it is written. */
class Reader {
  private constructor(
    private readonly home: string,
    private readonly names: readonly (readonly [documented: string, here: string])[],
  ) {}

  static async create(): Promise<Reader> {
    const home = realpathSync(tempFolder());
    const [port, otherPort, profile] = [await freePort(), await freePort(), await freeProfile()];
    for (const folder of ['.openclaw', `.openclaw-${profile}`]) killLaunchedIn(join(home, folder));
    const reader = new Reader(home, [
      ['18789', String(port)],
      ['18800', String(otherPort)],
      ['25620', String(portOfProfile(profile))],
      ['work', profile],
      ['/home/me', home],
    ]);
    writeFileSync(join(home, 'openclaw'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    chmodSync(join(home, 'openclaw'), 0o755);
    await reader.run(`mkdir -m 700 .openclaw && echo '{ "gateway": { "port": ${port} } }' > .openclaw/openclaw.json`);
    return reader;
  }

  /** @returns what a reader sees, with the names that the docs have for it */
  async run(command: string): Promise<string> {
    const here = this.names.reduce((text, [documented, own]) => text.replaceAll(documented, own), command);
    const env = { HOME: this.home, OPENCLAW_GATEWAY_TOKEN: undefined, PATH: `${this.home}:${process.env['PATH']}` };
    for (let attempt = 1; ; attempt++) {
      const shell = Program.start('bash', ['-c', `exec 2>&1; ${here}`], { env, cwd: this.home });
      await shell.exit();
      // A busy machine may not tell who holds the port in the 500 ms of a verdict, and then nothing was done.
      if (UNDECIDED.test(shell.stdout) && attempt < ATTEMPTS) continue;
      return this.names.reduce((text, [documented, own]) => text.replaceAll(own, documented), shell.stdout);
    }
  }

  /** A request that is refused, for the log. */
  async refused(): Promise<void> {
    const port = this.names[0]?.[1];
    await new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, headers: { host: 'evil.example' } }, (answer) =>
        answer.resume().once('close', resolve),
      );
      request.once('error', reject);
    });
  }
}

/** What is another at every run, or on every machine, is the same in all that is compared. */
function alike(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replace(/pid \d+/g, 'pid N')
    .replace(/up (?:\d+ (?:d|h|min|s) ?)+/g, 'up T')
    .replace(/"(ts|durationMs)": \d+/g, '"$1": N')
    .replace(/client [\da-f]{8}/g, 'client ID')
    .replace(/connections( +)\d+/g, 'connections$1N')
    .replace(/which is (?:read|not there)/g, 'which is read')
    .replace(/#token=\S+/g, '#token=…')
    .replace(/host not allowed: evil\.example \(.*\)/g, 'host not allowed: evil.example (…)')
    .trimEnd();
}

const blocks = PAGES.flatMap(consoleBlocksOf);
const isSession = ({ place }: { readonly place: string }): boolean => place.startsWith('docs/quickstart.md');

describe('the commands of README and docs', () => {
  it('are all run, or say why not', () => {
    expect(blocks.filter(({ steps, notRun }) => steps.length === 0 && notRun === undefined)).toEqual([]);
    expect(blocks.filter(({ notRun }) => notRun === undefined).length).toBeGreaterThan(12);
  });

  it('print what docs/quickstart.md says, one after the other', async () => {
    const reader = await Reader.create();
    for (const { place, steps } of blocks.filter(isSession)) {
      for (const { command, output } of steps) {
        expect([place, command, alike(await reader.run(command))]).toEqual([place, command, alike(output)]);
      }
    }
  });

  it('print what the other pages say, where a gateway runs', async () => {
    const reader = await Reader.create();
    let runs = false;
    for (const { place, steps } of blocks.filter((block) => !isSession(block) && block.notRun === undefined)) {
      for (const { command, output } of steps) {
        const isStart = command === 'openclaw gateway start';
        if (runs === isStart) await reader.run(`openclaw gateway ${isStart ? 'stop' : 'start'}`);
        runs = !command.includes('gateway.shutdown');
        if (command.includes(' logs ')) await reader.refused();
        expect([place, command, alike(await reader.run(command))]).toEqual([place, command, alike(output)]);
      }
    }
  });
});
