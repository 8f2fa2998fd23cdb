import { createApp, startApp } from '../kit/app.js';
import { freePort } from '../kit/ports.js';

/** The files of the package that speaks to PostgreSQL which this test has loaded. */
function loadedOfPg(): string[] {
  return Object.keys(require.cache).filter((file) => file.includes('node_modules/pg/'));
}

it('a gateway without a fleet does not load pg, and one with a fleet does', async () => {
  await startApp();
  expect(loadedOfPg()).toEqual([]);

  const url = `postgres://gateway:secret@127.0.0.1:${await freePort()}/fleets`;
  const { app } = await createApp({ lock: { fleet: { name: 'office', url } } });
  await expect(app.init()).rejects.toMatchObject({ code: 'GATEWAY_FLEET_UNREACHABLE' });

  expect(loadedOfPg()).not.toEqual([]);
});
