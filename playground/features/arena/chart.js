/* A distance to real data against evaluations of the network, with the spread over seeds and the floor. */
import {CONFIG, axis, layout, legend, plotlyOr, purge} from '../../ui/lib/plotly.js';
import {cssVar} from '../../ui/lib/theme.js';
import {colour, seconds, turn} from './common.js';
import {MEASURES, measuresOf} from './measures.js';

const DASHES = ['solid', 'dot', 'dash'], SYMBOLS = ['circle', 'square', 'diamond'];

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */
/** @typedef {import('./measures.js').Measure} Measure */

/* A logarithmic axis has no zero, and an unbiased distance may be below it: such readings stand, hollow, at `least`. */
const BOTTOM = 0.7;                                   // where the axis ends, in units of `least`

/** @param {Arena} payload @param {Measure} measure @param {boolean} isLog */
function traces(payload, measure, isLog) {
  const low = measure.least(measure.real(payload)), {of} = measure;
  return payload.schedulers.map(entry => {
    const rows = payload.rows.filter(row => row.name === entry.name && of(row).mean != null), hue = colour(payload, entry.name), k = turn(payload, entry.name);
    const sunk = row => isLog && of(row).mean < low;
    return {
      type: 'scatter', mode: 'lines+markers', name: entry.title, x: rows.map(row => row.nfe), y: rows.map(row => (sunk(row) ? low : of(row).mean)),
      error_y: {type: 'data', symmetric: false, array: rows.map(row => Math.max(0, of(row).mean + (of(row).std || 0) - (sunk(row) ? low : of(row).mean))),
                arrayminus: rows.map(row => (sunk(row) ? 0 : isLog ? Math.min(of(row).std || 0, of(row).mean - BOTTOM * low) : of(row).std || 0)), color: hue, thickness: 1.2, width: 3},
      line: {color: hue, width: 2, dash: DASHES[k]},
      marker: {size: 8, color: hue, symbol: rows.map(row => SYMBOLS[k] + (sunk(row) ? '-open' : ''))},
      text: rows.map(row => `${entry.title}<br>${row.nfe} evaluations (${row.steps} steps)<br>${measure.text(of(row).mean, of(row).std)}, ${row.n} seeds<br>${seconds(row.seconds_mean)} for ${payload.n_samples} samples`),
      hovertemplate: '%{text}<extra></extra>',
    };
  });
}

/** @param {Arena} payload @param {HTMLElement} plot @param {Measure} measure @param {boolean} isLog */
function look(payload, plot, measure, isLog) {
  const {mean, std} = measure.real(payload), low = measure.least({mean, std, n: 1});
  const narrow = plot.clientWidth < 520, named = payload.schedulers.length <= 12;   // more names than that would take the chart's place: the table has them
  const data = cssVar('--role-data');
  const values = payload.rows.map(measure.of).filter(found => found.mean != null).map(found => found.mean + (found.std || 0)), top = Math.max(low * 10, ...values) * 1.4;
  const at = value => (isLog ? Math.max(value, low * 0.75) : value);
  const band = mean == null ? [] : [
    {type: 'rect', xref: 'paper', x0: 0, x1: 1, y0: at(mean - (std || 0)), y1: at(mean + (std || 0)), fillcolor: data, opacity: 0.22, line: {width: 0}, layer: 'below'},
    {type: 'line', xref: 'paper', x0: 0, x1: 1, y0: at(mean), y1: at(mean), line: {color: data, width: 1.5, dash: 'dash'}, layer: 'below'},
  ];
  return layout(plot, {
    uirevision: `${measure.title} ${isLog}`, margin: {l: 56, r: 10, t: 6, b: !named ? 44 : narrow ? 110 : 84}, showlegend: named, legend: legend({y: narrow ? -0.2 : -0.16, yanchor: 'top'}),
    xaxis: axis('evaluations of the network (NFE)', {type: 'log', tickvals: [...new Set(payload.evaluations)],
                                                     range: [Math.log10(Math.min(...payload.evaluations) * 0.85), Math.log10(Math.max(...payload.evaluations) * 1.15)]}),
    yaxis: axis(measure === MEASURES.energy ? 'distance to held-out data' : `${measure.title} to training images`, {standoff: 6, type: isLog ? 'log' : 'linear',
                                              ...(isLog ? {range: [Math.log10(low * BOTTOM), Math.log10(top)], dtick: measure === MEASURES.energy ? 1 : 'D2', exponentformat: 'power'} : {rangemode: 'normal'})}),
    shapes: band, hovermode: 'closest',
  });
}

/* `draw(payload)` says whether it is drawn: false while Plotly is on its way. */
export function makeChart(element, redraw) {
  const plot = element.querySelector('.arena-plot'), title = element.querySelector('.arena-chart .pg-title'), note = element.querySelector('.arena-chart .pg-note');
  const logButton = element.querySelector('.arena-log'), measureButton = element.querySelector('.arena-measure');
  let isLog = true, classified = false;
  logButton.addEventListener('click', () => { isLog = !isLog; redraw(); });
  measureButton.addEventListener('click', () => { classified = !classified; redraw(); });

  return {
    enable(on) { logButton.disabled = !on; },
    clear() { purge(plot); },
    /** @param {Arena} payload */
    draw(payload) {
      const measures = measuresOf(payload), measure = (classified && measures[1]) || measures[0], P = plotlyOr(redraw), {mean, std} = measure.real(payload);
      const low = measure.least(measure.real(payload)), sunk = isLog && payload.rows.map(measure.of).some(found => found.mean != null && found.mean < low);
      measureButton.hidden = !measures[1];
      measureButton.setAttribute('aria-pressed', String(measure === measures[1]));
      note.textContent = mean == null ? '' : `- - real against real: ${measure.text(mean, std)}${sunk ? '; hollow: smaller than the axis shows' : ''}`;
      title.textContent = `Quality against evaluations; time grid: ${payload.time_grid}`;
      logButton.setAttribute('aria-pressed', String(isLog));
      if (!P) return false;
      P.react(plot, traces(payload, measure, isLog), look(payload, plot, measure, isLog), CONFIG);
      plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
      return true;
    },
  };
}
