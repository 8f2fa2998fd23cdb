// What loads `pg`: in a file of its own, so that no other command does.
export { checkDatabase, statusOfFleet } from './fleet-reports.js';
