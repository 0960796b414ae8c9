/* Samples between noise and data on a canvas. Payloads: playground/views/positions.py. */
import {isClosed} from '../../ui/lib/own_data.js';
import {context2d} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {fixed, stepText} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {dots, viewport} from '../../ui/lib/plane.js';
import {playText, player} from '../../ui/lib/player.js';
import {classColours, cssVar, isDark} from '../../ui/lib/theme.js';
import {fieldBehind} from './particles_field.js';

const SECONDS = 2.5, TRAIL = 0.12;                   // from noise to data; how much of the way a trail shows
const on = button => button.getAttribute('aria-pressed') === 'true';

/* Positions at `at` (0..1) along the way, linear between the two stored frames around it. */
function positions(decoded, payload, at) {
  const n = payload.n, exact = at * (payload.T - 1), k = Math.min(Math.floor(exact), Math.max(0, payload.T - 2)), part = exact - k;
  const next = Math.min(k + 1, payload.T - 1), x = new Float32Array(n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const a = k * n + i, b = next * n + i;
    x[i] = decoded.x[a] + part * (decoded.x[b] - decoded.x[a]);
    y[i] = decoded.y[a] + part * (decoded.y[b] - decoded.y[a]);
  }
  return {x, y, t: payload.times[k] + part * (payload.times[next] - payload.times[k])};
}

/* Samples of a conditional model in the colours of their classes. */
function drawSamples(context, payload, now, eye, colour) {
  if (!payload.labels) { dots(context, now.x, now.y, eye, 2, colour, 0.7); return; }
  const labels = decode.u8(payload.labels), colours = classColours();
  for (let c = 0; c < 10; c++) {
    const mine = Array.from(labels.keys()).filter(i => labels[i] % 10 === c);
    if (mine.length) dots(context, mine.map(i => now.x[i]), mine.map(i => now.y[i]), eye, 2, colours[c], 0.8);
  }
}

