/* Payload: shape.py. */
import {fill, track} from '../../ui/lib/bars.js';
import {decode} from '../../ui/lib/codec.js';
import {digits, fixed, thousands} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html} from '../../ui/lib/svg.js';
import {cssVar, roleColour, roleVar} from '../../ui/lib/theme.js';
import {CONFIG, axis, layout, legend, plotlyOr, purge} from '../../ui/lib/plotly.js';

const places = error => Math.max(0, Math.min(4, error > 0 ? 1 - Math.floor(Math.log10(error)) : 3));

/** @typedef {import('../../ui/lib/payloads.d.ts').Likelihood} Likelihood */

export function mount({element, props}) {
  const $ = selector => element.querySelector(selector);
  const rows = $('.likelihood-rows'), plot = $('.likelihood-plot'), empty = $('.pg-empty'), message = $('.likelihood-message'), note = $('.pg-note');
  const number = (value, error, unit) => (value == null ? '' : `${fixed(value, places(error))} ± ${fixed(error || 0, places(error))} ${unit}`);

  /** Means with two standard errors to each side, on one axis that grows when it must. @param {Likelihood} payload */
  function drawRows(payload) {
    const known = payload.rows.filter(row => row.nats != null);
    if (!known.length) return;
    const lo = Math.min(...known.map(row => row.nats - 2 * (row.nats_se || 0))), hi = Math.max(...known.map(row => row.nats + 2 * (row.nats_se || 0)));
    const room = 0.12 * Math.max(hi - lo, 1e-3), scale = [lo - room, hi + room];
    const nodes = known.map(row => {
      const nats = number(row.nats, row.nats_se, 'nats'), bar = fill(track({dot: true}), {value: row.nats, error: 2 * (row.nats_se || 0), colour: roleVar(row.role)}, scale);
      bar.title = `${row.label}: ${nats}; the line is ± 2 standard errors`;
      bar.style.color = roleVar(row.role);
      const more = row.bits != null ? number(row.bits, row.bits_se, 'bits/dim')
        : row.difference != null && row.name !== 'true' ? `${row.difference > 0 ? '+' : ''}${number(row.difference, row.difference_se, 'to the truth')}` : '';
      return html('div', 'likelihood-row', html('span', '', row.label), html('span', '', html('b', '', nats), html('small', '', more)), bar);
    });
    const ends = [digits(scale[0]), 'nats per example, higher is better', digits(scale[1])];
    rows.replaceChildren(...nodes, html('div', 'likelihood-axis', ...ends.map(text => html('span', '', text))));
  }

  /** @param {Likelihood} payload */
  function drawPlot(payload) {
    const P = plotlyOr(() => view.redraw());
    if (!P) return;
    const each = Object.fromEntries(Object.entries(payload.each).map(([name, text]) => [name, decode.f32(text)]));
    const against = each.true ? 'true' : 'ode', others = (each.true ? ['ode', 'bound'] : ['bound']).filter(name => each[name]);
    const titles = {true: 'true log p(x)', ode: 'log p(x) by the ODE', bound: 'bound'};
    const x = each[against], lo = x.reduce((a, b) => Math.min(a, b), Infinity), hi = x.reduce((a, b) => Math.max(a, b), -Infinity);
    const traces = [{type: 'scatter', mode: 'lines', x: [lo, hi], y: [lo, hi], line: {color: cssVar('--soft-text'), width: 1, dash: 'dot'}, hoverinfo: 'skip', showlegend: false},
      ...others.map(name => ({type: 'scatter', mode: 'markers', name: titles[name], x, y: each[name], marker: {size: 4, opacity: 0.65, color: roleColour(name === 'ode' ? 'posterior' : 'prior')},
        hovertemplate: `${titles[against]} %{x:.2f}, ${titles[name]} %{y:.2f} nats<extra></extra>`}))];
    P.react(plot, traces, layout(plot, {
      uirevision: 'each', margin: {l: 44, r: 6, t: 22, b: 36}, legend: legend(), xaxis: axis(`${titles[against]}, nats`), yaxis: axis('nats'),
    }), CONFIG);
  }

  /** The two are of two samplers of one network: no inequality holds between them (Song et al. 2021, Maximum likelihood training; Lu et al. 2022).
      @param {Likelihood} payload */
  function sentences(payload) {
    const images = payload.rows.some(row => row.bits != null);
    return ['One dot per example, on the dotted line where both agree. The flow carries noise to data one to one, so that the density of the noise gives log p(x), with the volume that the flow gains on the way.',
      images ? 'Pixels are whole numbers, and are made continuous by uniform noise first: what the ODE tells of images is therefore itself a lower bound, on average.' : '',
      'The variational bound costs no ODE. It bounds log p(x) of another sampler of the same network, the one that adds noise (the reverse SDE): it may lie on either side of the ODE’s value.',
      'Both are of the network as it is, unclipped; samples are drawn with x₀ kept within the range of the data at every step, so they are not quite draws from this density.'].filter(Boolean).join(' ');
  }

  /** @param {Likelihood | null} payload */
  function draw(payload) {
    const any = Boolean(payload && payload.n);
    empty.hidden = any;
    $('.likelihood-body').hidden = !any;
    note.textContent = any ? `${thousands(payload.n)} examples, mean ± standard error` : '';
    message.textContent = any ? [sentences(payload), payload.unit].filter(Boolean).join(' ') : '';
    if (!any) { purge(plot); return; }
    drawRows(payload);
    drawPlot(payload);
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  const view = live({element, tab: props.tab, views: ['likelihood'], draw, interval: 300});
}
