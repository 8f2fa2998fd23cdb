import { endCommand, failCommand } from './process/command-process.js';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createGatewayApp } from './process/create-app.js';
import { InputError } from './common/input.error.js';
import { resolveProfile } from './config/profile.js';
import { runGateway } from './process/run-gateway.js';
import { PORT_VARIABLE } from './config/choose-port.js';
import { chooseSettingsToStart } from './config/choose-settings.js';

/** What `npm start` and `nest start` run: all from the environment, and from the `.env` of the project it is started in. */
async function main(): Promise<number> {
  const [unexpected] = process.argv.slice(2);
  if (unexpected !== undefined) {
    throw new InputError(
      `${JSON.stringify(unexpected)}: nest start takes no arguments; set ${PORT_VARIABLE}, or use: openclaw gateway --port <port>`,
    );
  }
  const given = new Set(Object.keys(process.env));
  loadEnvFile();
  const nameVariable = (variable: string): string => (given.has(variable) ? variable : `${variable} in .env`);
  const settings = await chooseSettingsToStart(resolveProfile(), {}, process.env, nameVariable);
  return runGateway(() => createGatewayApp(settings), { title: true });
}

/** What the environment already says stays as it is. */
function loadEnvFile(): void {
  const file = fileURLToPath(new URL('../.env', import.meta.url));
  if (existsSync(file)) process.loadEnvFile(file);
}

main().then(endCommand, failCommand);
