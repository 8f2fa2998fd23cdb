import { createApp } from '../kit/app.js';

jest.mock('pg', () => {
  throw Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' });
});

it('a fleet without pg says in one line what to install', async () => {
  const url = 'postgres://gateway:secret@127.0.0.1:5432/fleets';
  const { app } = await createApp({ lock: { fleet: { name: 'office', url } } });

  await expect(app.init()).rejects.toMatchObject({
    code: 'GATEWAY_FLEET_UNFIT',
    message: 'a fleet needs the package pg, which is not installed: npm install pg',
  });
});
