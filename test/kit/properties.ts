import fc, { type Arbitrary } from 'fast-check';

import { proven } from './proven.js';

const RUNS = 2_000;

/**
 * For the properties of one subject, which the end of the run counts.
 *
 * @returns checks that a property holds for each of many values; a failure tells the smallest that was found, and the seed
 * that leads to it
 */
export function propertiesOf(subject: string): <T>(values: Arbitrary<T>, check: (value: T) => void) => void {
  let properties = 0;
  afterAll(() => proven(`${properties} properties of ${subject}, with ${RUNS} random values each`));
  return (values, check) => {
    fc.assert(
      fc.property(values, (value) => check(value)),
      { numRuns: RUNS },
    );
    properties++;
  };
}
