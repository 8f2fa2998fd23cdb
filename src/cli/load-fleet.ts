// What loads `pg`: in a file of its own, so that no other command does.
export { checkDatabase, lookAtDatabase, statusOfFleet } from './fleet-reports.js';
export { yieldFleet } from './yield-fleet.js';
