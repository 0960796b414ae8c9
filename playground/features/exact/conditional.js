/* Histograms of the inpainted coordinate over its exact density. Question: conditional. */
import {asker, newest} from '../../ui/lib/asking.js';
import {fixed, thousands} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {CONFIG, axis, layout, legend, plotlyOr, purge} from '../../ui/lib/plotly.js';
import {roleColour} from '../../ui/lib/theme.js';

/* name, array of the answer, role, dash */
const LINES = [['exact p(x₂ | x₁)', 'exact', 'prior', 'solid'], ['inpainted by the exact denoiser', 'repaint', 'noise', 'dot'], ['inpainted by the model', 'model', 'posterior', 'solid']];

/** @typedef {import('../../ui/lib/payloads.d.ts').Conditional} Conditional */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const plot = $('.given-plot'), empty = $('.pg-empty'), message = $('.given-message'), note = $('.pg-note');
  const button = $('.given-ask'), slider = $('input'), at = $('.given-slide output'), turns = $('select'), ask = asker(server, props.tab);
  /** @type {(import('../../ui/lib/asking.js').Answer<Conditional> & {at: number, n: number}) | null} */
  let found = null;
  let frame = null, busy = false, failed = '';

  function drawPlot() {
    const P = plotlyOr(() => view.redraw());
    if (!P) return false;
    const edges = found.edges.data, width = edges[1] - edges[0], x = Array.from(edges.subarray(1), edge => edge - width / 2);
    const traces = LINES.filter(([, key]) => found[key]).map(([name, key, role, dash]) => ({
      type: 'scatter', mode: 'lines', name, x, y: Array.from(found[key].data, share => share / width), fill: key === 'exact' ? 'tozeroy' : 'none',
      line: {color: roleColour(role), width: 2, dash, shape: key === 'exact' ? 'linear' : 'hvh'}, hovertemplate: `x₂ = %{x:.2f}: %{y:.2f}<extra>${name}</extra>`,
    }));
    P.react(plot, traces, layout(plot, {
      uirevision: 'given', margin: {l: 44, r: 8, t: 6, b: 36}, hovermode: 'x', legend: legend(), xaxis: axis('x₂'), yaxis: axis('density', {standoff: 6, rangemode: 'tozero'}),
    }), CONFIG);
    return true;
  }

  function sentence() {
    const how = 'RePaint (Lugmayr et al. 2022) puts the noisy known coordinate back at every step. This is no draw from p(x₂ | x₁), for what is drawn early does not yet know of it';
    if (!found.exact_known) return `${how}. Which distribution would be right is known for the mixture (Data: Eight Gaussians) only.`;
    return `${how}: even with the exact denoiser it is off by ${fixed(found.repaint_distance)}, with the model by ${fixed(found.model_distance)}. These are total variations from the exact distribution, 0 to 1; as many exact draws have ${fixed(found.floor)} by chance.`;
  }

  function draw(payload, newest) {
    if ((newest && newest.run) !== (frame && frame.run)) { found = null; failed = ''; }
    frame = newest;
    const ready = Boolean(payload);
    button.disabled = !ready || busy;
    slider.disabled = turns.disabled = !ready;
    button.textContent = busy ? 'Inpainting…' : found ? 'Inpaint again' : 'Inpaint';
    at.textContent = fixed(Number(slider.value));
    message.classList.toggle('given-wrong', Boolean(failed));
    message.textContent = failed || (found ? sentence() : '');
    note.textContent = found ? `x₁ = ${fixed(found.at)}, ${thousands(found.n)} times` : '';
    mark(element, found ? found.origin : null);
    if (!found) purge(plot);
    empty.hidden = Boolean(found) && drawPlot();
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }
  const view = live({element, tab: props.tab, views: ['particles'], draw, interval: 300});

  /* The newest wish is answered: a slider that was moved meanwhile is asked for afterwards. */
  const request = newest(async () => {
    const known = Number(slider.value), n = 1000, run = frame && frame.run;
    busy = true;
    view.redraw();
    const answer = await ask('conditional', {known, n, resample: Number(turns.value)});
    busy = false;
    if (frame && frame.run === run) {
      failed = typeof answer.error === 'string' ? answer.error : '';
      if (!failed) found = {...answer, at: known, n};
    }
    view.redraw();
  });
  button.addEventListener('click', () => request());
  slider.addEventListener('input', () => { at.textContent = fixed(Number(slider.value)); });
  [slider, turns].forEach(node => node.addEventListener('change', () => { if (found) request(); }));
}
