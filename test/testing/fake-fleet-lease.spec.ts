import { fakeFleetLease } from '../../src/testing/index.js';
import { FleetLostError } from '../../src/index.js';

it('a fake lease is valid until the test takes it away', async () => {
  const lease = fakeFleetLease({ token: 7n });
  const statements: string[] = [];
  const client = { query: (text: string) => (statements.push(text), Promise.resolve({ rows: [] })) };

  lease.assert();
  expect(await lease.fenced(client, () => Promise.resolve('done'))).toBe('done');
  const late = lease.fenced(client, () => {
    lease.lose();
    return Promise.resolve();
  });

  await expect(late).rejects.toThrow(new FleetLostError('office', 'the test took it away'));
  expect(statements).toEqual(['begin', 'commit', 'begin', 'rollback']);
  expect([lease.name, lease.token, lease.valid, lease.lost.aborted]).toEqual(['office', 7n, false, true]);
  expect(() => lease.assert()).toThrow(FleetLostError);
});
