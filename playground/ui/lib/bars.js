/* Readings on one scale: tracks with bars or dots, their whiskers, and numbers beside them; the geometry first, in percent of a track. */
import {html} from './svg.js';

/* `value` on the scale [lo, hi], never outside. */
export const percent = (value, [lo, hi]) => 100 * Math.min(1, Math.max(0, (value - lo) / (hi - lo || 1)));
/* From one value to another, whichever is larger. */
export function span(from, to, scale) {
  const [low, high] = [from, to].map(value => percent(value, scale)).sort((a, b) => a - b);
  return {left: low, width: high - low};
}
/* The ends of values laid end to end: positive ones to the right of zero, negative ones to the left. */
export function stacked(values) {
  let up = 0, down = 0;
  return values.map(value => (value >= 0 ? [up, up += value] : [down, down += value]));
}
/* One of `digits` times a power of ten, at least `value`; 0 for what is not above it. */
export function roundUp(value, digits = [1, 2, 2.5, 5, 10]) {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return digits.map(digit => digit * power).find(top => top >= value * 0.9999);
}

const inPercent = places => Object.fromEntries(Object.entries(places).map(([side, value]) => [side, `${value}%`]));

/* A track of no reading yet. `dot`: a dot at the value in the place of a bar from zero. */
export const track = ({dot = false} = {}) => fill(html('div', 'pg-track', html('i', dot ? 'pg-dot' : ''), html('u'), html('s')), null, [0, 1]);

/* Shows a reading {value, error, colour, best} on a track; null is one that is to come. */
export function fill(node, reading, scale) {
  const [bar, whisker, best] = node.children, {value, error, colour} = reading || {}, dot = bar.className === 'pg-dot';
  bar.hidden = !reading;
  whisker.hidden = error == null;
  best.hidden = !reading || reading.best == null;
  if (reading) Object.assign(bar.style, {background: colour}, inPercent(dot ? {left: percent(value, scale)} : span(0, value, scale)));
  if (!whisker.hidden) Object.assign(whisker.style, inPercent(span(value - error, value + error, scale)));
  if (!best.hidden) best.style.left = `${percent(reading.best, scale)}%`;
  return node;
}

/* A label, a bar with its whisker, a number. */
export const line = (label, reading, scale, number, className = '') =>
  html('div', `pg-bar ${className}`, html('span', '', label), fill(track(), reading, scale), html('b', '', number));

/* Parts [{value, colour, title, light}] end to end on one track: those that are there already are moved. */
export function stack(node, parts, scale) {
  const ends = stacked(parts.map(part => part.value)), there = [...node.querySelectorAll('i')];
  parts.forEach(({colour, title, light}, i) => {
    if (!there[i]) node.append(there[i] = html('i'));
    const {left, width} = span(...ends[i], scale);                 // cut out of the whole track: nothing that moves is laid out
    Object.assign(there[i].style, {background: colour, opacity: light ? 0.5 : 1, clipPath: `inset(0 ${100 - left - width}% 0 ${left}%)`});
    there[i].title = title;
  });
  there.slice(parts.length).forEach(part => part.remove());
}
