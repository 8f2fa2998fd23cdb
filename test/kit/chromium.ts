import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { chromium, type BrowserContext, type Page } from 'playwright-core';

import { onCleanUp } from './cleaner.js';
import { fixture, Program } from './program.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLATFORM = `${process.platform} ${process.arch}`;
/** 67 MB to decompress, on a machine that is busy. */
const UNPACK_DEADLINE_MS = 180_000;
const VERSION_DEADLINE_MS = 10_000;
/** Playwright allows 30 s, in which a busy machine may not have started a browser or drawn a page. */
const DEADLINE_MS = 120_000;

/** Nothing of the shell that runs the tests, proxies included, and nothing of what it writes left behind. */
const environmentIn = (folder: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  TMPDIR: folder,
});

const INSTALLED = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  // Some are stubs that say what to install, and others insist on the home of their user.
  .find((path) => existsSync(path) && answers(path));

/** Why there is no Chromium to test with, where there is none; npm has one for the most usual platform alone. */
export const NO_CHROMIUM =
  INSTALLED === undefined && PLATFORM !== 'linux x64' ? `no Chromium on the PATH of this ${PLATFORM}` : undefined;

/** A browser for all tests of a file: it takes longer to unpack than a test takes. */
export class Chromium {
  private constructor(
    private readonly context: BrowserContext,
    private readonly folder: string,
  ) {}

  static async start(args: string[]): Promise<Chromium> {
    const folder = mkdtempSync(join(tmpdir(), 'openclaw-test-'));
    try {
      const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
        executablePath: INSTALLED ?? (await unpack(folder)),
        // The libraries are those that `unpack` brings; without it there are none.
        env: { ...environmentIn(folder), LD_LIBRARY_PATH: join(folder, 'al2023/lib') },
        artifactsDir: join(folder, 'artifacts'),
        args,
        timeout: DEADLINE_MS,
      });
      context.setDefaultTimeout(DEADLINE_MS);
      return new Chromium(context, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** An empty page, closed when the test ends. */
  async page(): Promise<Page> {
    const page = await this.context.newPage();
    onCleanUp(() => page.close());
    return page;
  }

  async open(url: string): Promise<Page> {
    const page = await this.page();
    await page.goto(url);
    return page;
  }

  async end(): Promise<void> {
    await this.context.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The package is an ES module, which Jest cannot load, and knows no other place than the folder for temporary files. */
async function unpack(folder: string): Promise<string> {
  // It brings its libraries only where it takes the machine for one that has none, as a bare Linux has none.
  const env = { TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  const program = Program.node(fixture('unpack-chromium'), [], { env });
  const [, path = ''] = await program.output('stdout', /^(.+)$/m, UNPACK_DEADLINE_MS);
  return path;
}

function answers(path: string): boolean {
  const env = environmentIn(tmpdir());
  return spawnSync(path, ['--version'], { env, timeout: VERSION_DEADLINE_MS }).status === 0;
}
