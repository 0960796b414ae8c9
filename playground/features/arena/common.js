/* What the arena's pictures share: one colour a scheduler, seconds and small numbers as text. Payload: playground/features/arena/view.py. */
import {fixed} from '../../ui/lib/format.js';
import {classColours} from '../../ui/lib/theme.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */

/** @param {Arena} payload */
const order = payload => payload.schedulers.map(entry => entry.name);
/** @param {Arena} payload @param {string} name */
export const colour = (payload, name) => classColours()[order(payload).indexOf(name) % 10];
/** How often all colours were taken before it: dashes and symbols tell those of one colour apart. @param {Arena} payload @param {string} name */
export const turn = (payload, name) => Math.floor(order(payload).indexOf(name) / 10) % 3;

export const seconds = value => (value == null ? '' : `${fixed(value, value < 9.995 ? 2 : 1)} s`);

const raised = power => [...String(power)].map(c => '⁰¹²³⁴⁵⁶⁷⁸⁹'['0123456789'.indexOf(c)] || '⁻').join('');
export function small(value) {
  if (value == null) return '–';
  if (value === 0) return '0';
  const [digits, power] = value.toExponential(1).split('e').map(Number);   // rounded first: never 10.0·10⁻⁵
  return power >= -3 ? fixed(value, 4) : `${fixed(digits, 1)}·10${raised(power)}`;
}

/** @param {Arena} payload @param {{name: string, title: string}} row @param {string} note */
export function nameTag(payload, row, note) {
  const tag = document.createElement('div'), dot = document.createElement('i'), text = document.createElement('span'), more = document.createElement('small');
  tag.className = 'arena-name';
  dot.style.background = colour(payload, row.name);
  text.textContent = row.title;
  more.textContent = note || '';
  tag.append(dot, text, more);
  return tag;
}
