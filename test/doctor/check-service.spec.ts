import { judgeService } from '../../src/doctor/check-service.js';

describe('the service', () => {
  const service = {
    unit: 'acme-gateway.service',
    state: 'active',
    restarts: 3,
    isEnabled: true,
    lingers: true,
    sockets: [],
  };

  it.each([
    [undefined, { level: 'ok', text: 'no service manager is to run this gateway' }],
    [{}, { level: 'ok', text: 'acme-gateway.service is active, and was started again 3 times' }],
    [{ state: 'inactive' }, { level: 'note' }],
    [
      { missingFile: '/opt/node' },
      { level: 'problem', text: 'acme-gateway.service runs /opt/node, which is gone', wayOut: 'acme gateway install' },
    ],
    [
      { state: 'failed' },
      {
        level: 'problem',
        text: 'systemd has given acme-gateway.service up after 3 restarts',
        wayOut: 'see why: journalctl --user -u acme-gateway.service -n 20; then: acme gateway start',
      },
    ],
    [{ isEnabled: false }, { level: 'note', wayOut: 'systemctl --user enable acme-gateway.service' }],
    [{ lingers: false }, { level: 'note', wayOut: 'loginctl enable-linger' }],
  ])('%j', (found, finding) => {
    expect(judgeService(found && { ...service, ...found }, 'acme')).toMatchObject({ check: 'service', ...finding });
  });
});
