import { keepVariablesFromReports } from '../../src/process/init-gateway-process.js';

/** Node 22.13 and newer. */
const canLeaveOut = 'excludeEnv' in process.report;

(canLeaveOut ? it : it.skip)('a diagnostic report has no variable of the gateway in it (not on Node 20)', () => {
  process.env['OPENCLAW_FLEET_URL'] = 'postgres://gateway:secret-of-the-report@db/fleets';
  try {
    keepVariablesFromReports();
    expect(JSON.stringify(process.report.getReport())).not.toContain('secret-of-the-report');
  } finally {
    delete process.env['OPENCLAW_FLEET_URL'];
    Object.assign(process.report, { excludeEnv: false });
  }
});
