/* The terms of a loss as an equation, a stacked bar and lines of smaller sums. Payload: `Terms` of playground/views/shapes.py. */
import {percent, roundUp, stack, stacked} from '../lib/bars.js';
import {significant, stepText} from '../lib/format.js';
import {live} from '../lib/live.js';
import {roleVar} from '../lib/theme.js';
import '../lib/rates.js';                                          // remembers runs from the first reading on, before their plane is looked at

/** @typedef {import('../lib/payloads.d.ts').Terms} Terms */
/** @typedef {import('../lib/payloads.d.ts').Total} Total */
/** @typedef {import('../lib/payloads.d.ts').Term} Term */
/** @typedef {import('../lib/payloads.d.ts').LineTotal} LineTotal */
/** @typedef {import('../lib/payloads.d.ts').LineTerm} LineTerm */

function part(text, role, strong) {
  const node = document.createElement('span'), inner = document.createElement(strong ? 'b' : 'span');
  inner.textContent = text;
  if (role) inner.style.color = `var(--role-${role.replace('_', '-')}, inherit)`;
  node.append(inner);
  return node;
}

/** total = term + term + …, of which a sign is never parted from its term. @param {Total | LineTotal} total @param {Array<Term | LineTerm>} terms @param {boolean} strong */
function sum(total, terms, strong) {
  return [part(`${total.label} ${total.text}`, null, strong), ...terms.map((term, i) => {
    const node = part(`${term.label} ${term.text.startsWith('−') ? `(${term.text})` : term.text}`, term.role, strong);
    node.prepend(i ? '+ ' : '= ');
    return node;
  })];
}

export function mount({element, props}) {
  const equation = element.querySelector('.terms-equation'), bar = element.querySelector('.terms-bar'), axis = element.querySelector('.terms-axis');
  const zero = element.querySelector('.terms-zero'), empty = element.querySelector('.pg-empty'), stepLabel = element.querySelector('.pg-step');
  const note = element.querySelector('.pg-note'), lines = element.querySelector('.terms-lines');

  let drawn = 0, scale = null, run = null;                         // {lo, hi} of the bar, changed only when it must be

  /* The scale fits both ends of the stack; it grows at once and shrinks only when the bar fills less than a third. */
  function rescale(low, high) {
    const fits = scale && low >= scale.lo && high <= scale.hi && (high - low) > (scale.hi - scale.lo) / 3;
    if (!fits) scale = {lo: low < 0 ? -roundUp(-low) : 0, hi: roundUp(high) || (low < 0 ? 0 : 1)};
  }

  /** @param {Terms} payload */
  function drawEquation(payload) {
    equation.replaceChildren(...sum(payload.total, payload.terms, true));
    if (payload.bits) {
      const bits = part(`${payload.bits} bits per dimension (unmodelled: ${payload.raw_bits})`);
      bits.className = 'terms-bits';
      equation.append(bits);
    }
  }

  /** @param {Terms} payload */
  function drawLines(payload) {
    if (!lines) return;
    lines.replaceChildren(...(payload.lines || []).map(line => {
      const node = document.createElement('div'), title = document.createElement('i'), note = document.createElement('em');
      title.textContent = line.title;
      note.textContent = line.note;
      node.append(title, ...(line.terms.length ? sum(line.total, line.terms, false) : []), note);
      return node;
    }));
  }

  /** @param {Terms} payload */
  function drawBar(payload) {
    const parts = payload.terms.map(term => ({value: term.value || 0, colour: roleVar(term.role), title: `${term.label} ${term.text} ${payload.unit}`})), ends = stacked(parts.map(part => part.value)).flat();
    rescale(Math.min(0, ...ends), Math.max(0, ...ends));
    const at = value => percent(value, [scale.lo, scale.hi]);
    stack(bar, parts, [scale.lo, scale.hi]);
    zero.style.clipPath = `inset(0 calc(${100 - at(0)}% - 1px) 0 ${at(0)}%)`;
    const ticks = scale.lo < 0 && scale.hi > 0 ? [scale.lo, 0, scale.hi] : [scale.lo, (scale.lo + scale.hi) / 2, scale.hi];
    axis.replaceChildren(...ticks.map((tick, i) => {
      const node = document.createElement('span');
      node.textContent = significant(tick, 4);
      node.style.left = `${at(tick)}%`;
      if (i === 0) node.style.transform = 'none';
      if (i === ticks.length - 1) node.style.transform = 'translateX(-100%)';
      return node;
    }));
    bar.setAttribute('aria-label', `${payload.total.label} ${payload.total.text}: ${payload.terms.map(t => `${t.label} ${t.text}`).join(', ')} ${payload.unit}`);
  }

  /** @param {Terms | null} payload */
  function draw(payload, frame) {
    empty.hidden = Boolean(payload);
    stepLabel.textContent = stepText(payload);
    note.textContent = payload ? `in ${payload.unit}` : '';
    if (frame && frame.run !== run) { run = frame.run; scale = null; }
    if (!payload) { if (lines) lines.replaceChildren(); return; }
    const now = performance.now();
    bar.classList.toggle('terms-glide', now - drawn > 400);   // a transition that never ends would repaint the page 60 times a second
    drawn = now;
    drawEquation(payload);
    drawLines(payload);
    drawBar(payload);
    bar.dataset.drawn = (Number(bar.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: [props.view], draw, interval: 200});
}
