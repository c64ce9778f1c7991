export const trials = {};
