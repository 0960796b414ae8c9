/* The charts of the forward process: a line a schedule over t, drawn once; a cursor at t above it. */
import {context2d} from '../../ui/lib/canvas.js';
import {shortNumber} from '../../ui/lib/format.js';
import {canvasFont, cssVar, isDark} from '../../ui/lib/theme.js';
import {SHOW, read} from './numbers.js';

/* Range, ticks, the lines of a schedule as [values, dash], and what is said of its numbers. */
export const CHARTS = {
  coefficients: {lo: 0, hi: 1.2, ticks: [0, 0.5, 1], lines: s => [[s.alpha, []], [s.sigma, [5, 4]]], show: f => `α ${SHOW.alpha(f.alpha)}, σ ${SHOW.sigma(f.sigma)}`},
  log_snr: {lo: -14, hi: 14, ticks: [-10, 0, 10], lines: s => [[s.log_snr, []]], show: f => SHOW.log_snr(f.log_snr)},
  signal: {lo: 0, hi: 1.05, ticks: [0, 0.5, 1], lines: s => [[s.signal, []]], show: f => `${SHOW.signal(f.signal)}, ≤ ${SHOW.bits(f.bits)} bits per dimension`},
};
const MARGIN = {left: 30, right: 6, top: 6, bottom: 18}, HEIGHT = 130, KEPT = 12;
const across = (t, width) => MARGIN.left + t * (width - MARGIN.left - MARGIN.right);

/* The time under a pointer. */
export function timeAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right)));
}

function line(context, places) {
  context.beginPath();
  places.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

/* `draw(figure, source, chosen, t)`: the chart of a figure for the schedules of `source`, the one named `chosen` thicker. */
export function chartDrawer() {
  let backdrops = new Map();

  function lines(context, name, source, chosen, width, y) {
    context.save();
    context.beginPath();
    context.rect(MARGIN.left, 0, width - MARGIN.left, HEIGHT - MARGIN.bottom);
    context.clip();
    source.schedules.forEach((schedule, i) => CHARTS[name].lines(schedule).forEach(([values, dash]) => {
      context.strokeStyle = cssVar(`--class-${i}`);
      context.lineWidth = schedule.name === chosen ? 3 : 1.5;
      context.setLineDash(dash);
      line(context, Array.from(values, (v, k) => [across(k / (values.length - 1), width), y(v)]));
    }));
    context.restore();
  }

  function backdrop(name, source, chosen, width) {
    const key = [name, width, isDark(), window.devicePixelRatio, source.dataset, chosen].join();
    if (backdrops.has(key)) return backdrops.get(key);
    const sheet = document.createElement('canvas'), context = context2d(sheet, width, HEIGHT), {lo, hi, ticks} = CHARTS[name];
    const y = v => HEIGHT - MARGIN.bottom - (v - lo) / (hi - lo) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    context.font = canvasFont();
    context.fillStyle = cssVar('--soft-text');
    context.strokeStyle = cssVar('--border-color-primary');
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    ticks.forEach(v => { context.fillText(shortNumber(v), MARGIN.left - 5, y(v)); line(context, [[MARGIN.left, y(v)], [width - MARGIN.right, y(v)]]); });
    context.textAlign = 'center';
    [0, 0.5, 1].forEach(v => context.fillText(v === 0 ? 't = 0' : String(v), Math.min(width - 8, across(v, width)), HEIGHT - 7));
    lines(context, name, source, chosen, width, y);
    if (backdrops.size > KEPT) backdrops = new Map();
    backdrops.set(key, {sheet, y});
    return backdrops.get(key);
  }

  return (figure, source, chosen, t) => {
    const name = figure.dataset.chart, width = figure.clientWidth, {sheet, y} = backdrop(name, source, chosen, width), {lo, hi} = CHARTS[name];
    const context = context2d(figure.querySelector('canvas'), width, HEIGHT), x = across(t, width);
    context.clearRect(0, 0, width, HEIGHT);
    context.drawImage(sheet, 0, 0, width, HEIGHT);
    context.strokeStyle = context.fillStyle = cssVar('--body-text-color');
    context.lineWidth = 1;
    line(context, [[x, MARGIN.top], [x, HEIGHT - MARGIN.bottom]]);
    source.schedules.forEach((schedule, i) => CHARTS[name].lines(schedule).forEach(([values]) => {
      const v = read(values, t);
      if (v < lo || v > hi) return;
      context.fillStyle = cssVar(`--class-${i}`);
      context.beginPath();
      context.arc(x, y(v), 3.2, 0, 6.2832);
      context.fill();
    }));
  };
}