/** @typedef {import('../../ui/lib/payloads.d.ts').Particles} Particles */
/** @typedef {import('../../ui/lib/payloads.d.ts').ParticlesStatic} ParticlesStatic */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const canvas = $('canvas'), body = $('.pg-body'), empty = $('.pg-empty'), slider = $('input'), time = $('.particles-time');
  const play = $('.particles-play'), trails = $('.particles-trails'), paths = $('.particles-paths'), stepLabel = $('.pg-step');
  const back = $('.particles-back'), ahead = $('.particles-ahead');
  let decoded = null, source = null, data = null, dataSource = null, backdrop = {key: ''}, ways = {}, run = null;

  function take(payload) {
    if (payload === source) return;
    source = payload;
    decoded = payload && decode.q16(payload.frames, payload.lo, payload.hi);
  }

  /* The data does not move: drawn once for a size, a view and a theme, then copied. */
  function drawData(context, still, eye, width, height) {
    if (!still) return;
    if (still !== dataSource) { dataSource = still; data = decode.q16(still.data, still.lo, still.hi); backdrop.key = ''; }
    const key = `${eye.key},${isDark()},${window.devicePixelRatio}`;
    if (backdrop.key !== key) {
      const sheet = document.createElement('canvas');
      dots(context2d(sheet, width, height), data.x, data.y, eye, 2, cssVar('--role-data'), 0.42);
      backdrop = {key, sheet};
    }
    context.drawImage(backdrop.sheet, 0, 0, width, height);
  }

  /** @param {CanvasRenderingContext2D} context @param {Particles} payload */
  function drawTrails(context, payload, eye, now, colour) {
    const from = positions(decoded, payload, Math.max(0, way.at() - TRAIL)), middle = positions(decoded, payload, Math.max(0, way.at() - TRAIL / 2));
    context.strokeStyle = colour;
    context.globalAlpha = 0.35;
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 0; i < now.x.length; i++) {
      if (now.x[i] !== now.x[i] || from.x[i] !== from.x[i]) continue;
      context.moveTo(eye.x(from.x[i]), eye.y(from.y[i]));
      context.lineTo(eye.x(middle.x[i]), eye.y(middle.y[i]));
      context.lineTo(eye.x(now.x[i]), eye.y(now.y[i]));
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /* The whole way of every sample, drawn once for a payload, a view and a theme. */
  function drawPaths(context, payload, eye, width, height, colour) {
    const key = `${eye.key},${isDark()},${window.devicePixelRatio}`;
    if (ways.payload !== payload || ways.key !== key) {
      const sheet = document.createElement('canvas'), pen = context2d(sheet, width, height), {n, T} = payload;
      pen.strokeStyle = colour;
      pen.globalAlpha = 0.22;
      pen.lineWidth = 0.8;
      pen.beginPath();
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < T; k++) pen[k ? 'lineTo' : 'moveTo'](eye.x(decoded.x[k * n + i]), eye.y(decoded.y[k * n + i]));
      }
      pen.stroke();
      ways = {payload, key, sheet};
    }
    context.drawImage(ways.sheet, 0, 0, width, height);
  }

  /** @param {Particles | null} payload */
  function draw(payload, frame, why, payloads) {
    const any = Boolean(payload && payload.n && payload.T);
    empty.hidden = any;
    [slider, play, trails, paths, back, ahead].forEach(node => { node.disabled = !any; });
    stepLabel.textContent = any ? stepText(payload) : '';
    field.enable(any);
    if ((frame && frame.run) !== run) { run = frame && frame.run; field.forget(); }
    if (!any) { time.textContent = 't = –'; field.want({run: null}); return; }
    take(payload);
    const width = body.clientWidth, height = body.clientHeight, eye = viewport(payload.view || payload, width, height);
    const context = context2d(canvas, width, height), colour = cssVar('--role-samples');
    context.clearRect(0, 0, width, height);
    drawData(context, payloads[1], eye, width, height);
    const now = positions(decoded, payload, way.at());
    field.draw(context, eye);
    if (on(paths)) drawPaths(context, payload, eye, width, height, colour);
    if (on(trails)) drawTrails(context, payload, eye, now, colour);
    drawSamples(context, payload, now, eye, colour);
    if (why !== 'answer') field.want({t: now.t, run, step: payload.step, extent: eye.extent, closed: Boolean(frame.config && isClosed(frame.config.dataset))});
    time.textContent = `t = ${fixed(now.t)}`;
    slider.value = String(Math.round(1000 * (1 - way.at())));
    slider.setAttribute('aria-valuetext', time.textContent);
    body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
  }

  const field = fieldBehind({element, server, tab: props.tab, redraw: () => view.redraw('answer')});
  const view = live({element, tab: props.tab, views: [props.view, `${props.view}_static`], draw});

  /* The way begins with noise, 0, and ends with data, 1: the place is kept when new samples come. */
  const way = player({seconds: SECONDS, fps: 30, show: () => view.redraw(), paint: playing => { play.textContent = playText(playing); },
                      alive: () => element.isConnected, steps: () => source.T - 1});

  play.addEventListener('click', way.toggle);
  slider.addEventListener('input', () => way.to(1 - Number(slider.value) / 1000));
  /* One sampling step towards noise (-1) or data (1). */
  const step = jump => { if (source) way.step(jump); };
  back.addEventListener('click', () => step(-1));
  ahead.addEventListener('click', () => step(1));
  slider.addEventListener('keydown', event => {        // arrows: one sampling step; space: play
    const jump = {ArrowLeft: 1, ArrowDown: 1, ArrowRight: -1, ArrowUp: -1}[event.key];
    if (!jump && event.key !== ' ') return;
    event.preventDefault();
    if (jump) step(jump); else if (source) way.toggle();
  });
  [trails, paths].forEach(button => button.addEventListener('click', () => {
    button.setAttribute('aria-pressed', String(!on(button)));
    view.redraw();
  }));
}
