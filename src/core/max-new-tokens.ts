/** Longest answer in tokens where none is given: a sentence or two. */
export const MAX_NEW_TOKENS = 64;
