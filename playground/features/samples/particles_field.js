/* What moves the particles: arrows and a density, asked of the model at the time of the slider, newest wish first. particles.js
   calls `want` when something changed and `draw` below the dots. Questions: field, density (playground/questions). */
import {asker, keeper} from '../../ui/lib/asking.js';
import {digits, fixed} from '../../ui/lib/format.js';
import {visible} from '../../ui/lib/live.js';
import {arrows, cloud, lengths, paced, quantile, targets} from '../../ui/lib/plane.js';
import {roleColour} from '../../ui/lib/theme.js';

export function fieldBehind({element, server, tab, redraw}) {
  const chosen = {}, root = element.querySelector('.particles-behind');
  if (!root) return {want() {}, draw() {}, enable() {}, forget() {}};
  const message = root.querySelector('.particles-message'), selects = [...root.querySelectorAll('select')], ask = asker(server, tab);
  let now = {t: 1, run: null, step: -1, extent: null};
  const found = {};

  const freshStep = paced(() => 1000, () => poke());           // while a model learns, it is asked again once a second
  const wanted = name => {
    const what = chosen[name];
    if (!what || !now.run || !now.extent || !visible(element)) return null;
    return [`${what}|${now.run}`, `${fixed(now.t)}|${freshStep(now.step)}|${now.extent.map(v => fixed(v))}`];
  };
  const time = () => Math.max(0.01, Math.round(100 * now.t) / 100);
  const keepers = Object.entries({
    what: () => ask('field', {t: time(), what: chosen.what, n: 20, extent: now.extent}),
    density: () => ask('density', {t: time(), what: chosen.density, n: chosen.density === 'learned' ? 24 : now.closed ? 64 : 28, extent: now.extent}),
  }).map(([name, question]) => keeper({
    key: () => wanted(name), interval: 40,
    fetch: async () => { const at = time(), answer = await question(); return {...answer, at, chosen: chosen[name]}; },
    done: answer => { found[name] = answer; redraw(); },
  }));
  /* `learned` solves an ODE; `exact` is a sum over the training points where there is no closed form: both cost more than arrows. */
  function poke() { keepers.forEach(keep => keep()); }

  selects.forEach(select => {
    chosen[select.dataset.choose] = select.value;
    select.addEventListener('change', () => {
      chosen[select.dataset.choose] = select.value;
      if (select.dataset.choose !== 'of') delete found[select.dataset.choose];
      say();
      redraw();
      poke();
    });
  });

  function say() {
    const failed = [found.what, found.density].find(answer => answer && answer.error), {what} = found;
    message.classList.toggle('particles-wrong', Boolean(failed));
    if (failed) message.textContent = failed.error;
    else if (chosen.what && what) message.textContent = `model − exact, RMS over the picture: ${digits(rms(what.distance.data))} of ${digits(rmsOf(what.exact.data))}${what.exact_known ? '' : ' (exact for the training points themselves)'}`;
    else message.textContent = chosen.what || chosen.density ? (found.density ? '' : 'asking the model…') : '';
  }
  const rms = values => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const rmsOf = vectors => rms(vectors) * Math.SQRT2;

  function drawArrows(context, eye) {
    const {places, learned, exact, chosen: what} = found.what, of = chosen.of, spacing = eye.scale * (found.what.extent.data[1] - found.what.extent.data[0]) / 19;
    const colour = roleColour(of === 'error' ? 'error' : of === 'exact' ? 'prior' : 'posterior');
    const unit = what === 'x_0' ? 1 : quantile(lengths(exact.data), 0.8), one = of === 'exact' ? exact.data : learned.data;
    if (of === 'error') arrows(context, places.data, learned.data.map((v, i) => v - exact.data[i]), eye, unit, 0.95 * spacing, colour);
    else if (what === 'x_0') targets(context, places.data, one, eye, colour);
    else arrows(context, places.data, one, eye, unit, 0.95 * spacing, colour);
  }

  return {
    want(next) { now = next; poke(); say(); },
    draw(context, eye) {
      if (chosen.density && found.density && !found.density.error) cloud(context, found.density.log_density, found.density.extent.data, eye, roleColour(chosen.density === 'exact' ? 'prior' : 'posterior'));
      if (chosen.what && found.what && !found.what.error) drawArrows(context, eye);
      say();
    },
    enable(on) { selects.forEach(select => { select.disabled = !on; }); },
    forget() { delete found.what; delete found.density; },
  };
}
