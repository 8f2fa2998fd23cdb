import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chooseAuth } from './choose-auth.js';
import { createGatewayApp } from './create-app.js';
import { describeError, exitCodeOf } from './exit-code.js';
import { stopWithNestStart } from './nest-start.js';
import { InputError } from './lock/input.error.js';
import { choosePort } from './profile/port.js';
import { resolveProfile } from './profile/profile.js';
import { complain } from './report.js';
import { runGateway } from './run-gateway.js';

const PORT_VARIABLE = 'OPENCLAW_GATEWAY_PORT';

/** What `nest start` runs: everything from the environment, and from the `.env` of the project it is started in. */
async function main(): Promise<number> {
  const [unexpected] = process.argv.slice(2);
  if (unexpected !== undefined) {
    throw new InputError(
      `${JSON.stringify(unexpected)}: nest start takes no arguments; set ${PORT_VARIABLE}, or use: openclaw gateway --port <port>`,
    );
  }
  stopWithNestStart();
  const source = loadEnvFile() ? `${PORT_VARIABLE} in .env` : PORT_VARIABLE;
  const profile = resolveProfile();
  const port = choosePort(profile.name, { source, value: process.env[PORT_VARIABLE] });
  return runGateway(() =>
    createGatewayApp({ port, identity: { profile: profile.name }, auth: chooseAuth({}, profile) }),
  );
}

/** Whether the port comes from the file; what the environment already says stays as it is. */
function loadEnvFile(): boolean {
  const file = fileURLToPath(new URL('../.env', import.meta.url));
  const given = process.env[PORT_VARIABLE] !== undefined;
  if (existsSync(file)) process.loadEnvFile(file);
  return !given;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    complain(describeError(error));
    process.exit(exitCodeOf(error));
  },
);
