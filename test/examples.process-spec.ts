import { cpSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { freePort, isFree } from './kit/ports.js';
import { Program, ROOT } from './kit/program.js';
import { tempFolder } from './kit/temp.js';
import { TOKEN } from './kit/token.js';
import { makeProject } from './kit/user-project.js';

const EXAMPLES = join(ROOT, 'examples');

interface Example {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  readonly otherPort: number;
}

/** What each example is started to show. */
const SHOWS: Readonly<Record<string, (example: Example) => Promise<void>>> = {
  'ten-lines': async ({ folder, env, port }) => {
    const second = Program.node(join(folder, 'dist/main.js'), [], { env });

    expect(await second.exit()).toEqual({ code: 78, signal: null });
    expect(second.stderr).toMatch(
      new RegExp(`^another gateway instance .* ws://127.0.0.1:${port}\\n  held by +ten-lines `),
    );
  },
  notes: async ({ folder, env }) => {
    const client = Program.start('npm', ['run', 'client', '--', 'milk'], { cwd: folder, env });

    expect(await client.exit()).toEqual({ code: 0, signal: null });
    expect(client.stdout).toMatch(/^\[ 'milk' \]$/m);
  },
  hybrid: async ({ port, otherPort }) => {
    const hello = await fetch(`http://127.0.0.1:${port}/hello`);
    const socket = connect(otherPort, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();

    expect(await hello.text()).toBe('hello');
  },
};

/** Starts an example in the way that its README says, and stops it as Ctrl-C does. */
async function start(name: string, project: string): Promise<void> {
  const folder = join(project, name);
  cpSync(join(EXAMPLES, name), folder, { recursive: true });
  const [port, otherPort] = [await freePort(), await freePort()];
  const env = { PORT: String(port), MICROSERVICE_PORT: String(otherPort), NOTES_TOKEN: TOKEN };
  const npm = Program.start('npm', ['start'], { cwd: folder, env, group: true });
  await npm.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'), 120_000);

  await SHOWS[name]?.({ folder, env, port, otherPort });

  npm.signal('SIGINT', true);
  await npm.exit();
  expect(await isFree(port)).toBe(true);
}

describe('the examples', () => {
  it('are all started here', () => {
    const apps = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(apps.map(({ name }) => name).sort()).toEqual(Object.keys(SHOWS).sort());
  });

  it('start, show what they are for, and stop', async () => {
    const project = tempFolder();
    makeProject(project);

    // Together, since each one waits for a compiler of its own.
    await Promise.all(Object.keys(SHOWS).map((name) => start(name, project)));
  });
});
