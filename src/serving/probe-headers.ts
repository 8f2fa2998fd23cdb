/** The headers of every probe: its answer is valid for this moment only, and no page may make anything of it. */
export const PROBE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;
