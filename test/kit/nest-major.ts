/** The Nest that the tests run on, which `npm run test:nest` exchanges. */
export const NEST_MAJOR = Number.parseInt(process.env['TEST_NEST'] ?? '12', 10);
