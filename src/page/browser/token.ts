const KEY = 'openclaw.token';

/**
 * The token of this tab: from the address, out of which it is then taken, or as it was before the page was reloaded. The
 * fragment of an address is never sent to a server (RFC 9110, 4.2.3), and sessionStorage ends with the tab.
 */
export function findToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    keepToken(given);
  }
  return given ?? sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
