/* Where the slider of a setting stops, and how far an arrow key goes. On a logarithmic scale at round numbers, on that of octaves at powers of
   two and half way between them: a setting over decades is as easily hit at its low end as at its high one. */
import {rounded} from './format.js';

const SERIES = {keys: [1, 2, 5], slider: [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]};
export const tidy = value => rounded(value, 12);

/* All round numbers of a series from `low` to `high`, with 0 in front where that is allowed. */
function ticks(series, low, high, zero) {
  const out = zero ? [0] : [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    series.map(digit => tidy(digit * 10 ** power)).filter(tick => tick >= low && tick <= high).forEach(tick => out.push(tick));
  }
  return out;
}

/* 1, 2, 3, 4, 6, 8, 12, … */
function octaves(low, high) {
  const out = [];
  for (let two = 1; two <= high; two *= 2) out.push(two, 1.5 * two);
  return out.filter(tick => tick >= low && tick <= high);
}

/* The numbers that the slider of `spec` stops at, or null where it goes evenly. */
export function marksOf(spec) {
  if (!spec.slider || spec.scale === 'linear') return null;
  const {low, top} = spec.slider, marks = spec.scale === 'log' ? ticks(SERIES.slider, low, top, spec.low === 0) : octaves(low, top);
  return spec.kind === 'int' ? marks.filter(Number.isInteger) : marks;
}
/* The index of the mark next to `value`. */
export const nearest = (marks, value) => marks.reduce((best, mark, i) => (Math.abs(mark - value) < Math.abs(marks[best] - value) ? i : best), 0);

/* The value one arrow key further; `by` is 1 or -1, or 10 or -10 for a page key. */
export function stepped(spec, value, by) {
  const up = by > 0;
  let next;
  if (spec.scale === 'log') {
    const least = spec.low || (spec.slider ? spec.slider.low : 1), marks = ticks(SERIES.keys, least, spec.high, spec.low === 0);
    if (Math.abs(by) > 1) next = up ? Math.max(least, tidy(10 * value)) : tidy(value / 10) < least ? spec.low : tidy(value / 10);
    else next = (up ? marks.find(mark => mark > value) : marks.reverse().find(mark => mark < value)) ?? value;
  } else next = tidy(value + by * (spec.step || 1));
  if (spec.kind === 'int') next = Math.round(next);
  return Math.max(spec.low ?? -Infinity, Math.min(spec.high ?? Infinity, next));
}
