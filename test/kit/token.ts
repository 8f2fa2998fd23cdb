/**
 * What gateways under test ask of their clients, unless told otherwise; so that they make none in the user's folder. As
 * strong as one that a gateway makes, so that none warns of it.
 */
export const TOKEN = 'pJ7vX2mQ9sLw4Tz8KdR1yBn6Hc3Fg5Ea0UoViNtPqSk';
