/** What gateways under test ask of their clients, unless told otherwise; so that they make none in the user's folder. */
export const TOKEN = 'a-token-of-the-tests';
