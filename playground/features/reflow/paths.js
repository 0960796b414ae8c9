/* Lines from noise to data on a canvas. Payload: `ReflowPaths` of shape.py. */
import {context2d} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {live} from '../../ui/lib/live.js';
import {cssVar} from '../../ui/lib/theme.js';

const COLOURS = {before: '--class-3', after: '--role-samples'};

/** @typedef {import('../../ui/lib/payloads.d.ts').ReflowPaths} ReflowPaths */

/** @param {CanvasRenderingContext2D} context @param {{x: Float32Array, y: Float32Array}} place @param {ReflowPaths} payload @param {string} colour */
function lines(context, place, payload, colour) {
  const {T, n} = payload;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.1;
  context.globalAlpha = 0.6;
  context.beginPath();
  for (let i = 0; i < n; i++) for (let k = 0; k < T; k++) context[k ? 'lineTo' : 'moveTo'](place.x[k * n + i], place.y[k * n + i]);
  context.stroke();
  context.globalAlpha = 0.95;
  context.beginPath();
  for (let j = (T - 1) * n; j < T * n; j++) { context.moveTo(place.x[j] + 2.2, place.y[j]); context.arc(place.x[j], place.y[j], 2.2, 0, 6.2832); }
  context.fill();
  context.globalAlpha = 1;
}

export function mount({element, props}) {
  const canvas = element.querySelector('canvas'), body = element.querySelector('.pg-body');
  const empty = element.querySelector('.pg-empty'), switches = [...element.querySelectorAll('.reflow-switch')];

  /** @param {ReflowPaths | null} payload */
  function draw(payload) {
    empty.hidden = Boolean(payload);
    switches.forEach(node => { node.disabled = !payload || !payload[node.dataset.paths]; });
    if (!payload) return;
    const width = body.clientWidth, height = body.clientHeight, {lo, hi} = payload.view;
    const scale = Math.min(width / (hi[0] - lo[0]), height / (hi[1] - lo[1])), context = context2d(canvas, width, height);
    const placed = text => {
      const {x, y} = decode.q16(text, payload.lo, payload.hi);
      return {x: x.map(v => width / 2 + (v - (lo[0] + hi[0]) / 2) * scale), y: y.map(v => height / 2 - (v - (lo[1] + hi[1]) / 2) * scale)};
    };
    context.clearRect(0, 0, width, height);
    const data = placed(payload.data);
    context.fillStyle = cssVar('--role-data');
    context.globalAlpha = 0.35;
    data.x.forEach((x, i) => context.fillRect(x - 1, data.y[i] - 1, 2, 2));
    context.globalAlpha = 1;
    switches.forEach(node => {
      const name = node.dataset.paths;
      if (node.getAttribute('aria-pressed') === 'true' && payload[name]) lines(context, placed(payload[name]), payload, cssVar(COLOURS[name]));
    });
    body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
  }
  const view = live({element, tab: props.tab, views: ['reflow_paths'], draw, interval: 100});

  switches.forEach(node => node.addEventListener('click', () => {
    node.setAttribute('aria-pressed', String(node.getAttribute('aria-pressed') !== 'true'));
    view.redraw();
  }));
}
