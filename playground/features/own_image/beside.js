/* One number beside those of held-out images: a sentence, and a histogram with a mark. */
import {scaled, svg, html} from '../../ui/lib/svg.js';
import {roleVar} from '../../ui/lib/theme.js';
import {counted, ranked} from './ranks.js';

const BINS = 24, WIDTH = 280, HEIGHT = 44, BASE = 28;

/** @param {number} value @param {number[]} others @param {(value: number) => string} text */
export function histogram(value, others, text) {
  const known = others.filter(Number.isFinite), sorted = [...known].sort((a, b) => a - b), pick = share => sorted[Math.round(share * (sorted.length - 1))];
  const lo = Math.min(pick(0), value), hi = Math.max(pick(1), value), counts = counted(known, lo, hi, BINS), most = Math.max(...counts, 1);
  const x = scaled(lo, hi, 4, WIDTH - 4), each = (WIDTH - 8) / BINS;
  const label = `${text(value)} beside ${known.length} held-out images from ${text(sorted[0])} to ${text(sorted[sorted.length - 1])}`;
  return svg('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label},
    ...counts.map((count, k) => svg('rect', {x: 4 + k * each, width: Math.max(1, each - 1), y: BASE - 26 * count / most, height: 26 * count / most, fill: roleVar('data')})),
    svg('line', {x1: x(value), x2: x(value), y1: 0, y2: BASE + 4, stroke: roleVar('samples'), 'stroke-width': 2.5}),
    svg('text', {x: Math.min(WIDTH - 30, Math.max(30, x(value))), y: HEIGHT, 'text-anchor': 'middle', class: 'guest-tick'}, 'yours'));
}

/** @param {string} name @param {string} shown @param {number} value @param {number[]} others @param {[string, string]} words @param {(value: number) => string} text */
export const fact = (name, shown, value, others, words, text) =>
  html('div', '', `${name} `, html('b', '', shown), `: ${ranked(value, others, words)}.`, histogram(value, others, text));
