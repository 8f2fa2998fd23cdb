import { whoHoldsProfile } from '../../src/state-folder/who-holds-profile.js';
import { cardOf } from '../holder/cards.js';
import { Program } from '../kit/program.js';
import { socketOf } from '../kit/profile.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

/** uid 65534 by convention. */
const NOBODY = ['--reuid=65534', '--clear-groups'];

/** Has the lock of a folder, and shows the card of a gateway: its pid is true, and all else a lie. */
const SQUATTER = `
  const [socketPath, card] = process.argv.slice(1);
  const { pid } = process;
  require('node:http')
    .createServer((request, response) => response.end(JSON.stringify({ ...JSON.parse(card), pid })))
    .listen(Buffer.from(socketPath, 'hex').toString(), () => console.log('listening'));
`;

async function squatOn(folder: string, command: readonly [string, ...string[]]): Promise<Program> {
  const [program, ...args] = command;
  const socketPath = Buffer.from(socketOf(folder)).toString('hex');
  const squatter = Program.start(program, [...args, '--eval', SQUATTER, socketPath, JSON.stringify(cardOf())]);
  await squatter.output('stdout', /^listening$/m);
  return squatter;
}

const isRoot = process.getuid?.() === 0;
const reason = LINUX && isRoot ? '' : ' (needs Linux, and root to be two users)';

describe('the gateway of a profile', () => {
  (reason === '' ? it : it.skip)(`is believed of this user, and of no other${reason}`, async () => {
    const [own, anothers] = [tempFolder(), tempFolder()];
    const { pid } = await squatOn(own, [process.execPath]);
    await squatOn(anothers, ['setpriv', ...NOBODY, process.execPath]);

    expect(await whoHoldsProfile(own)).toMatchObject({ verdict: 'ready', card: { pid } });
    expect(await whoHoldsProfile(anothers)).toBeUndefined();
  });
});
