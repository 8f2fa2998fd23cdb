const major = Number.parseInt(process.env['TEST_NEST'] ?? '12', 10);

/** A test of what gateway classes cannot do in Nest 11, on which `npm run test:nest` runs the tests as well: there it has to fail. */
export const itSinceNest12 = major < 12 ? it.failing : it;
