/* Small drawings in SVG: nodes, scales, ticks. */
import {rounded} from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
/* svg('line', {x1: 0, …}, child, 'text', …); attributes that are null are left out. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children.flat());
  return node;
}
export function html(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.flat());
  return node;
}
/* a..b -> from..to, straight on; `.back` goes the other way. */
export function scaled(a, b, from, to) {
  const there = value => from + (value - a) / (b - a || 1) * (to - from);
  there.back = place => a + (place - from) / (to - from || 1) * (b - a);
  return there;
}

/* Round numbers from `lo` to `hi`, about `n` of them. */
export function niceTicks(lo, hi, n = 5) {
  const span = hi - lo;
  if (!(span > 0) || !isFinite(span)) return [lo];
  const power = 10 ** Math.floor(Math.log10(span / n)), step = [1, 2, 5, 10].map(k => k * power).find(k => span / k <= n) || 10 * power;
  const first = Math.ceil(lo / step - 1e-9), last = Math.floor(hi / step + 1e-9);
  return Array.from({length: Math.max(0, last - first + 1)}, (_, i) => rounded((first + i) * step, 12));
}
