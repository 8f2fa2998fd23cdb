import { format } from '../kit/figure.js';
import type { FurtherTable } from '../kit/part.js';

/** By how much the last third may be more than the middle one, since measurements differ. */
const LEVEL_FACTOR = 1.1;

/** A quantity over time. */
export interface Course {
  readonly name: string;
  readonly values: readonly number[];
}

/** Whether the least of the last third is no more than that of the middle one; the first is for getting going. */
export function levelsOff(course: Course): boolean {
  const { middle, last } = thirdsOf(course);
  return last <= middle * LEVEL_FACTOR;
}

export function levelTable(courses: readonly Course[]): FurtherTable {
  return {
    title:
      'The least in the middle third of the time, and in the last: what is held for good, without what comes and goes;\n' +
      `at most ${LEVEL_FACTOR} times as much is level.`,
    columns: ['of the gateway', 'middle', 'last', 'factor', ''],
    rows: courses.map((course) => {
      const { middle, last } = thirdsOf(course);
      return [
        course.name,
        format(middle),
        format(last),
        (last / middle).toFixed(2),
        levelsOff(course) ? 'level' : 'grows',
      ];
    }),
  };
}

function thirdsOf({ values }: Course): { readonly middle: number; readonly last: number } {
  const third = Math.ceil(values.length / 3);
  return {
    middle: Math.min(...values.slice(-2 * third, -third)),
    last: Math.min(...values.slice(-third)),
  };
}
