import fc from 'fast-check';

const octet = fc.nat(255);
export const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const mapped = fc.tuple(group, group).map((low) => [0, 0, 0, 0, 0, 0xffff, ...low]);
/** The eight groups of an IPv6 address, and two ways to write it. */
export const spelledTwice = fc.oneof(groups, mapped).chain((groups) => {
  const spelling = fc
    .record({ digits: fc.integer({ min: 1, max: 4 }), upperCase: fc.boolean(), dotted: fc.boolean(), gap: fc.nat(36) })
    .map((style) => spell(groups, style));
  return fc.record({ groups: fc.constant(groups), one: spelling, other: spelling });
});
export const ipv6 = spelledTwice.map(({ one }) => one);
const zone = fc.stringMatching(/^[0-9a-zA-Z.:-]{1,8}$/);
const zoned = fc.tuple(ipv6, zone).map((parts) => parts.join('%'));
const special = fc.constantFrom('localhost', '127.0.0.1', '0.0.0.0', '::', '::1');
/** All that can be listened on. */
export const anyHost = fc.oneof(ipv4, ipv6, zoned, special);

interface Style {
  /** Groups are filled up with zeros to this many digits. */
  readonly digits: number;
  readonly upperCase: boolean;
  /** Writes the last two groups as an IPv4 address. */
  readonly dotted: boolean;
  /** Which of the runs of zeros, of any length, becomes `::`; none when there are fewer. */
  readonly gap: number;
}

/** One of the ways to write an IPv6 address (RFC 4291, 2.2). */
function spell(groups: readonly number[], { digits, upperCase, dotted, gap }: Style): string {
  const tokens = groups.map((value) => value.toString(16).padStart(digits, '0'));
  if (dotted) {
    const octets = groups.slice(6).flatMap((value) => [value >> 8, value & 0xff]);
    tokens.splice(6, 2, octets.join('.'));
  }
  const runs = tokens.flatMap((_, start) =>
    tokens.slice(start).flatMap((_, length) => {
      const end = start + length + 1;
      return tokens.slice(start, end).every((token) => /^0+$/.test(token)) ? [{ start, end }] : [];
    }),
  );
  const run = runs[gap];
  const text = run ? `${tokens.slice(0, run.start).join(':')}::${tokens.slice(run.end).join(':')}` : tokens.join(':');
  return upperCase ? text.toUpperCase() : text;
}
