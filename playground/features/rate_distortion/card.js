/* Runs on the rate-distortion plane, with lines of equal -ELBO = rate + distortion. Payload: shape.py; earlier
   runs come from lib/rates.js. */
import {decode} from '../../ui/lib/codec.js';
import {fixed, shortNumber, significant, stepText, thousands} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html, niceTicks} from '../../ui/lib/svg.js';
import {classColours, cssVar, isDark, roleColour} from '../../ui/lib/theme.js';
import {CONFIG, axis, layout, plotlyOr, purge} from '../../ui/lib/plotly.js';
import * as rates from '../../ui/lib/rates.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').Rate} Rate */

/** @param {[string, Rate]} entry */
const decoded = ([run, rate]) => ({run, label: rate.label, comparable: rate.comparable, marker: rate.marker, steps: decode.f32(rate.steps), rate: decode.f32(rate.rate),
                                   distortion: decode.f32(rate.distortion), weight: rate.weight ? decode.f32(rate.weight) : null});

/** @typedef {ReturnType<typeof decoded>} Run */

/* The first readings of a training are far off: the axes show where the runs end, and the better half of the way there. */
function extent(runs) {
  const x = [], y = [];
  for (const r of runs) {
    const total = Array.from(r.rate, (rate, i) => rate + r.distortion[i]), ranked = [...total].filter(isFinite).sort((a, b) => a - b), limit = ranked[Math.floor(0.7 * (ranked.length - 1))];
    total.forEach((sum, i) => { if (sum <= limit || i === total.length - 1) { x.push(r.rate[i]); y.push(r.distortion[i]); } });
  }
  const wide = Math.max(0.5, ...x), low = Math.min(...y), high = Math.max(...y), tall = Math.max(high - low, 0.4 * wide, 1e-3);
  return {x: [-0.03 * wide, 1.1 * wide], y: [low - 0.2 * tall, high + 0.2 * tall]};
}

/* Lines of equal -ELBO across what is shown. */
function equalBounds({x, y}) {
  const lo = Math.max(0, x[0]) + y[0], hi = x[1] + y[1];
  return niceTicks(lo, hi, 8).map(level => ({type: 'scatter', mode: 'lines', x: [Math.max(0, level - y[1]), Math.min(x[1], level - y[0])], y: [Math.min(y[1], level), Math.max(y[0], level - x[1])],
    opacity: 0.55, line: {color: cssVar('--soft-text'), width: 1, dash: 'dot'}, hoverinfo: 'skip', showlegend: false, level})).filter(line => line.x[1] - line.x[0] > 0.2 * (x[1] - x[0]));
}

