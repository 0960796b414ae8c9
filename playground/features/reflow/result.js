/* What came of a reflow, in sentences. */
import {fixed, thousands, withError} from '../../ui/lib/format.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').ReflowSide} ReflowSide */

/** A reading [value, spread] before and after. @typedef {[number[], number[]]} Pair */
/** @param {Pair} pair */
const change = ([old, now]) => `from ${withError(old[0], old[1])} to ${withError(now[0], now[1])}`;
/** 1 where it fell by more than both spreads together, -1 where it rose so, else 0. @param {Pair} pair */
const better = ([[old, a], [now, b]]) => (old - now > a + b ? 1 : now - old > a + b ? -1 : 0);
const WORDS = {1: 'nearer to data', '-1': 'further from data', 0: 'no more than the spread'};

/** By both distances where there are two, and whether they agree. @param {{before: ReflowSide, after: ReflowSide | null}} payload */
export function result({before, after}) {
  if (!after) return '';
  const ratio = before.straightness[0] / Math.max(after.straightness[0], 1e-12);
  const straighter = ratio >= 1.1 ? `The paths became ${ratio >= 10 ? thousands(Math.round(ratio)) : fixed(ratio, 1)} times straighter.` : 'The paths did not become straighter.';
  /** @param {'distance' | 'frechet'} name @returns {Pair | null} */
  const pair = name => (before[name] && after[name] && before[name][1] && after[name][1] ? [before[name][1], after[name][1]] : null);
  const pixels = pair('distance'), seen = pair('frechet');
  if (!pixels) return straighter;
  if (!seen) return `${straighter} With a single Euler step the distance went ${change(pixels)}.`;
  const a = better(pixels), b = better(seen), both = `${straighter} With a single Euler step the energy distance went ${change(pixels)} and the Fréchet distance ${change(seen)}`;
  return a === b ? `${both}: ${WORDS[a]} by both.` : `${both}: ${WORDS[a]} by the first, ${WORDS[b]} by the second${a * b < 0 ? '; the two disagree' : ''}.`;
}
