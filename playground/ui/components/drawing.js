/* Small drawings in SVG: nodes, scales, ticks, numbers. This piece comes before a component's own and shares its scope. */
const SVG = 'http://www.w3.org/2000/svg';
/* svg('line', {x1: 0, …}, child, 'text', …); attributes that are null are left out. */
function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children.flat());
  return node;
}
function html(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.flat());
  return node;
}
const roleVar = role => `var(--role-${role.replace('_', '-')}, currentColor)`;
/* a..b -> from..to, straight on; `.back` goes the other way. */
function scaled(a, b, from, to) {
  const there = value => from + (value - a) / (b - a || 1) * (to - from);
  there.back = place => a + (place - from) / (to - from || 1) * (b - a);
  return there;
}

/* Round numbers from `lo` to `hi`, about `n` of them. */
function niceTicks(lo, hi, n = 5) {
  const span = hi - lo;
  if (!(span > 0) || !isFinite(span)) return [lo];
  const power = 10 ** Math.floor(Math.log10(span / n)), step = [1, 2, 5, 10].map(k => k * power).find(k => span / k <= n) || 10 * power;
  const first = Math.ceil(lo / step - 1e-9), last = Math.floor(hi / step + 1e-9);
  return Array.from({length: Math.max(0, last - first + 1)}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
const shortNumber = value => Number(value.toPrecision(6)).toLocaleString('en-US', {maximumFractionDigits: 6}).replace('-', '−');
const fixed = (value, digits = 2) => (value == null || !isFinite(value) ? '–' : value.toFixed(digits).replace(/^-(?=.*[1-9])/, '−').replace('-', ''));   // −0.00 is 0.00
/* As many decimals as an error shows two digits of; "−75.31 ± 0.42". */
function withError(value, error) {
  if (value == null || !isFinite(value)) return '–';
  if (error == null || !isFinite(error)) return fixed(value);
  if (error < 1e-5) return `${fixed(value, 4)} ± <0.0001`;
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${fixed(value, digits)} ± ${error.toFixed(digits)}`;
}
const sub = number => String(number).replace(/[0-9]/g, digit => '₀₁₂₃₄₅₆₇₈₉'[digit]);
