/* What the arena's pictures share: one colour a scheduler, numbers as text. Payload: playground/views/arena.py. */
const pg = window.playground, P = window.Plotly;
const $ = selector => element.querySelector(selector);
const DASHES = ['solid', 'dot', 'dash'], SYMBOLS = ['circle', 'square', 'diamond'];
let shown = null;                                    // the number of evaluations whose samples are looked at
const hidden = new Set();                            // schedulers that the reader has switched off in the plane

const order = payload => payload.schedulers.map(entry => entry.name);
const colour = (payload, name) => pg.classColours()[order(payload).indexOf(name) % 10];
const turn = (payload, name) => Math.floor(order(payload).indexOf(name) / 10) % 3;
const minus = text => text.replace('-', '−');
/* Four decimals: what a spread of a thousandth lets one see. */
const plain = value => (value == null ? '–' : minus(value.toFixed(4)));
const withSpread = (mean, std) => (mean == null ? '–' : `${plain(mean)}${std == null ? '' : ` ± ${std.toFixed(4)}`}`);
const seconds = value => (value == null ? '' : `${value < 9.995 ? value.toFixed(2) : value.toFixed(1)} s`);
const small = value => {
  if (value == null) return '–';
  if (value === 0) return '0';
  const [digits, power] = value.toExponential(1).split('e').map(Number);   // rounded first: never 10.0·10⁻⁵
  return power >= -3 ? minus(value.toFixed(4)) : `${digits.toFixed(1)}·10${[...minus(String(power))].map(c => '⁰¹²³⁴⁵⁶⁷⁸⁹'['0123456789'.indexOf(c)] || '⁻').join('')}`;
};
function nameTag(payload, row, note) {
  const tag = document.createElement('div'), dot = document.createElement('i'), text = document.createElement('span'), more = document.createElement('small');
  tag.className = 'arena-name';
  dot.style.background = colour(payload, row.name);
  text.textContent = row.title;
  more.textContent = note || '';
  tag.append(dot, text, more);
  return tag;
}