export function mount({element, props}) {
  const $ = selector => element.querySelector(selector);
  const plot = $('.rate-plot'), empty = $('.pg-empty'), note = $('.pg-note'), stepLabel = $('.pg-step'), forget = $('.rate-forget');
  const legend = $('.rate-legend'), message = $('.rate-message'), hidden = new Set();

  let current = null;
  const colourOf = new Map();                                     // a run keeps its colour

  function colour(run) {
    if (!colourOf.has(run)) colourOf.set(run, colourOf.size % 10);
    return classColours()[colourOf.get(run)];
  }

  /** @param {Run} run */
  const hovered = run => Array.from(run.rate, (rate, i) => `step ${thousands(run.steps[i])}<br>rate ${fixed(rate)} + distortion ${fixed(run.distortion[i])} = −ELBO ${fixed(rate + run.distortion[i])} nats`
    + (run.weight && run.weight.length === run.rate.length ? `<br>weight of the KL then: ${significant(run.weight[i], 3)}` : ''));

  /** @param {Array<Run>} runs */
  function traces(runs) {
    return runs.filter(r => !hidden.has(r.run)).flatMap(r => {
      const last = r.rate.length - 1, tint = colour(r.run), now = r.run === current, text = hovered(r);
      const at = r.marker == null ? last : Math.max(0, r.steps.findLastIndex(step => step <= r.marker));
      return [
        {type: 'scatter', mode: 'lines+markers', x: r.rate, y: r.distortion, text, hovertemplate: `%{text}<extra>${r.label}</extra>`, line: {color: tint, width: now ? 2.2 : 1.2}, marker: {color: tint, size: now ? 5 : 4}, opacity: now ? 1 : 0.75},
        {type: 'scatter', mode: 'markers', x: [r.rate[at]], y: [r.distortion[at]], text: [text[at]], hovertemplate: `%{text}<extra>${r.label}</extra>`, marker: {color: tint, size: now ? 14 : 10, line: {color: cssVar('--block-background-fill'), width: 2}}},
      ];
    });
  }

  function look(range, lines, names) {
    const soft = cssVar('--soft-text'), of = role => ({colour: roleColour(role), standoff: 6, zeroline: true, zerolinecolor: cssVar('--border-color-primary')});
    return layout(plot, {
      uirevision: names, margin: {l: 52, r: 10, t: 8, b: 44}, showlegend: false, hovermode: 'closest',
      xaxis: axis('rate: KL(q(z|x) ‖ p(z)), nats', {...of('kl'), range: range.x}), yaxis: axis('distortion: reconstruction, nats', {...of('reconstruction'), range: range.y}),
      annotations: lines.map(({x, y, level}) => ({x: x[1], y: y[1], text: `−ELBO ${shortNumber(level)}`, showarrow: false, font: {color: soft}, xanchor: 'right', yanchor: 'bottom'})),
    });
  }

  function drawLegend(runs) {
    const now = JSON.stringify([runs.map(r => [r.run, r.label]), [...hidden], current, isDark()]);
    if (legend.dataset.key === now) return;
    legend.dataset.key = now;
    const focused = [...legend.children].indexOf(document.activeElement);
    legend.replaceChildren(...runs.map(r => {
      const dot = html('i'), button = html('button', '', dot, r.run === current ? `${r.label} (this run)` : r.label);
      button.type = 'button';
      button.setAttribute('aria-pressed', String(!hidden.has(r.run)));
      dot.style.background = colour(r.run);
      button.addEventListener('click', () => { if (!hidden.delete(r.run)) hidden.add(r.run); view.redraw(); });
      return button;
    }));
    if (focused >= 0 && legend.children[focused]) legend.children[focused].focus();
  }

  /** @param {Rate | null} payload */
  function draw(payload, frame) {
    const kept = rates.runs();
    current = payload ? frame.run : Object.keys(kept).pop() || null;
    if (payload) kept[frame.run] = payload;
    const newest = payload || kept[current];
    const all = Object.entries(kept).map(decoded).filter(r => r.rate.length), runs = all.filter(r => newest && r.comparable === newest.comparable), others = all.length - runs.length;
    empty.hidden = runs.length > 0;
    forget.disabled = all.length < 2;
    stepLabel.textContent = payload ? stepText({step: payload.marker ?? runs.find(r => r.run === current)?.steps.at(-1)}) : '';
    note.textContent = newest ? newest.comparable : '';
    message.textContent = (others ? `${others} other ${others === 1 ? 'run is' : 'runs are'} of other data or another likelihood: their nats cannot be compared with these. ` : '')
      + (runs.length ? 'Dotted: equal −ELBO. Down and to the left is better.' : '');
    if (!runs.length) { purge(plot); legend.replaceChildren(); delete legend.dataset.key; return; }
    [...colourOf.keys()].forEach(run => { if (!kept[run]) colourOf.delete(run); });
    const P = plotlyOr(() => view.redraw());
    if (!P) return;
    const range = extent(runs.filter(r => !hidden.has(r.run)).length ? runs.filter(r => !hidden.has(r.run)) : runs), lines = equalBounds(range);
    P.react(plot, [...lines.map(({level, ...line}) => line), ...traces(runs)], look(range, lines, `${current}|${newest.comparable}`), CONFIG);
    drawLegend(runs);
    plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
    plot.dataset.runs = runs.length;
  }
  const view = live({element, tab: props.tab, views: ['rate'], draw, interval: 500});

  forget.addEventListener('click', () => { rates.forget(current); hidden.clear(); view.redraw(); });
}
