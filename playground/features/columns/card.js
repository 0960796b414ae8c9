/* Rows of a table as lines across parallel axes, one a column: grey the held-out ones, in colour those that the model makes. Payloads: shape.py. */
import {subscribe} from '../../ui/lib/bus.js';
import {context2d} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {digits, stepText} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {isTable} from '../../ui/lib/own_data.js';
import {html} from '../../ui/lib/svg.js';
import {canvasFont, cssVar, roleColour} from '../../ui/lib/theme.js';

const SIDE = 26, TOP = 16, BOTTOM = 30;                     // room at the sides, and for the numbers above and the names below
const NAME = 13;                                            // least pixels that a name needs, on the slant

/** @typedef {import('../../ui/lib/payloads.d.ts').Columns} Columns */
/** @typedef {import('../../ui/lib/payloads.d.ts').ColumnsStatic} ColumnsStatic */

export function mount({element, props}) {
  const $ = selector => element.querySelector(selector), canvas = $('.columns-lines'), words = $('.columns-line'), card = $('.pg-card');
  let still = null, made = null, at = -1;

  const places = width => (j => SIDE + (width - 2 * SIDE) * (still.names.length > 1 ? j / (still.names.length - 1) : 0.5));

  function lines(context, rows, colour, alpha, x, y) {
    const d = still.names.length, values = decode.f32(rows);
    context.strokeStyle = colour;
    context.globalAlpha = alpha;
    for (let i = 0; i < values.length / d; i++) {
      context.beginPath();
      for (let j = 0; j < d; j++) context.lineTo(x(j), y(j, values[i * d + j]));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  function axes(context, width, height, x) {
    const gap = (width - 2 * SIDE) / Math.max(1, still.names.length - 1), every = Math.max(1, Math.ceil(NAME / gap));
    context.font = canvasFont();
    still.names.forEach((name, j) => {
      const chosen = j === at;
      context.strokeStyle = cssVar(chosen ? '--body-text-color' : '--border-color-primary');
      context.lineWidth = chosen ? 2 : 1;
      context.beginPath();
      context.moveTo(x(j), TOP);
      context.lineTo(x(j), height - BOTTOM);
      context.stroke();
      if (!chosen && (j % every || at >= 0)) return;
      context.fillStyle = cssVar(chosen ? '--body-text-color' : '--soft-text');
      context.textAlign = chosen ? (j > still.names.length / 2 ? 'right' : 'left') : 'center';
      if (chosen) { context.fillText(digits(still.hi[j]), x(j), TOP - 5); context.fillText(`${digits(still.lo[j])}  ${name}`, x(j), height - BOTTOM + 13); return; }
      const room = Math.max(1, Math.floor(gap * every / 6));
      context.fillText(name.length > room ? `${name.slice(0, Math.max(1, room - 1))}…` : name, x(j), height - BOTTOM + 13 + 11 * ((j / every) % 2));
    });
    context.lineWidth = 1;
  }

  function say() {
    const key = (role, text) => { const node = html('b', '', text); node.style.color = role; return node; };
    if (!still || !made) { words.replaceChildren(); return; }
    const of = (payload, j) => `${digits(payload.mean[j])} ± ${digits(payload.std[j])}`, colour = roleColour(made.role);
    words.replaceChildren(...(at < 0
      ? [`${still.n} held-out rows (grey) and `, key(colour, `${made.n} ${made.what}`), '. Point at a column for its numbers, mean ± standard deviation.']
      : [html('b', '', still.names[at]), `: held-out ${of(still, at)}, `, key(colour, made.what), ` ${of(made, at)}`]));
  }

  /** @param {Columns | null} payload */
  function draw(payload, frame) {
    still = /** @type {ColumnsStatic | null} */ ((frame && frame.views.columns_static) || null);
    made = payload;
    $('.pg-empty').hidden = Boolean(still && made);
    $('.pg-step').textContent = stepText(payload);
    const {width, height} = canvas.parentElement.getBoundingClientRect(), context = context2d(canvas, width, height);
    context.clearRect(0, 0, width, height);
    say();
    if (!still || !made || width < 60) return;
    const x = places(width), y = (j, value) => TOP + (height - BOTTOM - TOP) * (1 - Math.max(-0.05, Math.min(1.05, (value - still.lo[j]) / (still.hi[j] - still.lo[j]))));
    lines(context, still.rows, cssVar('--soft-text'), Math.max(0.12, 10 / still.n), x, y);
    lines(context, made.rows, roleColour(made.role), Math.max(0.3, 14 / made.n), x, y);
    axes(context, width, height, x);
    canvas.setAttribute('aria-label', `${still.n} held-out rows and ${made.n} ${made.what}, across ${still.names.length} columns`);
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  const view = live({element, tab: props.tab, views: ['columns', 'columns_static'], draw, interval: 200});
  function point(j) {
    if (j === at) return;
    at = j;
    view.redraw();
  }
  canvas.addEventListener('pointermove', event => {
    if (!still) return;
    const {width} = canvas.getBoundingClientRect(), n = still.names.length;
    point(Math.max(0, Math.min(n - 1, Math.round((event.offsetX - SIDE) / (width - 2 * SIDE) * (n - 1)))));
  });
  canvas.addEventListener('pointerleave', () => point(-1));
  canvas.addEventListener('keydown', event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (event.key === 'Escape') point(-1);
    if (!step || !still) return;
    event.preventDefault();
    point(Math.max(0, Math.min(still.names.length - 1, at + step)));
  });

  /* It is there only for runs of a table: before it is, nothing of it can be seen, and `live` waits. */
  subscribe(props.tab, frame => card.classList.toggle('columns-on', Boolean(frame && frame.config && isTable(frame.config.dataset))));
}
