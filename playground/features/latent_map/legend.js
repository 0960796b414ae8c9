/* The legend: classes that can be switched off, or a scale; the prior's rings; the shade of holes. */
import {digits} from '../../ui/lib/format.js';
import {isDark, roleColour, scaleGradient, scalePalette} from '../../ui/lib/theme.js';
import {REDDEST} from './holes.js';

function chip(name, colour, on, toggle) {
  const button = document.createElement('button'), dot = document.createElement('i');
  button.type = 'button';
  button.title = 'Hide or show; with Shift: only this one';
  button.setAttribute('aria-pressed', String(on));
  dot.style.background = `rgb(${colour})`;
  button.append(dot, name);
  button.addEventListener('click', event => toggle(event.shiftKey));
  return button;
}

/* A bar from one number to another, with its meaning. */
function scaleBar(label, unit, lo, hi, gradient, above) {
  const node = document.createElement('span'), bar = document.createElement('i'), range = document.createElement('b');
  node.className = 'map-scale';
  bar.style.background = gradient;
  range.append(digits(Math.abs(lo) < 1e-3 * (hi - lo) ? 0 : lo), bar, `${above ? '≥ ' : ''}${digits(hi)}`);
  node.append(label, range, unit);
  return node;
}

function ringsNode() {
  const ring = document.createElement('span'), line = document.createElement('i');
  line.className = 'map-dashes';
  ring.append(line, 'prior N(0, I): 1, 2, 3 σ');
  return ring;
}

/** @param {import('./state.js').MapState} map */
export function makeLegend(map, colours, holes, prior) {
  const legend = map.find('.map-legend');

  function paintNodes() {
    const {paint} = colours, names = paint.names || [];
    if (paint.kind === 'scale') return [scaleBar(paint.label, paint.unit, paint.lo, paint.hi, scaleGradient(), paint.above)];
    return names.map((name, k) => chip(name, paint.palette[k % paint.palette.length], !colours.off().has(k), only => colours.toggle(k, only, names.length)));
  }

  function draw() {
    const {paint} = colours, rings = prior.shown(), shade = holes.words();
    const scale = paint.kind === 'scale' ? [paint.label, digits(paint.lo), digits(paint.hi)] : [];
    const now = JSON.stringify([colours.choice, paint.names, [...colours.off()], scale, rings, shade, isDark()]);
    if (legend.dataset.key === now) return;
    legend.dataset.key = now;
    const focused = [...legend.children].indexOf(document.activeElement), nodes = paintNodes();
    if (rings) nodes.push(ringsNode());
    if (shade) nodes.push(scaleBar('|E(D(z)) − z|', shade, 0, REDDEST, `linear-gradient(90deg, transparent, ${roleColour('error')})`, true));
    legend.replaceChildren(...nodes);
    if (focused >= 0 && legend.children[focused]) legend.children[focused].focus();
  }

  /* The same for a picture: [{text, colour}] or [{text, gradient}]. */
  function entries() {
    const {paint} = colours;
    if (paint.kind === 'scale') {
      const text = `${paint.label}, ${digits(paint.lo)} to ${digits(paint.hi)} ${paint.unit}`;
      return [{text, gradient: scalePalette(40).map(c => `rgb(${c})`)}];
    }
    return paint.names.map((name, k) => ({text: name, colour: `rgb(${paint.palette[k % paint.palette.length]})`})).filter((_, k) => !colours.off().has(k));
  }

  return {draw, entries};
}
